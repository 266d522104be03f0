/** Owns the table of token types: where each is kept, and the one place where each is good. */

/** A type of token. */
export interface TokenType {
  /** The model that keeps it, and no other type; undefined: no row of this app does. */
  readonly model?: string
  /** The field of its hash. Default `tokenHash`. */
  readonly hash?: string
  /** True: a service signs it. */
  readonly signed?: true
  /** `bearer`, `cookie`, or `<operation>.<input>`. Everywhere else it is refused. */
  readonly goodAt: readonly string[]
}

const kept = (model: string, ...goodAt: readonly string[]): TokenType => ({ model, goodAt })

/** Every type, by the name of its prefix. A prefix that is not here fails the cross product. */
export const tokenTypes: Readonly<Record<string, TokenType>> = Object.freeze({
  session: { model: 'session', goodAt: ['bearer', 'cookie'] },
  key: { model: 'apiKey', goodAt: ['bearer'] },
  agent: { model: 'agentToken', goodAt: ['bearer'] },
  // Nothing of it is kept: what was signed is checked.
  service: { goodAt: ['bearer'], signed: true },
  'service-key': { goodAt: [] },
  'verify-email': kept('emailVerification', 'identity.verifyEmail.token'),
  'change-email': kept('emailChange', 'identity.confirmEmail.token'),
  'reset-password': kept('passwordReset', 'identity.resetPassword.token'),
  'sign-in': kept('signInLink', 'identity.signInByLink.token'),
  upgrade: kept('upgradeLink', 'identity.confirmUpgrade.token'),
  attempt: kept('signInAttempt', 'identity.signInByCode.attempt'),
  pending: {
    model: 'pendingSignIn',
    goodAt: ['identity.secondFactor.pending', 'identity.beginSecondFactorPasskey.pending'],
  },
  // Where it is good, it stands for a second factor: every sign-in takes one.
  trusted: { model: 'trustedDevice', goodAt: ['*.trusted'] },
  passkey: { model: 'passkeyChallenge', goodAt: ['*.challenge'] },
  'oauth-access': kept('oauthAccessToken', 'bearer'),
  'oauth-refresh': kept('oauthRefreshToken'),
  'oauth-code': kept('oauthCode'),
  'oauth-device': kept('oauthDeviceCode'),
  'oauth-client': { model: 'oauthClient', hash: 'secretHash', goodAt: [] },
  'outside-attempt': { model: 'outsideAttempt', goodAt: ['identity.finishOutside.attempt'] },
  'outside-state': kept('outsideState', '*.state'),
  'outside-link': { model: 'outsideLink', goodAt: ['*.link'] },
  'outside-mail': kept('outsideMail', 'identity.finishSignUp.token'),
  invitation: {
    model: 'invitation',
    goodAt: [
      'identity.lookAtInvitation.token',
      'identity.acceptInvitation.token',
      'identity.declineInvitation.token',
    ],
  },
})

/** Beside those with a prefix of ours: what has none, and what is signed by others. */
export const unprefixed: Readonly<Record<string, TokenType>> = {
  'a request that was sent ahead': { model: 'oauthPushedRequest', goodAt: ['oauth.request'] },
  'the id of an assertion': { model: 'oauthAssertion', goodAt: [] },
  'a question of a program': { model: 'oauthInteraction', goodAt: ['oauth.interaction'] },
  'the code that a device shows': { model: 'oauthUserCode', goodAt: ['oauth.user-code'] },
  'a recovery code': { model: 'recoveryCode', hash: 'codeHash', goodAt: [] },
  'the assertion of a program': { goodAt: [] },
  'an identity token': { goodAt: [] },
}
