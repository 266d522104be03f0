/** Owns where somebody stands in an organisation: as what, and what that lets them do and give. */

import { Failure, invalidInput } from '../../base/failure.ts'
import type { Organisations } from '../../catalog/organisations/roles.ts'
import type { ActionScope } from '../../engine/runtime.ts'
import { uuidKind } from '../../kinds/kinds.ts'
import { maybe } from '../flows/operation.ts'
import type { IdentityScope } from '../sight.ts'

/** The role that every organisation has somebody in, and that holds every permission. */
export const ownerRole = 'owner'

/** The organisation that a flow is about. */
export const organisationInput = maybe('organisation', uuidKind(), 'Default: the active one.')

/** The organisation that a call names, or the active one. */
export function organisationOf({ input, caller }: ActionScope): string {
  if (typeof input.organisation === 'string') return input.organisation
  const active = caller.is === 'user' ? caller.organisation?.id : undefined
  if (active !== undefined) return active
  const detail = 'Name an organisation: none is active in this session.'
  throw invalidInput([{ pointer: '/organisation', code: 'required', detail }])
}

/** Somebody's place in an organisation, as it is in this moment. */
export interface Standing {
  /** Of the membership. */
  readonly id: string
  readonly organisationId: string
  readonly userId: string
  readonly role: string
}

/** Where a user stands; undefined for whoever is no member. */
export async function standingOf(
  { data }: IdentityScope,
  of: { readonly organisationId: string; readonly userId: string },
): Promise<Standing | undefined> {
  const { organisationId, userId } = of
  const { membership } = data.unrestricted
  const { data: found } = await membership.find({ filter: { organisationId, userId }, limit: 1 })
  return found[0]
}

/** Where a user stands. Fails with `not_found`, also where there is no such organisation. */
export async function demandMember(
  inside: IdentityScope,
  of: { readonly organisationId: string; readonly userId: string },
): Promise<Standing> {
  const found = await standingOf(inside, of)
  if (found) return found
  throw new Failure('not_found', {
    detail: 'There is no such organisation, or you are not a member of it.',
  })
}

/** Fails with `forbidden` where a role does not bring a permission. */
export function demandMay(
  known: Organisations,
  { role }: Pick<Standing, 'role'>,
  permission: string,
): void {
  if (known.roles.get(role)?.has(permission)) return
  throw new Failure('forbidden', { detail: `Your role in this organisation lacks ${permission}.` })
}

/**
 * Fails with `forbidden` where one role may something that the other may not: nobody gives what
 * they lack, nor takes it from those who have it.
 */
export function demandCovers(known: Organisations, by: Standing, role: string): void {
  if (known.covers(by.role, role)) return
  throw new Failure('forbidden', {
    detail: `The role ${role} may what yours may not: only those who may it decide about it.`,
  })
}

/** A role of the app, as it was sent. Fails with `invalid_input`. */
export function roleIn(known: Organisations, given: unknown): string {
  const role = String(given)
  if (known.roles.has(role)) return role
  const all = [...known.roles.keys()].join(', ')
  const detail = `There is no role of this name. The roles are ${all}.`
  throw invalidInput([{ pointer: '/role', code: 'unknown_role', detail }])
}

/**
 * Holds an organisation, so that what its members are to it changes one after the other: two owners
 * who leave at once would each see the other one. Fails with `not_found`.
 */
export async function holdOrganisation({ data }: IdentityScope, id: string): Promise<void> {
  await data.unrestricted.organisation.lock(id)
}

/** Fails with `conflict` where nobody else owns the organisation. Call it behind the hold. */
export async function demandOtherOwner(
  { data }: IdentityScope,
  { organisationId, userId, role }: Standing,
): Promise<void> {
  if (role !== ownerRole) return
  // Somebody who is shut out, or about to go, looks after nothing.
  const user = { suspended: false, deletionAt: { isNull: true } }
  const filter = { organisationId, role: ownerRole, userId: { ne: userId }, user }
  const { data: others } = await data.unrestricted.membership.find({ filter, limit: 1 })
  if (others.length > 0) return
  throw new Failure('conflict', {
    detail: 'Nobody else owns this organisation: make somebody else an owner first, or delete it.',
  })
}
