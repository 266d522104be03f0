/** Owns the guard of organisations when an account goes: none is left without an owner. */

import { Failure } from '../../base/failure.ts'
import type { IdentityScope } from '../sight.ts'
import { holdOrganisation, ownerRole } from './standing.ts'

/**
 * Fails with `conflict` where an account is the only owner of an organisation, and names them all.
 * Held one after the other, so that of two owners who go at once the second is told.
 */
export async function demandNoSoleOwner(inside: IdentityScope, userId: string): Promise<void> {
  const { membership } = inside.data.unrestricted
  const { data: owned } = await membership.find({
    filter: { userId, role: ownerRole },
    include: { organisation: true },
    limit: 200,
  })
  const alone: string[] = []
  // In one order, so that two who hold several never wait for each other.
  const inOrder = [...owned].sort((a, b) => (a.organisationId < b.organisationId ? -1 : 1))
  for (const { organisationId, organisation } of inOrder) {
    await holdOrganisation(inside, organisationId)
    const filter = { organisationId, role: ownerRole, userId: { ne: userId } }
    const { data: others } = await membership.find({ filter, limit: 1 })
    if (others.length === 0) alone.push(organisation?.name ?? organisationId)
  }
  if (alone.length === 0) return
  const names = alone.map((name) => `“${name}”`).join(', ')
  throw new Failure('conflict', {
    detail:
      `This account is the only owner of ${names}: make somebody else an owner there, or delete ` +
      'the organisation, first.',
  })
}
