/** Owns the list of what is done with organisations, as actions. */

import type { Action } from '../../engine/runtime.ts'
import {
  createOrganisation,
  deleteOrganisation,
  listOrganisations,
  renameOrganisation,
  switchOrganisation,
} from './found.ts'
import {
  acceptInvitation,
  declineInvitation,
  inviteMember,
  revokeInvitation,
} from './invitations.ts'
import { lookAtInvitation } from './invited.ts'
import { endOrganisationKey, organisationKeys } from './keys.ts'
import { changeMemberRole, leaveOrganisation, listMembers, removeMember } from './members.ts'
import type { OrganisationParts } from './parts.ts'

/** The actions of organisations. */
export function organisationActions(parts: OrganisationParts): readonly Action[] {
  return [
    ...[createOrganisation(parts), switchOrganisation(), listOrganisations(parts)],
    ...[renameOrganisation(parts), deleteOrganisation(parts)],
    ...[listMembers(parts), changeMemberRole(parts), removeMember(parts), leaveOrganisation()],
    ...[inviteMember(parts), lookAtInvitation(parts), acceptInvitation(parts)],
    ...[organisationKeys(parts), endOrganisationKey(parts)],
    ...[declineInvitation(parts), revokeInvitation(parts)],
  ]
}
