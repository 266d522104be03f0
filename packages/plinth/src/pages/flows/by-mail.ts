/** Owns the pages that mails lead to, and the one that asks for a mail after a lost password. */

import type { HttpResponse } from '../../http/message.ts'
import { leadTo, type Visit } from '../visit.ts'
import { formPage, signInPath } from './form-page.ts'
import type { Done } from './notices.ts'
import { begin, doneAt, signInLink, trustedDevice } from './sign-in.ts'

const forgotPasswordPath = '/account/forgot-password'

/** Asks for a mail by which a new password can be set. */
export const forgotPassword = formPage({
  name: 'forgotPassword',
  path: forgotPasswordPath,
  fields: ['email'],
  view: (common, visit) => ({ ...common, links: { signIn: signInLink(visit) } }),
  async send(visit, values) {
    await visit.ask('identity.forgotPassword', { input: { email: values.get('email') } })
    return leadTo(visit, doneAt(forgotPasswordPath, 'reset-sent'))
  },
})

/** Sets a new password. */
export const resetPassword = formPage({
  name: 'resetPassword',
  path: '/account/reset-password',
  fields: ['endKeys'],
  secrets: ['newPassword'],
  hidden: ['token'],
  mailed: true,
  view: (common) => ({ ...common, links: { forgotPassword: forgotPasswordPath } }),
  async send(visit, values) {
    const endKeys = values.get('endKeys') === 'yes'
    const newPassword = values.get('newPassword')
    const input = { token: values.get('token'), newPassword, endKeys }
    await visit.ask('identity.resetPassword', { input })
    // The session of this browser has ended with all others.
    return leadTo(visit, doneAt(signInPath, 'password-reset'))
  },
})

/** Confirms an address: by a button, because programs that look at mails follow links. */
export const verifyEmail = formPage({
  name: 'verifyEmail',
  path: '/account/verify-email',
  secrets: ['password'],
  hidden: ['token'],
  mailed: true,
  async view(common, visit) {
    const links = { account: '/account', forgotPassword: forgotPasswordPath }
    // Signed in as somebody else, they are told to give it.
    const asked = !(await visit.who()) || common.form.problems.password !== undefined
    return { ...common, asked, links }
  },
  async send(visit, values) {
    const password = values.get('password') ?? ''
    const known = password !== '' || (await visit.who()) !== undefined
    return begin(visit, {
      operation: 'identity.verifyEmail',
      input: {
        token: values.get('token'),
        ...(password === '' ? {} : { password, ...trustedDevice(visit) }),
      },
      place: doneAt(known ? '/account' : signInPath, 'email-verified'),
    })
  },
})

/** Puts a new address in place. */
export const confirmEmail = formPage({
  name: 'confirmEmail',
  path: '/account/confirm-email',
  hidden: ['token'],
  mailed: true,
  view: (common) => ({ ...common, links: { account: '/account' } }),
  async send(visit, values) {
    await visit.ask('identity.confirmEmail', { input: { token: values.get('token') } })
    return leadHome(visit, 'email-changed')
  },
})

/** To the account, or to where one signs in: a mail may be read on another device. */
async function leadHome(visit: Visit, done: Done): Promise<HttpResponse> {
  return leadTo(visit, doneAt((await visit.who()) ? '/account' : signInPath, done))
}
