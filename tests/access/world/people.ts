/** Owns the users of random worlds: their sessions, and the tokens that they sign requests with. */

import type { Database } from '../../../packages/plinth/src/database/database.ts'
import { tokenHash } from '../../../packages/plinth/src/engine/identify/tokens.ts'
import { nowText, userIds } from '../random/values.ts'

/** The token that a user signs requests with. */
export function tokenOf(user: number): string {
  return `pls_${String(user).repeat(43)}`
}

/** Users with sessions, the n-th with the n-th set of roles. */
export async function enrol(
  database: Database,
  rolesOf: readonly (readonly string[])[],
): Promise<void> {
  const later = '2026-02-20T00:00:00Z'
  for (const [number, roles] of rolesOf.entries()) {
    const list = `{${roles.join(',')}}`
    const id = userIds[number]
    const times = `$2::timestamptz, $2::timestamptz, 1`
    await database.query({
      text: `insert into identity."user"
        (id, created_at, updated_at, version, email, roles, suspended,
          second_factor, guest, unclaimed)
        values ($1::uuid, ${times}, $3::text, $4::text[], false, false, false, false)`,
      values: [id, nowText, `user${number}@x.example`, list],
    })
    await database.query({
      text: `insert into identity.session
        (id, created_at, updated_at, version, user_id, token_hash, expires_at, last_used_at,
          method, assurance)
        values ($1::uuid, ${times}, $1::uuid, $3::text, $4::timestamptz, $2::timestamptz,
          'password', 1)`,
      values: [id, nowText, tokenHash(tokenOf(number)), later],
    })
  }
}
