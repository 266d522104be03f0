/** Owns the table of token types: where each is kept, and the one place where each is good. */

/** A type of token. */
export interface TokenType {
  /** The model that keeps it; undefined: no row of this app does. */
  readonly model?: string
  /** The field of its hash. Default `tokenHash`. */
  readonly hash?: string
  /** True: a service signs it. */
  readonly signed?: true
  /** What its row says beside what any row says. */
  readonly values?: Readonly<Record<string, string>>
  /** `bearer`, `cookie`, or `<operation>.<input>`. Everywhere else it is refused. */
  readonly goodAt: readonly string[]
}

const mailed = (purpose: string, ...goodAt: readonly string[]): TokenType => ({
  ...{ model: 'mailProof', values: { purpose }, goodAt },
})

const provider = (model: string, ...goodAt: readonly string[]): TokenType => ({ model, goodAt })

/** Every type, by the name of its prefix. A prefix that is not here fails the cross product. */
export const tokenTypes: Readonly<Record<string, TokenType>> = Object.freeze({
  session: { model: 'session', goodAt: ['bearer', 'cookie'] },
  key: { model: 'apiKey', goodAt: ['bearer'] },
  agent: { model: 'agentToken', goodAt: ['bearer'] },
  // Nothing of it is kept: what was signed is checked.
  service: { goodAt: ['bearer'], signed: true },
  'service-key': { goodAt: [] },
  'verify-email': mailed('verify-email', 'identity.verifyEmail.token'),
  'change-email': mailed('change-email', 'identity.confirmEmail.token'),
  'reset-password': mailed('reset-password', 'identity.resetPassword.token'),
  'sign-in': mailed('sign-in', 'identity.signInByLink.token'),
  upgrade: mailed('upgrade', 'identity.confirmUpgrade.token'),
  attempt: {
    ...{ model: 'mailProof', hash: 'attemptHash', values: { purpose: 'sign-in' } },
    goodAt: ['identity.signInByCode.attempt'],
  },
  pending: {
    model: 'pendingSignIn',
    goodAt: ['identity.secondFactor.pending', 'identity.beginSecondFactorPasskey.pending'],
  },
  // Where it is good, it stands for a second factor: every sign-in takes one.
  trusted: { model: 'trustedDevice', goodAt: ['*.trusted'] },
  passkey: { model: 'passkeyChallenge', goodAt: ['*.challenge'] },
  'oauth-access': provider('oauthAccessToken', 'bearer'),
  'oauth-refresh': provider('oauthRefreshToken'),
  'oauth-code': provider('oauthCode'),
  'oauth-device': provider('oauthDeviceCode'),
  'oauth-client': { model: 'oauthClient', hash: 'secretHash', goodAt: [] },
  'outside-attempt': { model: 'outsideAttempt', goodAt: ['identity.finishOutside.attempt'] },
  'outside-state': { model: 'outsideAttempt', hash: 'stateHash', goodAt: ['*.state'] },
  'outside-link': { model: 'outsideLink', goodAt: ['*.link'] },
  'outside-mail': {
    model: 'outsideLink',
    hash: 'mailTokenHash',
    goodAt: ['identity.finishSignUp.token'],
  },
  invitation: {
    model: 'invitation',
    goodAt: ['identity.acceptInvitation.token', 'identity.declineInvitation.token'],
  },
})
