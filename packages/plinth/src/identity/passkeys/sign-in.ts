/** Owns signing in by a passkey alone: it is a key and its owner's own proof to it, two factors. */

import type { Action } from '../../engine/runtime.ts'
import { booleanKind, jsonKind } from '../../kinds/kinds.ts'
import { signInAllowances } from '../flows/allowances.ts'
import { beginSession } from '../flows/begin.ts'
import { given, type IdentityParts, maybe, operation } from '../flows/operation.ts'
import { usedResponse } from './responses.ts'
import { byPasskey } from './use.ts'

/** Begins a session by a passkey. */
export function signInByPasskey(parts: IdentityParts): Action {
  return {
    operation: operation('signInByPasskey', {
      path: 'sign-in-by-passkey',
      description:
        'Begins a session by what a browser made of `begin-passkey-sign-in`. No second factor is ' +
        'asked for: the passkey has checked who holds it.',
      input: [given('response', jsonKind()), maybe('cookie', booleanKind())],
    }),
    allowances: (_, { remoteAddress }) => signInAllowances(remoteAddress),
    run(scope) {
      const response = usedResponse(scope.input.response, '/response')
      const cookie = scope.input.cookie === true
      return byPasskey(scope, parts, {
        shown: { response, purpose: 'sign-in' },
        work: (whose) =>
          beginSession(scope, parts, { method: 'passkey', cookie, twoFactors: true, whose }),
      })
    },
  }
}
