/** Owns the members of organisations: their list, their roles, and their leaving. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { Action, ActionScope, PlainRecord } from '../../engine/runtime.ts'
import { textKind, uuidKind } from '../../kinds/kinds.ts'
import { given, operation } from '../flows/operation.ts'
import { demandUser } from '../flows/sign-in.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import type { OrganisationParts } from './parts.ts'
import {
  demandCovers,
  demandMay,
  demandMember,
  demandOtherOwner,
  holdOrganisation,
  organisationInput,
  organisationOf,
  roleIn,
  type Standing,
} from './standing.ts'

/** Who works in an organisation. */
export function listMembers({ known }: OrganisationParts): Action {
  return {
    operation: operation('members', {
      path: 'members',
      safe: true,
      description:
        'The members of an organisation of the caller: names and roles; addresses, and who is ' +
        'invited, with the permission members.invite or members.manage. `role`, `permissions` ' +
        'and `gives` are what the caller is, may and may give there, the least first.',
      input: [organisationInput],
    }),
    async run(scope) {
      const userId = demandUser(scope)
      const organisationId = organisationOf(scope)
      const { unrestricted, now } = scope
      const own = { filter: { organisationId, userId }, include: { organisation: true }, limit: 1 }
      const [mine] = await unrestricted.find('membership', own)
      if (!mine) throw noMember('You are not a member of it, or there is no such organisation.')
      const held = known.roles.get(String(mine.role))
      const sees = held?.has('members.invite') || held?.has('members.manage') || false
      const members = (await membersOf(scope, organisationId)).map((one) => {
        const user = one.user as PlainRecord
        return {
          user: one.userId,
          name: user.name,
          role: one.role,
          ...(sees ? { email: user.email } : {}),
        }
      })
      const { id, name, slug } = mine.organisation as PlainRecord
      const standing = {
        ...{ organisation: { id, name, slug }, role: mine.role, permissions: [...(held ?? [])] },
        gives: givenBy(known, String(mine.role)),
      }
      if (!sees) return { status: 200, value: { ...standing, members } }
      const filter = { organisationId, usedAt: { isNull: true }, expiresAt: { gt: now } }
      const waiting = await unrestricted.find('invitation', { filter, limit: 200 })
      const invitations = waiting.map(({ id, email, role, expiresAt }) => {
        return { id, email, role, expiresAt }
      })
      return { status: 200, value: { ...standing, members, invitations } }
    },
  }
}

/** The roles that a role may give, the one that brings the fewest permissions first. */
function givenBy(known: OrganisationParts['known'], held: string): readonly string[] {
  const weight = (role: string): number => known.roles.get(role)?.size ?? 0
  const given = [...known.roles.keys()].filter((role) => known.covers(held, role))
  return given.sort((one, other) => weight(one) - weight(other))
}

/** The members, in the order in which they came; at most `membersListedMax`. */
function membersOf(
  scope: Pick<ActionScope, 'look'>,
  organisationId: string,
): Promise<readonly PlainRecord[]> {
  const question = { filter: { organisationId }, include: { user: true }, sort: ['id'] } as const
  return scope.look<readonly PlainRecord[], Sight>(async ({ data }) => {
    const found: PlainRecord[] = []
    for (let after: string | null | undefined; after !== null; ) {
      const asked = { ...question, limit: limits.pageSizeMax, ...(after ? { after } : {}) }
      const { data: members, page } = await data.unrestricted.membership.find(asked)
      found.push(...members)
      after = found.length < limits.membersListedMax ? page.next : null
    }
    return found
  })
}

/** Gives a member another role. */
export function changeMemberRole({ known }: OrganisationParts): Action {
  return {
    operation: operation('changeMemberRole', {
      path: 'change-member-role',
      description:
        'Gives a member another role, from their next call on. Takes the permission ' +
        'members.manage, and everything that the old and the new role bring.',
      input: [organisationInput, given('user', uuidKind()), given('role', textKind({ max: 50 }))],
    }),
    async run(scope) {
      const userId = demandUser(scope)
      const organisationId = organisationOf(scope)
      const role = roleIn(known, scope.input.role)
      await scope.commit<void, Sight>(async (inside) => {
        const by = await demandMember(inside, { organisationId, userId })
        demandMay(known, by, 'members.manage')
        demandCovers(known, by, role)
        await holdOrganisation(inside, organisationId)
        const member = await memberIn(inside, { organisationId, userId: String(scope.input.user) })
        demandCovers(known, by, member.role)
        if (member.role === role) return
        await demandOtherOwner(inside, member)
        await inside.data.unrestricted.membership.update(member.id, { role })
      })
      return { status: 204, value: undefined }
    },
  }
}

/** Removes a member. */
export function removeMember({ known }: OrganisationParts): Action {
  return {
    operation: operation('removeMember', {
      path: 'remove-member',
      description:
        'Removes a member: their next call finds nothing of the organisation any more. Takes the ' +
        'permission members.manage, and everything that their role brings.',
      input: [organisationInput, given('user', uuidKind())],
    }),
    async run(scope) {
      const userId = demandUser(scope)
      const organisationId = organisationOf(scope)
      await scope.commit<void, Sight>(async (inside) => {
        const by = await demandMember(inside, { organisationId, userId })
        demandMay(known, by, 'members.manage')
        await holdOrganisation(inside, organisationId)
        const member = await memberIn(inside, { organisationId, userId: String(scope.input.user) })
        demandCovers(known, by, member.role)
        await demandOtherOwner(inside, member)
        await inside.data.unrestricted.membership.delete(member.id)
        await endInvitations(inside, member)
      })
      return { status: 204, value: undefined }
    },
  }
}

/** Whoever is removed comes back by a new invitation alone: by none that lies in their mails. */
async function endInvitations(
  { data }: IdentityScope,
  { organisationId, userId }: Standing,
): Promise<void> {
  const { invitation, user } = data.unrestricted
  const { email } = await user.get(userId)
  if (email === null) return
  const filter = { organisationId, email, usedAt: { isNull: true } }
  const { data: waiting } = await invitation.find({ filter, limit: 200 })
  for (const { id } of waiting) await invitation.delete(id)
}

/** Leaves an organisation. */
export function leaveOrganisation(): Action {
  return {
    operation: operation('leaveOrganisation', {
      path: 'leave-organisation',
      description: 'Ends the membership of the caller. The last owner cannot leave.',
      input: [organisationInput],
    }),
    async run(scope) {
      const userId = demandUser(scope)
      const organisationId = organisationOf(scope)
      await scope.commit<void, Sight>(async (inside) => {
        await holdOrganisation(inside, organisationId)
        const member = await demandMember(inside, { organisationId, userId })
        await demandOtherOwner(inside, member)
        await inside.data.unrestricted.membership.delete(member.id)
      })
      return { status: 204, value: undefined }
    },
  }
}

async function memberIn(
  inside: IdentityScope,
  of: { readonly organisationId: string; readonly userId: string },
): Promise<Standing> {
  return demandMember(inside, of).catch(() => {
    throw noMember('There is no such member in this organisation.')
  })
}

function noMember(detail: string): Failure {
  return new Failure('not_found', { detail })
}
