/** Owns the ways into an account: which there are, and that the last one stays. */

import { Failure } from '../base/failure.ts'
import type { IdentityParts } from './flows/operation.ts'
import type { IdentityScope } from './sight.ts'

/** By what somebody can sign in. */
export interface WaysIn {
  readonly password: boolean
  /** How many passkeys that are not locked. */
  readonly passkeys: number
  /** How many identities of other providers. */
  readonly outside: number
  /** True where mail leaves, and the address was confirmed. */
  readonly mail: boolean
  /** True: a code of an authenticator app can be asked for. */
  readonly totp: boolean
  /** True: signing in by anything but a passkey takes a second factor. */
  readonly secondFactor: boolean
}

type Parts = Pick<IdentityParts, 'sendsMail'>

/** The ways into an account, as its transaction sees them. */
export async function waysIn(
  { sendsMail }: Parts,
  { data }: IdentityScope,
  userId: string,
): Promise<WaysIn> {
  const { user, passkey, outsideIdentity, totpSecret } = data.unrestricted
  const { passwordHash, email, emailVerifiedAt, secondFactor } = await user.get(userId)
  const { data: usable } = await passkey.find({
    filter: { userId, lockedAt: { isNull: true } },
    limit: 200,
  })
  const { data: linked } = await outsideIdentity.find({ filter: { userId }, limit: 200 })
  const { data: secrets } = await totpSecret.find({ filter: { userId }, limit: 1 })
  return {
    password: passwordHash !== null,
    passkeys: usable.length,
    outside: linked.length,
    mail: sendsMail && email !== null && emailVerifiedAt !== null,
    totp: secrets.some(({ confirmedAt }) => confirmedAt !== null),
    secondFactor,
  }
}

/**
 * Once something was taken away: fails with `conflict` where nothing is left by which the owner
 * could sign in, so that the transaction takes nothing away.
 */
export async function demandWayIn(
  parts: Parts,
  scope: IdentityScope,
  userId: string,
): Promise<void> {
  const { password, passkeys, outside, mail } = await waysIn(parts, scope, userId)
  if (password || passkeys > 0 || outside > 0 || mail) return
  throw new Failure('conflict', {
    detail: 'It is the last way into the account: add another one first, then remove this.',
  })
}
