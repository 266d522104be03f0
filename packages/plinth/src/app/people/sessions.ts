/** Owns sessions that code begins itself, without a password. */

import { base64url, randomBytes } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import { instantText } from '../../base/time.ts'
import { sessionTokenPrefix, tokenHash } from '../../engine/identify.ts'
import { recordAccess } from '../../engine/records.ts'
import type { Runtime } from '../../engine/runtime.ts'

const dayMs = 86_400_000

/** A token and the form in which it is kept. */
export function newSessionToken(): { readonly token: string; readonly hash: string } {
  const token = `${sessionTokenPrefix}${base64url(randomBytes(32))}`
  return { token, hash: tokenHash(token) }
}

/** Begins a session for a user and returns its token. */
export async function beginSession(runtime: Runtime, userId: string): Promise<string> {
  const { token, hash } = newSessionToken()
  const nowMs = runtime.clock.now()
  await recordAccess(runtime, runtime.database).create('session', {
    userId,
    tokenHash: hash,
    expiresAt: instantText(nowMs + limits.sessionLifeDays * dayMs),
    lastUsedAt: instantText(nowMs),
  })
  return token
}
