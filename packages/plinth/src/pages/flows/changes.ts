/** Owns the pages on which an account changes: its name, its address, its password. */

import { present } from '../../base/assert.ts'
import { leadTo, type Visit, type Who } from '../visit.ts'
import { accountOf } from './account.ts'
import { demandSignedIn, formPage } from './form-page.ts'
import { doneAt } from './sign-in.ts'

const links = { links: { account: '/account' } } as const

/** Changes the name. */
export const changeName = formPage({
  name: 'changeName',
  path: '/account/change-name',
  fields: ['name'],
  enter: demandSignedIn,
  async filled(visit) {
    const { userId } = await signedIn(visit)
    return { name: (await accountOf(visit, userId)).name ?? '' }
  },
  view: (common) => ({ ...common, ...links }),
  async send(visit, values) {
    const { userId } = await signedIn(visit)
    const name = values.get('name')?.trim() ?? ''
    await visit.ask('user.update', { id: userId, input: { name: name === '' ? null : name } })
    return leadTo(visit, doneAt('/account', 'name-changed'))
  },
})

/** Asks for another address; it takes the place of the old one once its mail was answered. */
export const changeEmail = formPage({
  name: 'changeEmail',
  path: '/account/change-email',
  fields: ['email'],
  secrets: ['password'],
  enter: demandSignedIn,
  view: (common) => ({ ...common, ...links }),
  async send(visit, values) {
    const input = { email: values.get('email'), password: values.get('password') }
    await visit.ask('identity.changeEmail', { input })
    return leadTo(visit, doneAt('/account', 'email-asked'))
  },
})

/** Changes the password of somebody who knows it. */
export const changePassword = formPage({
  name: 'changePassword',
  path: '/account/change-password',
  secrets: ['password', 'newPassword'],
  enter: demandSignedIn,
  view: (common) => ({ ...common, ...links }),
  async send(visit, values) {
    const input = { password: values.get('password'), newPassword: values.get('newPassword') }
    await visit.ask('identity.changePassword', { input })
    return leadTo(visit, doneAt('/account', 'password-changed'))
  },
})

/** Does without a password from now on. */
export const removePassword = formPage({
  name: 'removePassword',
  path: '/account/remove-password',
  enter: demandSignedIn,
  view: (common) => ({ ...common, links: { factors: '/account/factors' } }),
  async send(visit) {
    await visit.ask('identity.removePassword', { input: {} })
    return leadTo(visit, doneAt('/account/factors', 'password-removed'))
  },
})

/** Who is signed in, on pages that show themselves to nobody else. */
async function signedIn(visit: Visit): Promise<Who> {
  return present(await visit.who(), 'whoever sees this page is signed in')
}
