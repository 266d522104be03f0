/** Owns the users of random worlds: their sessions and keys, by which they sign requests. */

import { checksumOf } from '../../../packages/plinth/src/base/secret/checksum.ts'
import type { Database } from '../../../packages/plinth/src/database/database.ts'
import { tokenHash } from '../../../packages/plinth/src/engine/identify/tokens.ts'
import { memberships, organisationIds, type Placed, placedIn, placeRows } from '../random/places.ts'
import { nowText, userIds } from '../random/values.ts'

/**
 * The token that a user signs requests with. By badge: 0 is a session in no organisation, 1 and 2
 * are sessions in the first and the second one, 3 and 4 are keys of them.
 */
export function tokenOf(user: number, badge = 0): string {
  if (badge === 0) return `pls_${String(user).repeat(43)}`
  const letter = 'abcdef'.charAt(user * 2 + ((badge - 1) % 2)).repeat(43)
  // Who is no member has no key of it: they come by their session.
  if (badge < 3 || placeOf(user, badge).organisation === undefined) return `pls_${letter}`
  return `plk_${letter}${checksumOf(`plk_${letter}`)}`
}

/** Where a badge lets its user work. */
export function placeOf(user: number | undefined, badge: number): Placed {
  if (user === undefined || badge === 0) return {}
  return placedIn(user, (badge - 1) % 2, badge > 2)
}

const later = '2026-02-20T00:00:00Z'
const times = '$2::timestamptz, $2::timestamptz, 1'

/** Users with sessions, the n-th with the n-th set of roles; with keys where there are tenants. */
export async function enrol(
  database: Database,
  rolesOf: readonly (readonly string[])[],
  tenants = false,
): Promise<void> {
  for (const [number, roles] of rolesOf.entries()) {
    const list = `{${roles.join(',')}}`
    const id = userIds[number]
    await database.query({
      text: `insert into identity."user"
        (id, created_at, updated_at, version, email, roles, suspended,
          second_factor, guest, unclaimed)
        values ($1::uuid, ${times}, $3::text, $4::text[], false, false, false, false)`,
      values: [id, nowText, `user${number}@x.example`, list],
    })
  }
  if (tenants) await found(database)
  for (const [user] of rolesOf.entries()) {
    for (const badge of tenants ? [0, 1, 2] : [0]) await begin(database, user, badge)
  }
  if (!tenants) return
  for (const one of memberships) await makeKey(database, one)
}

/** As they are loaded with the rows of each world. */
async function found(database: Database): Promise<void> {
  for (const row of placeRows.get('organisation') ?? []) {
    await database.query({
      text: `insert into identity.organisation (id, created_at, updated_at, version, name, slug)
        values ($1::uuid, ${times}, $3, $4)`,
      values: [row.id, nowText, row.name, row.slug],
    })
  }
  for (const row of placeRows.get('membership') ?? []) {
    await database.query({
      text: `insert into identity.membership
        (id, created_at, updated_at, version, organisation_id, user_id, role)
        values ($1::uuid, ${times}, $3::uuid, $4::uuid, $5)`,
      values: [row.id, nowText, row.organisationId, row.userId, row.role],
    })
  }
}

async function begin(database: Database, user: number, badge: number): Promise<void> {
  const whose = userIds[user]
  const id = whose?.replace(/.{4}$/, `${badge}00${user}`)
  const token = tokenHash(tokenOf(user, badge))
  const organisation = badge === 0 ? null : organisationIds[badge - 1]
  await database.query({
    text: `insert into identity.session
      (id, created_at, updated_at, version, user_id, token_hash, expires_at, last_used_at,
        method, assurance, organisation_id)
      values ($1::uuid, ${times}, $3::uuid, $4::text, $5::timestamptz, $2::timestamptz,
        'password', 1, $6::uuid)`,
    values: [id, nowText, whose, token, later, organisation],
  })
}

async function makeKey(
  database: Database,
  { id, user, organisation }: (typeof memberships)[number],
): Promise<void> {
  const token = tokenHash(tokenOf(user, organisation + 3))
  await database.query({
    text: `insert into identity.api_key
      (id, created_at, updated_at, version, user_id, name, prefix, token_hash, scopes, networks,
        expires_at, organisation_id, membership_id)
      values ($1::uuid, ${times}, $3::uuid, 'till', 'plk_', $4::text, '{write}', '{}',
        $5::timestamptz, $6::uuid, $1::uuid)`,
    values: [id, nowText, userIds[user], token, later, organisationIds[organisation]],
  })
}
