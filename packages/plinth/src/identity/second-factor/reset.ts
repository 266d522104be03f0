/** Owns the way back for somebody who has lost every second factor: staff takes them all away. */

import { Failure } from '../../base/failure.ts'
import type { Action, ActionScope } from '../../engine/runtime.ts'
import { uuidKind } from '../../kinds/kinds.ts'
import { given, type IdentityParts, operation } from '../flows/operation.ts'
import { endSessions, endTrust } from '../flows/sessions.ts'
import { tellOfChange } from '../mail/telling.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import { demandWayIn } from '../ways-in.ts'
import { triesOf } from './check.ts'
import { demandAllFactors, demandFreshProof, forgetCodes } from './totp.ts'

/** Takes all second factors off an account, for its owner who has lost them. */
export function resetFactors(parts: IdentityParts): Action {
  return {
    operation: operation('resetFactors', {
      path: 'reset-factors',
      description:
        'For admins, in person, with a fresh proof by all factors: takes the authenticator app, ' +
        'the recovery codes and the passkeys off an account whose owner has lost them. All its ' +
        'sessions end; a mail tells of it. Make sure before who asks: the password or a mail ' +
        'alone opens the account until a new second factor is set up.',
      input: [given('user', uuidKind())],
    }),
    async run(scope) {
      const staffId = demandAdmin(scope, 'Only an admin takes factors off an account.')
      const userId = String(scope.input.user)
      if (staffId === userId) {
        throw new Failure('conflict', { detail: 'For your own account, let another admin do it.' })
      }
      await scope.commit<void, Sight>(async (inside) => {
        if (staffId !== undefined) await demandAllFactors(scope, inside, staffId)
        const { user } = inside.data.unrestricted
        const { data: found } = await user.find({ filter: { id: userId }, limit: 1 })
        const [target] = found
        if (!target || target.guest || target.erasedAt !== null) {
          throw new Failure('not_found', { detail: 'There is no such account.' })
        }
        await takeAway(inside, userId)
        await demandWayIn(parts, inside, userId)
        // Whoever had days to set one up has had them.
        await user.update(userId, { secondFactor: false, secondFactorDueAt: inside.now })
        await endTrust(inside, userId)
        await endSessions(inside, userId)
        const what =
          'Your second factor and your passkeys were removed by the people who look after the ' +
          'accounts. If you did not ask for it, tell them at once.'
        await tellOfChange(parts, inside, { to: target.email, what })
      })
      for (const key of triesOf(userId)) await scope.restore(key)
      return { status: 204, value: undefined }
    },
  }
}

/**
 * The id of an admin, who is there in person and has just shown it; undefined for the operator.
 * Fails with `forbidden`, and as `demandFreshProof` does.
 */
export function demandAdmin(scope: ActionScope, detail: string): string | undefined {
  const { caller } = scope
  if (caller.is === 'unrestricted') return undefined
  if (caller.is === 'user' && caller.roles.has('admin') && caller.sessionId !== undefined) {
    return demandFreshProof(scope)
  }
  throw new Failure('forbidden', { detail })
}

async function takeAway(inside: IdentityScope, userId: string): Promise<void> {
  const { totpSecret, passkey } = inside.data.unrestricted
  await forgetCodes(inside, userId)
  const { data: secrets } = await totpSecret.find({ filter: { userId }, limit: 1 })
  for (const { id } of secrets) await totpSecret.delete(id)
  const { data: passkeys } = await passkey.find({ filter: { userId }, limit: 200 })
  for (const { id } of passkeys) await passkey.delete(id)
}
