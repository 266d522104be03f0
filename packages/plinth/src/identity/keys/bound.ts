/** Owns the organisation to which a credential is bound at its making: one, or none. */

import type { ActionInput } from '../../catalog/catalog.ts'
import { uuidKind } from '../../kinds/kinds.ts'
import { maybe } from '../flows/operation.ts'
import { demandMember } from '../organisations/standing.ts'
import type { IdentityScope } from '../sight.ts'

/** The organisation that somebody names. */
export const boundInput: ActionInput = maybe(
  'organisation',
  uuidKind(),
  'The one organisation of yours in which it works. Default: in none.',
)

/** What is kept of a credential's organisation. */
export interface Bound {
  readonly organisationId: string | null
  readonly membershipId: string | null
}

/** Of a credential that works in no organisation. */
export const unbound: Bound = Object.freeze({ organisationId: null, membershipId: null })

/**
 * Binds a credential to an organisation of its owner, inside of the transaction that keeps it.
 * Fails with `not_found` where the owner is no member, or there is no such organisation.
 */
export async function boundTo(
  inside: IdentityScope,
  { userId, organisation }: { readonly userId: string; readonly organisation: unknown },
): Promise<Bound> {
  if (organisation === null || organisation === undefined) return unbound
  const organisationId = String(organisation)
  const { id: membershipId } = await demandMember(inside, { organisationId, userId })
  return { organisationId, membershipId }
}
