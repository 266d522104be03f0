/** Owns the table of what is good once, and of secrets that last: what uses each up, or why not. */

/** Something that is used up by one conditional statement on a field of its row. */
export interface Once {
  /** `model.field`: an instant, null until it was used. */
  readonly mark: string
  /** `useOnce` is the same statement where the OAuth library asks, beside its own transactions. */
  readonly by: 'consumeOnce' | 'useOnce'
  /** The files that use it up, below the sources; no other one may. */
  readonly files: readonly string[]
}

const consumed = (mark: string, ...files: readonly string[]): Once => ({
  ...{ mark, by: 'consumeOnce' },
  files: files.map((file) => `identity/${file}.ts`),
})
const used = (mark: string): Once => ({
  ...{ mark, by: 'useOnce' },
  files: ['app/provider/storage/storage.ts'],
})

/** Everything that is good once. A mark of the catalog that is not here fails the test. */
export const once: readonly Once[] = [
  ...(['emailVerification', 'emailChange', 'passwordReset', 'signInLink'] as const).map((model) =>
    consumed(`${model}.usedAt`, 'flows/mail-proof'),
  ),
  consumed('upgradeLink.usedAt', 'accounts/upgrade'),
  consumed('pendingSignIn.usedAt', 'second-factor/pending'),
  consumed('recoveryCode.usedAt', 'second-factor/check'),
  consumed('passkeyChallenge.usedAt', 'passkeys/challenges'),
  consumed('invitation.usedAt', 'organisations/invitations'),
  consumed('outsideAttempt.usedAt', 'outside/begin'),
  consumed('outsideLink.usedAt', 'outside/waiting'),
  consumed('oauthDeviceCode.claimedAt', 'provider/device'),
  consumed('oauthDeviceCode.answeredAt', 'provider/device'),
  used('oauthDeviceCode.usedAt'),
  used('oauthCode.usedAt'),
  used('oauthRefreshToken.usedAt'),
  used('oauthPushedRequest.usedAt'),
]

/** What sources call one of several models of one form. */
export const oneOf: Readonly<Record<string, readonly string[]>> = {
  mailed: ['emailVerification', 'emailChange', 'passwordReset', 'signInLink'],
}

/** Tokens that are good beside another one alone, and are used up with that: whose mark it is. */
export const besides: Readonly<Record<string, string>> = {
  signInAttempt: 'signInLink',
  outsideState: 'outsideAttempt',
  outsideMail: 'outsideLink',
  oauthUserCode: 'oauthDeviceCode',
}

/** Something that is good once without such a mark. */
export interface Otherwise {
  readonly what: string
  /** What stands in the file, once: the one statement that judges. */
  readonly statement: string
  readonly file: string
  readonly why: string
}

/** What is good once by another way, and why. */
export const otherwise: readonly Otherwise[] = [
  {
    what: 'a step of time of an authenticator app',
    statement: 'await totpSecret.lock(',
    file: 'identity/second-factor/check.ts',
    why: 'The mark only goes up: a code uses up itself and all before it, under a lock.',
  },
  {
    what: 'the answer to a question of a program',
    statement: 'await oauthInteraction.lock(rowId)).result !== null',
    file: 'identity/provider/consent.ts',
    why: 'What is written is the answer itself, under a lock.',
  },
  {
    what: 'a token of a service that is good once',
    statement: 'on conflict (token_id) do nothing',
    file: 'engine/identify/services/keys.ts',
    why: 'Nothing of it is kept before it comes: its id is put into a table that takes each once.',
  },
  {
    what: 'an assertion by which a program proves itself',
    statement: '// A second one of the same name is refused by the table.',
    file: 'app/provider/storage/storage.ts',
    why: 'Nothing of it is kept before it comes: its id is put into a table that takes each once.',
  },
  {
    what: 'the wish of a guest for an account',
    statement: 'await inside.data.unrestricted.guestUpgrade.delete(asked.id)',
    file: 'identity/accounts/upgrade.ts',
    why: 'Its mail is what is used up; the row goes in the same transaction.',
  },
]

/** Models with secrets that are good more than once, and why. */
export const lasting: Readonly<Record<string, string>> = {
  user: 'A password is shown again and again.',
  session: 'A session is shown with each call, until it ends.',
  apiKey: 'A key is shown with each call, until it ends.',
  agentToken: 'What was lent is shown with each call, until it ends.',
  trustedDevice: 'A device is trusted for so many days, until a factor changes.',
  oauthAccessToken: 'A program shows it with each call, for some minutes.',
  oauthClient: 'A program proves itself by its secret again and again.',
  oauthInteraction: 'A page is shown again and again; its answer is given once: see `otherwise`.',
  guestUpgrade: 'The mail is what is used up: see `otherwise`.',
  oauthAssertion: 'Its name is taken once, by being put down: see `otherwise`.',
}

/** Models with a hash of what is no token: nobody can show it. */
export const noTokens: Readonly<Record<string, string>> = {
  guestUpgrade: 'What ties the mail to the wish: its secret was given to nobody.',
}

/** Types of token of which no row holds a hash, and what is done instead. */
export const unkept: Readonly<Record<string, string>> = {
  service: 'Signed by a key of the service: only the public half is kept.',
  'service-key': 'The private half, kept by the service alone.',
}

/** Every purpose for which a key comes of the secret, or of a token, and where. */
export const labels: Readonly<Record<string, string>> = {
  cursors: 'app/compose.ts',
  'second-factors': 'app/people/identity.ts',
  'outside-sign-in': 'app/people/outside/wiring.ts',
  'oauth-keys': 'app/provider/open.ts',
  'oauth-refresh-reply': 'app/provider/storage/refresh.ts',
  'webhook-secrets': 'app/delivery/webhooks.ts',
  'service-key ': 'app/services/keys.ts',
  installation: 'app/services/services.ts',
}

/** Files that may make a key or seal something: everything else goes through them. */
export const keyMakers: readonly string[] = [
  'app/config/secret.ts',
  'query/cursor.ts',
  'base/secret/sealer.ts',
  // Signatures of webhooks, each by the secret of its receiver.
  'webhooks/signature.ts',
  'webhooks/verify.ts',
]
