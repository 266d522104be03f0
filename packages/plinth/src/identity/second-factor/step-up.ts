/** Owns showing again who one is, in a session that goes on under a new token. */

import { limits } from '../../base/limits.ts'
import { minuteMs } from '../../base/time.ts'
import type { Action, ActionResult, ActionScope } from '../../engine/runtime.ts'
import { booleanKind, jsonKind, textKind } from '../../kinds/kinds.ts'
import { byNetwork } from '../flows/allowances.ts'
import { type IdentityParts, maybe, operation, passwordInput } from '../flows/operation.ts'
import { checkPassword } from '../flows/password.ts'
import { demandUser } from '../flows/sign-in.ts'
import { demandSession } from '../passkeys/challenges.ts'
import type { TakePasskey } from '../passkeys/use.ts'
import type { Sight } from '../sight.ts'
import { rotation } from './rotation.ts'
import { demandGiven, isGiven, withFactor } from './shown.ts'

/** Makes the proof of a session fresh, by what the account has. */
export function stepUp(parts: IdentityParts): Action {
  return {
    operation: operation('stepUp', {
      path: 'step-up',
      description:
        'Shows again who the caller is: by what a browser made of `begin-step-up-passkey` ' +
        '(`passkey`), by the password, or by a code where the account has a second factor. The ' +
        'session goes on under a new token; the old one is dead.',
      input: [
        maybe('password', passwordInput),
        maybe('code', textKind({ min: 1, max: 40 })),
        maybe('passkey', jsonKind()),
        maybe('cookie', booleanKind()),
      ],
    }),
    allowances: (_, { remoteAddress }) =>
      byNetwork(remoteAddress, {
        what: 'step-up',
        limit: limits.signInsPerMinutePerNetwork,
        windowMs: minuteMs,
      }),
    async run(scope) {
      const userId = demandUser(scope)
      const { input, unrestricted } = scope
      const [user] = await unrestricted.find('user', { filter: { id: userId }, limit: 1 })
      if (user?.secondFactor !== true && !isGiven(input.passkey)) {
        demandGiven(input.password, '/password', 'Give the password, or a passkey.')
        await checkPassword(scope, parts, userId)
        return rotate(scope, parts)
      }
      return withFactor(scope, parts, {
        ...{ purpose: 'step-up', userId, boundTo: demandSession(scope) },
        work: (take) => rotate(scope, parts, take),
      })
    },
  }
}

/** A token that somebody has seen before is worth nothing for what the fresh proof allows. */
async function rotate(
  scope: ActionScope,
  parts: IdentityParts,
  take?: TakePasskey,
): Promise<ActionResult> {
  const { put, answer } = rotation(scope, parts)
  const expiresAt = await scope.commit<string, Sight>(async (inside) => {
    await take?.(inside)
    return put(inside, { proof: { factors: take ? 2 : 1, at: inside.now } })
  })
  return answer(expiresAt)
}
