/** Owns what the flows of organisations need: the app's roles, and how invitations are sent. */

import type { Organisations } from '../../catalog/organisations/roles.ts'
import type { IdentityParts } from '../flows/operation.ts'
import type { InvitationMailing } from './mailing.ts'

/** What the flows of organisations need. */
export interface OrganisationParts extends Pick<IdentityParts, 'tokens' | 'sendsMail'> {
  readonly known: Organisations
  readonly mailing: InvitationMailing
  /** True: the app is an OAuth provider, so that programs may have been let into organisations. */
  readonly programs: boolean
}
