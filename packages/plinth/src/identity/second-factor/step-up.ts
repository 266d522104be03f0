/** Owns showing again who one is, in a session that goes on under a new token. */

import { invalidInput } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { networkOf } from '../../base/network.ts'
import { minuteMs } from '../../base/time.ts'
import type { Action, ActionResult, ActionScope } from '../../engine/runtime.ts'
import { booleanKind, textKind } from '../../kinds/kinds.ts'
import { wrongCredentials } from '../flows/begin.ts'
import { type IdentityParts, maybe, operation, passwordInput } from '../flows/operation.ts'
import { checkPassword } from '../flows/password.ts'
import { demandUser } from '../flows/sign-in.ts'
import type { Sight } from '../sight.ts'
import { prefixes } from '../tokens.ts'
import { countTry, forgetTries, useFactor } from './check.ts'

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
        return rotate(scope, parts, { assurance: undefined })
      }
      demandGiven(input.code, '/code', 'The account has a second factor: give a code of it.')
      await countTry(scope, userId)
      const result = await rotate(scope, parts, { assurance: 2, code: String(input.code) })
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

interface Rotation {
  /** Undefined: as it was. */
  readonly assurance: 2 | undefined
  readonly code?: string
}

/** A token that somebody has seen before is worth nothing for what the fresh proof allows. */
async function rotate(
  scope: ActionScope,
  parts: IdentityParts,
  { assurance, code }: Rotation,
): Promise<ActionResult> {
  const { caller, call, input } = scope
  const { token, hash } = parts.tokens.make(prefixes.session)
  const expiresAt = await scope.commit<string, Sight>(async (inside) => {
    if (caller.is !== 'user' || caller.sessionId === undefined) throw gone()
    const { session } = inside.data.unrestricted
    const { data: found } = await session.find({ filter: { id: caller.sessionId }, limit: 1 })
    const [kept] = found
    if (!kept) throw gone()
    if (code !== undefined) await useFactor(parts, inside, { userId: caller.id, code })
    await session.update(kept.id, {
      ...{ tokenHash: hash, provedAt: inside.now },
      ...(assurance === undefined ? {} : { assurance }),
    })
    return kept.expiresAt
  })
  const byCookie = 'credential' in call.as && call.as.credential?.from === 'cookie'
  if (byCookie || input.cookie === true) {
    return { status: 200, value: { expiresAt }, session: { token, expiresAt } }
  }
  return { status: 200, value: { token, expiresAt } }
}

function gone() {
  return wrongCredentials('The session has ended: sign in again.')
}
