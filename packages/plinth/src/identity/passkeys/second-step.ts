/** Owns whether a password is followed by a second step, and what an account can be entered by. */

import { Failure } from '../../base/failure.ts'
import type { Action } from '../../engine/runtime.ts'
import { booleanKind } from '../../kinds/kinds.ts'
import { given, type IdentityParts, operation } from '../flows/operation.ts'
import { endTrust } from '../flows/sessions.ts'
import { demandUser } from '../flows/sign-in.ts'
import {
  demandAllFactors,
  demandFreshProof,
  factorsChanged,
  forgetCodes,
  newCodes,
} from '../second-factor/totp.ts'
import type { Sight } from '../sight.ts'
import { type WaysIn, waysIn } from '../ways-in.ts'
import { demandSession } from './challenges.ts'

/** Turns the second step after a password on or off, for an account with passkeys. */
export function setSecondFactor(parts: IdentityParts): Action {
  return {
    operation: operation('setSecondFactor', {
      path: 'set-second-factor',
      description:
        'Whether signing in by a password or a mail takes a second step: a passkey, or a code of ' +
        'the authenticator app where there is one. Turned on, it answers with recovery codes, ' +
        'shown this once. It cannot be turned off while there is an authenticator app. Asks for ' +
        'a fresh proof. All other sessions end.',
      input: [given('on', booleanKind())],
    }),
    async run(scope) {
      const on = scope.input.on === true
      const userId = demandFreshProof(scope)
      const here = demandSession(scope)
      const value = await scope.commit<object, Sight>(async (inside) => {
        await demandAllFactors(scope, inside, userId)
        const ways = await waysIn(parts, inside, userId)
        if (ways.secondFactor === on) return { secondFactor: on }
        demandPossible(ways, on)
        await inside.data.unrestricted.user.update(userId, { secondFactor: on })
        const what = on
          ? 'From now on signing in takes a second step.'
          : 'From now on signing in takes no second step.'
        await factorsChanged(parts, inside, { userId, here, what })
        if (on) return { secondFactor: on, recoveryCodes: await newCodes(parts, inside, userId) }
        await forgetCodes(inside, userId)
        await endTrust(inside, userId)
        return { secondFactor: on }
      })
      return { status: 200, value }
    },
  }
}

function demandPossible({ passkeys, totp }: WaysIn, on: boolean): void {
  if (on && passkeys === 0) {
    throw new Failure('conflict', {
      detail: 'There is nothing that a second step could ask for: add a passkey first.',
    })
  }
  if (!on && totp) {
    throw new Failure('conflict', {
      detail: 'The authenticator app is asked for as long as it is there: remove it first.',
    })
  }
}

/** What the caller can sign in by. */
export function showWaysIn(parts: IdentityParts): Action {
  return {
    operation: operation('waysIn', {
      path: 'ways-in',
      description:
        'What the caller can sign in by: `password`, `mail`, how many `passkeys`; whether there ' +
        'is an authenticator app (`totp`), and whether signing in takes a `secondFactor`.',
      input: [],
    }),
    async run(scope) {
      const userId = demandUser(scope)
      const value = await scope.look<WaysIn, Sight>((inside) => waysIn(parts, inside, userId))
      return { status: 200, value }
    },
  }
}
