/** Owns what an OAuth provider keeps: found by hash, used once, and ended with its grant. */

import { limits } from '../../../base/limits.ts'
import { instantText } from '../../../base/time.ts'
import type { Database } from '../../../database/database.ts'
import { type Fragment, name, sql, statement, typed } from '../../../sql/fragment.ts'
import { livingGrants } from './living.ts'

/** What belongs to a grant. */
export type GrantedKind = 'oauth_code' | 'oauth_access_token' | 'oauth_refresh_token'

/** What is used once. */
export type OnceKind = GrantedKind | 'oauth_device_code' | 'oauth_pushed_request'

/** Something that belongs to a grant that counts. */
export interface Kept {
  readonly id: string
  /** What the library knows the grant by. */
  readonly grantKey: string
  readonly grantId: string
  readonly clientId: string
  readonly payload: string
  /** In milliseconds since 1970; undefined: not yet. */
  readonly usedAtMs: number | undefined
  /** Of a refresh token: its answer, sealed. */
  readonly reply: string | undefined
}

const instant = 'timestamp with time zone'
const never = sql`null::timestamp with time zone`
const columns: Readonly<Record<GrantedKind, Fragment>> = {
  oauth_code: sql`t.used_at, null::text`,
  oauth_access_token: sql`${never}, null::text`,
  oauth_refresh_token: sql`t.used_at, t.reply`,
}

const tableOf = (kind: string): Fragment => name('oauth', kind)

/** One thing by its hash. */
export interface ByHash<K extends OnceKind = OnceKind> {
  readonly kind: K
  readonly hash: string
  readonly nowMs: number
}

/** Finds what belongs to a grant that counts, and has not run out. */
export async function findKept(
  database: Database,
  { kind, hash, nowMs }: ByHash<GrantedKind>,
): Promise<Kept | undefined> {
  const { joined, counts } = livingGrants(nowMs)
  const question = sql`select t.id, g.grant_key, g.id, g.client_id, t.payload, ${columns[kind]}
    from ${tableOf(kind)} t ${joined}
    where t.token_hash = ${typed(hash, 'text')} and ${counts}`
  const { rows } = await database.query(statement(question))
  const [id, grantKey, grantId, clientId, payload, usedAt, reply] = rows[0] ?? []
  if (!id || !grantKey || !grantId || !clientId || !payload) return undefined
  const usedAtMs = usedAt ? Date.parse(usedAt) : undefined
  return { id, grantKey, grantId, clientId, payload, usedAtMs, reply: reply ?? undefined }
}

/**
 * Marks something as used, in one conditional statement: of any number that try at once, one is
 * told true.
 */
export async function useOnce(database: Database, { kind, hash, nowMs }: ByHash): Promise<boolean> {
  const change = sql`update ${tableOf(kind)} set used_at = ${typed(instantText(nowMs), instant)}
    where token_hash = ${typed(hash, 'text')} and used_at is null`
  const { count } = await database.query(statement(change))
  return count === 1
}

/** Ends one thing by its hash. None: it has ended meanwhile. */
export async function endKept(
  database: Database,
  { kind, hash }: Omit<ByHash<GrantedKind>, 'nowMs'>,
): Promise<void> {
  const change = sql`delete from ${tableOf(kind)} where token_hash = ${typed(hash, 'text')}`
  await database.query(statement(change))
}

/** Ends a grant, with everything that came of it. */
export async function endGrant(database: Database, grantKey: string): Promise<void> {
  const change = sql`delete from oauth.oauth_grant where grant_key = ${typed(grantKey, 'text')}`
  await database.query(statement(change))
}

/**
 * Ends the oldest grants of a program by the same user beyond `oauthGrantsPerProgramMax`: each
 * authorization makes one, and nobody needs so many.
 */
export async function endOldGrants(database: Database, newest: string): Promise<void> {
  const change = sql`delete from oauth.oauth_grant where id in (
    select o.id from oauth.oauth_grant n
    join oauth.oauth_grant o on o.user_id = n.user_id and o.client_id = n.client_id
    where n.grant_key = ${typed(newest, 'text')}
    order by o.created_at desc, o.id desc
    offset ${typed(limits.oauthGrantsPerProgramMax, 'bigint')})`
  await database.query(statement(change))
}

/** Ends all access or refresh tokens or codes of a grant; the grant itself stays. */
export async function endTokens(
  database: Database,
  { kind, grantKey }: { readonly kind: GrantedKind; readonly grantKey: string },
): Promise<void> {
  const change = sql`delete from ${tableOf(kind)} t using oauth.oauth_grant g
    where g.id = t.grant_id and g.grant_key = ${typed(grantKey, 'text')}`
  await database.query(statement(change))
}

/** Keeps what a refresh token was answered with; the answers before it count no more. */
export async function keepReply(
  database: Database,
  { hash, reply }: { readonly hash: string; readonly reply: string },
): Promise<void> {
  const own = typed(hash, 'text')
  const change = sql`update oauth.oauth_refresh_token t
    set reply = case when t.token_hash = ${own} then ${typed(reply, 'text')} end
    from oauth.oauth_refresh_token o
    where o.token_hash = ${own} and t.grant_id = o.grant_id
      and (t.reply is not null or t.id = o.id)`
  await database.query(statement(change))
}

// Grants after what came of them.
const tables = [
  'oauth_code',
  'oauth_access_token',
  'oauth_refresh_token',
  'oauth_grant',
  'oauth_device_code',
  'oauth_interaction',
  'oauth_pushed_request',
  'oauth_assertion',
  'oauth_key',
]

/**
 * Forgets what has run out, so many rows at once: no statement holds many locks, and none makes
 * others wait. A grant takes what came of it along, of which there is little left by then.
 */
export async function forgetGrants(
  database: Database,
  nowMs: number,
  atOnce: number = limits.oauthForgottenAtOnceMax,
): Promise<void> {
  const now = typed(instantText(nowMs), instant)
  for (const table of tables) {
    const old = sql`select id from ${tableOf(table)} where expires_at <= ${now}
      limit ${typed(atOnce, 'integer')} for update skip locked`
    const change = statement(sql`delete from ${tableOf(table)} where id = any(array(${old}))`)
    for (;;) {
      const { count } = await database.query(change)
      if (count < atOnce) break
    }
  }
}
