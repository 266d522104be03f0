/** Owns the ending of somebody's sessions by staff: a device is lost, or a token has leaked. */

import { Failure } from '../../../base/failure.ts'
import type { Action } from '../../../engine/runtime.ts'
import { uuidKind } from '../../../kinds/kinds.ts'
import { given, type IdentityParts, operation } from '../../flows/operation.ts'
import { endSessions, endTrust } from '../../flows/sessions.ts'
import { tellOfChange } from '../../mail/telling.ts'
import { demandAdmin } from '../../second-factor/reset.ts'
import { demandAllFactors } from '../../second-factor/totp.ts'
import type { Sight } from '../../sight.ts'

/** Signs somebody out everywhere; the account stays open to its owner. */
export function signOutUser(parts: IdentityParts): Action {
  return {
    operation: operation('signOutUser', {
      path: 'sign-out-user',
      description:
        'For admins, in person, with a fresh proof by all factors: ends all sessions of an ' +
        'account, the tokens of its agents, and what programs of others were granted. No device ' +
        'of it is trusted any more. It can be signed in to again at once; a mail tells of it. ' +
        'Its API keys stay.',
      input: [given('user', uuidKind())],
    }),
    async run(scope) {
      const staffId = demandAdmin(scope, 'Only an admin ends the sessions of somebody else.')
      const userId = String(scope.input.user)
      if (staffId === userId) {
        throw new Failure('conflict', { detail: 'Your own sessions end by sign-out-everywhere.' })
      }
      await scope.commit<void, Sight>(async (inside) => {
        if (staffId !== undefined) await demandAllFactors(scope, inside, staffId)
        const { user } = inside.data.unrestricted
        const { data: found } = await user.find({ filter: { id: userId }, limit: 1 })
        const [target] = found
        if (!target || target.erasedAt !== null) {
          throw new Failure('not_found', { detail: 'There is no such account.' })
        }
        await endTrust(inside, userId)
        await endSessions(inside, userId)
        const what =
          'The people who look after the accounts have signed you out on all devices. You can ' +
          'sign in again.'
        await tellOfChange(parts, inside, { to: target.email, what })
      })
      return { status: 204, value: undefined }
    },
  }
}
