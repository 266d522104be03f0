/** Owns the page that the mail of an invitation leads to: join, or decline. */

import type { PageAnsweredInvitation } from '../../../define/pages.ts'
import { addressOf } from '../../next.ts'
import { leadTo, type Visit } from '../../visit.ts'
import { buttonOn, type FormPage, formPage, shownFailure, signInPath } from '../form-page.ts'
import { doneAt } from '../sign-in.ts'
import { organisationsPath } from './organisations.ts'

const path = '/account/accept-invitation'

const page: FormPage<'acceptInvitation'> = {
  name: 'acceptInvitation',
  path,
  hidden: ['token'],
  mailed: true,
  async view(common, visit) {
    const { token = '' } = common.form.hidden
    const next = addressOf(path, { token })
    const { invitation, failure } = await lookedAt(visit, token)
    return {
      ...common,
      failure: common.failure ?? failure,
      signedIn: (await visit.who()) !== undefined,
      invitation,
      actions: {
        decline: '/account/decline-invitation',
        signOut: addressOf('/account/sign-out', { next }),
      },
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

interface Told {
  readonly organisation: { readonly name: string }
  readonly role: string
  readonly expiresAt: string
  readonly invitedBy: string | null
  readonly yours: boolean
}

/** What an invitation is to, or why nothing can come of it any more. */
async function lookedAt(
  visit: Visit,
  token: string,
): Promise<{ readonly invitation?: PageAnsweredInvitation; readonly failure?: string }> {
  if (token === '') return {}
  try {
    const told = (await visit.ask('identity.lookAtInvitation', { input: { token } })) as Told
    const { organisation, invitedBy, ...more } = told
    const names = { organisation: organisation.name, invitedBy: invitedBy ?? undefined }
    return { invitation: { ...more, ...names } }
  } catch (error) {
    return { failure: shownFailure(error).detail }
  }
}

/** A button, because programs that look at mails follow links. */
export const acceptInvitation = formPage(page)

/** Nobody needs an account for it. */
export const declineInvitation = buttonOn(page, async (visit, values) => {
  await visit.ask('identity.declineInvitation', { input: { token: values.get('token') } })
  const place = (await visit.who()) ? organisationsPath : signInPath
  return leadTo(visit, doneAt(place, 'invitation-declined'))
})
