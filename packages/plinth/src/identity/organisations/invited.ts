/** Owns what an invitation tells whoever holds its token, before they answer it. */

import { limits } from '../../base/limits.ts'
import { networkOf } from '../../base/network.ts'
import { minuteMs } from '../../base/time.ts'
import type { Action } from '../../engine/runtime.ts'
import { given, operation, tokenInput } from '../flows/operation.ts'
import type { Sight } from '../sight.ts'
import { invitationOf } from './invitations.ts'
import type { OrganisationParts } from './parts.ts'

/** Tells where an invitation leads. Its mail has told as much, so its token is enough. */
export function lookAtInvitation(parts: OrganisationParts): Action {
  return {
    operation: operation('lookAtInvitation', {
      path: 'look-at-invitation',
      description:
        'Tells what an invitation is to: the organisation, the role, and who invites. `yours` is ' +
        'whether the caller is signed in with the address that it was sent to.',
      input: [given('token', tokenInput)],
    }),
    allowances: (_, { remoteAddress }) => [
      {
        key: `look-at-invitation:network:${networkOf(remoteAddress)}`,
        limit: limits.invitationLooksPerMinutePerNetwork,
        windowMs: minuteMs,
      },
    ],
    async run(scope) {
      const { caller, input } = scope
      const value = await scope.look<object, Sight>(async (inside) => {
        const held = await invitationOf(parts, inside, input.token)
        const { organisation, user } = inside.data.unrestricted
        const { name } = await organisation.get(held.organisationId)
        const filter = { id: held.invitedById }
        const [inviter] = (await user.find({ filter, limit: 1 })).data
        const me = caller.is === 'user' ? await user.get(caller.id) : undefined
        return {
          ...{ organisation: { name }, role: held.role, expiresAt: held.expiresAt },
          invitedBy: inviter?.name ?? null,
          yours: me?.email === held.email,
        }
      })
      return { status: 200, value }
    },
  }
}
