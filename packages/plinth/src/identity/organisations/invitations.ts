/** Owns invitations: by mail, to one address, into one role, good once and for a week. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { dayMs, hourMs, instantText } from '../../base/time.ts'
import type { Action, PlainRecord } from '../../engine/runtime.ts'
import { emailKind, textKind, uuidKind } from '../../kinds/kinds.ts'
import { demandMail, mailAllowances } from '../flows/allowances.ts'
import { given, operation, tokenInput } from '../flows/operation.ts'
import { demandUser } from '../flows/sign-in.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import { prefixes } from '../tokens.ts'
import { activate } from './found.ts'
import type { OrganisationParts } from './parts.ts'
import {
  demandCovers,
  demandMay,
  demandMember,
  organisationInput,
  organisationOf,
  roleIn,
  standingOf,
} from './standing.ts'

/** Invites somebody by their address. */
export function inviteMember(parts: OrganisationParts): Action {
  const { known, mailing } = parts
  return {
    operation: operation('inviteMember', {
      path: 'invite-member',
      description:
        'Mails an invitation to an address. The answer is the same whether it has an account. ' +
        'Takes the permission members.invite, and everything that the role brings. An earlier ' +
        'invitation of the address ends by it, where the caller could have given its role.',
      input: [organisationInput, given('email', emailKind()), given('role', textKind({ max: 50 }))],
    }),
    allowances: mailAllowances('invite-member'),
    async run(scope) {
      demandMail(parts)
      const userId = demandUser(scope)
      const organisationId = organisationOf(scope)
      const role = roleIn(known, scope.input.role)
      const email = String(scope.input.email)
      // By organisation, and by who invites: somebody can found many.
      for (const whose of [`organisation:${organisationId}`, `user:${userId}`]) {
        const key = `invitation:${whose}`
        await scope.take({ key, limit: limits.invitationsPerHour, windowMs: hourMs })
      }
      const expiresAt = instantText(scope.nowMs + limits.invitationDays * dayMs)
      const id = await scope.commit<string, Sight>(async (inside) => {
        const by = await demandMember(inside, { organisationId, userId })
        demandMay(known, by, 'members.invite')
        demandCovers(known, by, role)
        const { invitation } = inside.data.unrestricted
        const { data: before } = await invitation.find({
          filter: { organisationId, email, usedAt: { isNull: true } },
          limit: 200,
        })
        for (const { id, role: given } of before) {
          demandCovers(known, by, given)
          await invitation.delete(id)
        }
        // The token is made when it is sent; until then nothing fits.
        const { hash } = parts.tokens.make(prefixes.invitation)
        const made = await invitation.create({
          ...{ organisationId, email, role, expiresAt },
          ...{ tokenHash: hash, invitedById: userId },
        })
        await mailing.ask(inside, made.id)
        return made.id
      })
      return { status: 202, value: { invitation: { id, email, role, expiresAt } } }
    },
  }
}

/** An invitation that somebody can still follow. */
export interface Held {
  readonly id: string
  readonly organisationId: string
  readonly email: string
  readonly role: string
  readonly expiresAt: string
  readonly invitedById: string
}

/** The invitation of a token. One answer for all that is wrong with it. */
export async function invitationOf(
  { tokens }: OrganisationParts,
  { data, now }: IdentityScope,
  token: unknown,
): Promise<Held> {
  const filter = {
    ...{ tokenHash: tokens.hash(String(token)), usedAt: { isNull: true } },
    expiresAt: { gt: now },
  }
  const [found] = (await data.unrestricted.invitation.find({ filter, limit: 1 })).data
  if (found) return found
  throw gone()
}

function gone(): Failure {
  return new Failure('invalid_credentials', {
    detail: 'The invitation is wrong, was used or taken back, or is too old: ask for another.',
  })
}

/** Joins the organisation that one is invited to. */
export function acceptInvitation(parts: OrganisationParts): Action {
  const { known } = parts
  return {
    operation: operation('acceptInvitation', {
      path: 'accept-invitation',
      description:
        'Joins the organisation of an invitation, and makes it the active one. The caller is ' +
        'signed in with the address that was invited.',
      input: [given('token', tokenInput)],
    }),
    allowances: mailAllowances('accept-invitation'),
    async run(scope) {
      const userId = demandUser(scope)
      const joined = await scope.commit<PlainRecord, Sight>(async (inside) => {
        const invitation = await invitationOf(parts, inside, scope.input.token)
        const { user, membership, organisation } = inside.data.unrestricted
        const me = await user.get(userId)
        if (me.email !== invitation.email) throw otherAddress()
        const { organisationId, role, invitedById } = invitation
        // What the inviter may not give any more is given no more.
        const by = await standingOf(inside, { organisationId, userId: invitedById })
        const held = by && known.roles.get(by.role)
        if (!by || !held?.has('members.invite') || !known.covers(by.role, role)) throw gone()
        const used = await inside.data.unrestricted.invitation.consumeOnce(invitation.id, 'usedAt')
        if (!used) throw gone()
        // The token came by the mails of the address: whoever holds it reads them.
        if (me.emailVerifiedAt === null) await user.update(userId, { emailVerifiedAt: inside.now })
        const before = await standingOf(inside, { organisationId, userId })
        if (!before) await membership.create({ organisationId, userId, role })
        await activate(scope, inside, organisationId)
        const { id, name, slug } = await organisation.get(organisationId)
        return { id, name, slug, role: before?.role ?? role }
      })
      return { status: 200, value: { organisation: joined } }
    },
  }
}

function otherAddress(): Failure {
  return new Failure('forbidden', {
    detail:
      'The invitation was sent to another address: sign in with that one, or ask to be invited ' +
      'by the address of this account.',
  })
}

/** Declines an invitation: whoever holds its token may. */
export function declineInvitation(parts: OrganisationParts): Action {
  return {
    operation: operation('declineInvitation', {
      path: 'decline-invitation',
      description: 'Declines an invitation by its token; nobody needs an account for it.',
      input: [given('token', tokenInput)],
    }),
    allowances: mailAllowances('decline-invitation'),
    async run(scope) {
      await scope.commit<void, Sight>(async (inside) => {
        const { id } = await invitationOf(parts, inside, scope.input.token)
        await inside.data.unrestricted.invitation.delete(id)
      })
      return { status: 204, value: undefined }
    },
  }
}

/** Takes an invitation back. */
export function revokeInvitation({ known }: OrganisationParts): Action {
  return {
    operation: operation('revokeInvitation', {
      path: 'revoke-invitation',
      description:
        'Takes an invitation back. Takes the permission members.invite, and everything that its ' +
        'role brings.',
      input: [organisationInput, given('invitation', uuidKind())],
    }),
    async run(scope) {
      const userId = demandUser(scope)
      const organisationId = organisationOf(scope)
      await scope.commit<void, Sight>(async (inside) => {
        const by = await demandMember(inside, { organisationId, userId })
        demandMay(known, by, 'members.invite')
        const { invitation } = inside.data.unrestricted
        const filter = {
          ...{ id: String(scope.input.invitation), organisationId },
          usedAt: { isNull: true },
        }
        const { data: found } = await invitation.find({ filter, limit: 1 })
        if (found.length === 0) {
          throw new Failure('not_found', { detail: 'There is no such invitation.' })
        }
        for (const { id, role } of found) {
          demandCovers(known, by, role)
          await invitation.delete(id)
        }
      })
      return { status: 204, value: undefined }
    },
  }
}
