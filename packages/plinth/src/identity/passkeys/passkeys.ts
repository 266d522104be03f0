/** Owns the list of what is done with passkeys, as actions. */

import type { Action } from '../../engine/runtime.ts'
import type { IdentityParts } from '../flows/operation.ts'
import {
  beginPasskey,
  beginPasskeySignIn,
  beginSecondFactorPasskey,
  beginStepUpPasskey,
} from './begin.ts'
import { addPasskey, removePasskey, removePassword } from './manage.ts'
import { setSecondFactor, showWaysIn } from './second-step.ts'
import { signInByPasskey } from './sign-in.ts'

/** All actions of passkeys; a second step and a step up by one are `second-factor`, `step-up`. */
export function passkeyActions(parts: IdentityParts): readonly Action[] {
  return [
    ...[beginPasskey(parts), addPasskey(parts), removePasskey(parts), removePassword(parts)],
    ...[beginPasskeySignIn(parts), signInByPasskey(parts)],
    ...[beginSecondFactorPasskey(parts), beginStepUpPasskey(parts)],
    ...[setSecondFactor(parts), showWaysIn(parts)],
  ]
}
