/** Owns showing again who one is, in a session that goes on under a new token. */

import { invalidInput } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { networkOf } from '../../base/network.ts'
import { minuteMs } from '../../base/time.ts'
import type { Action, ActionResult, ActionScope } from '../../engine/runtime.ts'
import { booleanKind, textKind } from '../../kinds/kinds.ts'
import { type IdentityParts, maybe, operation, passwordInput } from '../flows/operation.ts'
import { checkPassword } from '../flows/password.ts'
import { demandUser } from '../flows/sign-in.ts'
import type { Sight } from '../sight.ts'
import { countTry, forgetTries, type TypedFactor, useFactor } from './check.ts'
import { rotation } from './rotation.ts'

/** Makes the proof of a session fresh, by what the account has. */
export function stepUp(parts: IdentityParts): Action {
  return {
    operation: operation('stepUp', {
      path: 'step-up',
      description:
        'Shows again who the caller is: by the password, or by a code where the account has a ' +
        'second factor. The session goes on under a new token; the old one is dead.',
      input: [
        maybe('password', passwordInput),
        maybe('code', textKind({ max: 40 })),
        maybe('cookie', booleanKind()),
      ],
    }),
    allowances: (_, { remoteAddress }) => [
      {
        key: `step-up:network:${networkOf(remoteAddress)}`,
        limit: limits.signInsPerMinutePerNetwork,
        windowMs: minuteMs,
      },
    ],
    async run(scope) {
      const userId = demandUser(scope)
      const { input, unrestricted } = scope
      const [user] = await unrestricted.find('user', { filter: { id: userId }, limit: 1 })
      if (user?.secondFactor !== true) {
        demandGiven(input.password, '/password', 'The account has no second factor: give it.')
        await checkPassword(scope, parts, userId)
        return rotate(scope, parts)
      }
      demandGiven(input.code, '/code', 'The account has a second factor: give a code of it.')
      const shown = { userId, code: String(input.code) }
      await countTry(scope, shown)
      const result = await rotate(scope, parts, shown)
      await forgetTries(scope, userId)
      return result
    },
  }
}

function demandGiven(value: unknown, pointer: string, detail: string): void {
  if (value === null || value === undefined) {
    throw invalidInput([{ pointer, code: 'required', detail }])
  }
}

/** A token that somebody has seen before is worth nothing for what the fresh proof allows. */
async function rotate(
  scope: ActionScope,
  parts: IdentityParts,
  shown?: TypedFactor,
): Promise<ActionResult> {
  const { put, answer } = rotation(scope, parts)
  const expiresAt = await scope.commit<string, Sight>(async (inside) => {
    if (shown) await useFactor(parts, inside, shown)
    return put(inside, { provedAt: inside.now, ...(shown ? { assurance: 2 } : {}) })
  })
  return answer(expiresAt)
}
