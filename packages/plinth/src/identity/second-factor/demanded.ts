/** Owns what somebody can do who is held until they have the second factor that is demanded. */

/**
 * The operations that lead to a second factor, and out: seeing who one is and how one signs in,
 * showing it again, confirming or mending one's address, passkeys, the authenticator app, signing
 * out; and what anybody can do without a session at all to begin one. Nothing else is answered.
 */
export const openWhileHeld: ReadonlySet<string> = new Set([
  ...['identity.me', 'identity.waysIn', 'identity.signOut', 'identity.signOutEverywhere'],
  ...['identity.stepUp', 'identity.beginStepUpPasskey'],
  ...['identity.sendVerification', 'identity.verifyEmail'],
  ...['identity.changeEmail', 'identity.confirmEmail'],
  ...['identity.setUpTotp', 'identity.confirmTotp', 'identity.setSecondFactor'],
  ...['identity.beginPasskey', 'identity.addPasskey', 'identity.removePasskey'],
  ...['passkey.list', 'outsideIdentity.list'],
  ...['identity.signIn', 'identity.secondFactor', 'identity.beginSecondFactorPasskey'],
  ...['identity.beginPasskeySignIn', 'identity.signInByPasskey'],
  ...['identity.sendLink', 'identity.signInByLink', 'identity.signInByCode'],
  ...['identity.forgotPassword', 'identity.resetPassword'],
  ...['identity.providers', 'identity.beginOutside', 'identity.finishOutside'],
])
