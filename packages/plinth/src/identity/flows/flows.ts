/** Owns the list of identity's flows, as actions. */

import type { Action } from '../../engine/runtime.ts'
import { accountActions } from '../accounts/accounts.ts'
import { keyActions } from '../keys/keys.ts'
import { outsideActions } from '../outside/outside.ts'
import { passkeyActions } from '../passkeys/passkeys.ts'
import { secondFactor } from '../second-factor/pending.ts'
import { resetFactors } from '../second-factor/reset.ts'
import { stepUp } from '../second-factor/step-up.ts'
import { confirmTotp, newRecoveryCodes, removeTotp, setUpTotp } from '../second-factor/totp.ts'
import { changeEmail, confirmEmail, sendVerification, verifyEmail } from './email.ts'
import { sendLink, signInByCode, signInByLink } from './link.ts'
import type { IdentityParts } from './operation.ts'
import { changePassword, forgotPassword, resetPassword } from './password.ts'
import { signIn, signOut, signOutEverywhere, whoAmI } from './sign-in.ts'
import { signUp } from './sign-up.ts'

/** All actions of identity. */
export function identityActions(parts: IdentityParts): readonly Action[] {
  return [
    ...[signUp(parts), signIn(parts), signOut(), signOutEverywhere(), whoAmI()],
    ...[changePassword(parts), forgotPassword(parts), resetPassword(parts)],
    ...[sendVerification(parts), verifyEmail(parts), changeEmail(parts), confirmEmail(parts)],
    ...(parts.byMail ? [sendLink(parts), signInByLink(parts), signInByCode(parts)] : []),
    ...[secondFactor(parts), stepUp(parts), setUpTotp(parts), confirmTotp(parts)],
    ...[removeTotp(parts), newRecoveryCodes(parts), resetFactors(parts)],
    ...passkeyActions(parts),
    ...outsideActions(parts),
    ...accountActions(parts),
    ...keyActions(parts),
  ]
}
