/** Owns the page that the mail of an invitation leads to: join, or decline. */

import { addressOf } from '../../next.ts'
import { leadTo } from '../../visit.ts'
import { buttonOn, type FormPage, formPage, signInPath } from '../form-page.ts'
import { doneAt } from '../sign-in.ts'
import { organisationsPath } from './organisations.ts'

const path = '/account/accept-invitation'

const page: FormPage<'acceptInvitation'> = {
  name: 'acceptInvitation',
  path,
  hidden: ['token'],
  async view(common, visit) {
    const next = addressOf(path, { token: common.form.hidden.token })
    return {
      ...common,
      signedIn: (await visit.who()) !== undefined,
      actions: { decline: '/account/decline-invitation' },
      links: {
        account: '/account',
        signIn: addressOf(signInPath, { next }),
        signUp: visit.site.signUp ? addressOf('/account/sign-up', { next }) : undefined,
      },
    }
  },
  async send(visit, values) {
    await visit.ask('identity.acceptInvitation', { input: { token: values.get('token') } })
    return leadTo(visit, doneAt(organisationsPath, 'invitation-accepted'))
  },
}

/** A button, because programs that look at mails follow links. */
export const acceptInvitation = formPage(page)

/** Nobody needs an account for it. */
export const declineInvitation = buttonOn(page, async (visit, values) => {
  await visit.ask('identity.declineInvitation', { input: { token: values.get('token') } })
  const place = (await visit.who()) ? organisationsPath : signInPath
  return leadTo(visit, doneAt(place, 'invitation-declined'))
})
