/** Owns sessions that code begins itself, without a password. */

import { base64url, randomBytes } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import { checksumOf } from '../../base/secret/checksum.ts'
import { instantText } from '../../base/time.ts'
import { sessionTokenPrefix } from '../../engine/identify/sessions.ts'
import { tokenHash } from '../../engine/identify/tokens.ts'
import { recordAccess } from '../../engine/records.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { Tokens } from '../../identity/tokens.ts'

const dayMs = 86_400_000
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A token and the form in which it is kept. */
export function newSessionToken(): { readonly token: string; readonly hash: string } {
  return tokens.make(sessionTokenPrefix)
}

/** Secrets that are shown once, and the form in which they are kept. */
export const tokens: Tokens = Object.freeze({
  make(prefix: string) {
    const token = `${prefix}${base64url(randomBytes(32))}`
    return { token, hash: tokenHash(token) }
  },
  makeKey(prefix: string) {
    const body = `${prefix}${base64url(randomBytes(32))}`
    const token = `${body}${checksumOf(body)}`
    return { token, hash: tokenHash(token) }
  },
  hash: tokenHash,
  code(digits: number) {
    // Of a number of 64 bits the rest by a power of ten is even to one in ten billion.
    const [number = 0n] = new BigUint64Array(randomBytes(8).slice().buffer)
    return String(number % 10n ** BigInt(digits)).padStart(digits, '0')
  },
  recoveryCode() {
    // 32 letters and digits (RFC 4648) of five bits each: 24 of them hold 120 random bits.
    const letters = [...randomBytes(24)].map((byte) => alphabet[byte % 32] ?? '').join('')
    return letters.replace(/(.{4})(?=.)/g, '$1-')
  },
})

/** Begins a session for a user, in an organisation of theirs or in none, and returns its token. */
export async function beginSession(
  runtime: Runtime,
  userId: string,
  organisationId?: string,
): Promise<string> {
  const { token, hash } = newSessionToken()
  const nowMs = runtime.clock.now()
  await recordAccess(runtime, runtime.database).create('session', {
    userId,
    tokenHash: hash,
    expiresAt: instantText(nowMs + limits.sessionLifeDays * dayMs),
    lastUsedAt: instantText(nowMs),
    ...(organisationId === undefined ? {} : { organisationId }),
  })
  return token
}
