/** Owns the wiring of organisations: their flows, and the mail that invites. */

import { Mistakes } from '../../../catalog/mistakes.ts'
import { organisationsOf } from '../../../catalog/organisations/roles.ts'
import type { AnyKit, App } from '../../../define/kit.ts'
import type { Action } from '../../../engine/runtime.ts'
import { invitationMailing } from '../../../identity/organisations/mailing.ts'
import { organisationActions } from '../../../identity/organisations/organisations.ts'
import { type IdentitySetup, leavesByMail } from '../identity.ts'
import { tokens } from '../sessions.ts'

/** The kits and the actions of organisations; none for an app without any. */
export function organisationsIn(
  app: Pick<App<unknown>, 'title' | 'organisations' | 'provider'>,
  setup: Pick<IdentitySetup, 'production' | 'mail' | 'publicUrl' | 'localUrl'>,
): { readonly kits: readonly AnyKit[]; readonly actions: readonly Action[] } {
  // Its mistakes are told by the catalog, with all others.
  const known = organisationsOf(app.organisations, new Mistakes())
  if (!known) return { kits: [], actions: [] }
  const address = (path: string): string => `${setup.publicUrl ?? setup.localUrl}${path}`
  const mailing = invitationMailing({ tokens, title: app.title, address })
  const actions = organisationActions({
    ...{ tokens, known, mailing },
    sendsMail: leavesByMail(setup),
    programs: app.provider !== undefined,
  })
  return { kits: [mailing.kit], actions }
}
