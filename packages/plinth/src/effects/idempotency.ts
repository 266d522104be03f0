/** Owns idempotency: the reply of a call is stored in the transaction of its effects. */

import { Failure } from '../base/failure.ts'
import { append, appending } from '../database/appending.ts'
import type { Query, Session } from '../database/database.ts'
import { databaseErrorOf } from '../database/errors.ts'
import { sql } from '../sql/fragment.ts'

/** What makes a call the same call. */
export interface CallKey {
  /** Whose key it is: no caller can meet another's. */
  readonly caller: string
  readonly key: string
  /** A hash of operation and input. */
  readonly fingerprint: string
}

const lockedPlace = 'pg_catalog.hashtextextended($1 || chr(10) || $2, 7)'
// Fails where the key is taken: it travels with BEGIN, and nothing runs behind it. It returns no
// row: what travels with BEGIN must not.
const claimText = `select 1
  where 1 / (pg_catalog.pg_try_advisory_xact_lock(${lockedPlace}))::integer = 0`
const claimFailed = '22012'
const findText = 'select fingerprint, reply from plinth.idempotency where caller = $1 and key = $2'
const replies = appending(
  'plinth_idempotency_store',
  sql`plinth.idempotency (caller, key, fingerprint, reply, created_at, kept_until)`,
  ['text', 'text', 'text', 'text', 'timestamp with time zone', 'timestamp with time zone'],
)
const waitText = `select pg_catalog.pg_advisory_xact_lock(${lockedPlace})`
const confirmText = `update plinth.idempotency set kept_until = kept_until
  where caller = $1 and key = $2 returning fingerprint, reply`
const forgetText = 'delete from plinth.idempotency where kept_until < $1::timestamp with time zone'

/**
 * Claims a key for the transaction that begins with it. Of two equal calls at once the second
 * fails (`isClaimed`): none runs beside the other.
 */
export function claimKey({ caller, key }: CallKey): Query {
  return { name: 'plinth_idempotency_claim', text: claimText, values: [caller, key] }
}

/** True for the failure of a transaction whose key is claimed by another one. */
export function isClaimed(error: unknown): boolean {
  return databaseErrorOf(error)?.sqlState === claimFailed
}

/**
 * The stored reply of an earlier call, if there is one. Asked outside of any transaction, after one
 * that did not come to its end: inside of a serializable one, looking for a key that is not there
 * would make every other new key a conflict. The row is read plainly, never by ON CONFLICT DO
 * NOTHING (which lets write skew through).
 *
 * Fails with `key_reused` (422).
 */
export async function findReply(outside: Session, call: CallKey): Promise<string | undefined> {
  const { rows } = await outside.query({
    name: 'plinth_idempotency_find',
    text: findText,
    values: [call.caller, call.key],
    repeatable: true,
  })
  const [fingerprint, reply] = rows[0] ?? []
  if (fingerprint === null || fingerprint === undefined) return undefined
  demandSame(call, fingerprint)
  return reply ?? undefined
}

function demandSame(call: CallKey, fingerprint: string): void {
  if (fingerprint === call.fingerprint) return
  throw new Failure('key_reused', {
    detail: 'This Idempotency-Key was used for another call: use a new key for a new call.',
  })
}

/**
 * What became of a call whose commit is in doubt: its stored reply, or undefined where nothing was
 * stored and nothing will be. Run it in a transaction of its own, read committed, on another
 * connection. It waits until the doubtful transaction has ended, whoever still runs it, because
 * that holds the key's lock; then it looks, and writes: where the server confirms this write, all
 * that came before it is as safe. Never by `pg_xact_status`, which lies after a crash (N2).
 */
export async function settleKey(session: Session, call: CallKey): Promise<string | undefined> {
  const values = [call.caller, call.key]
  await session.query({ name: 'plinth_idempotency_wait', text: waitText, values })
  const { rows } = await session.query({
    name: 'plinth_idempotency_confirm',
    text: confirmText,
    values,
  })
  const [fingerprint, reply] = rows[0] ?? []
  if (fingerprint === null || fingerprint === undefined) return undefined
  demandSame(call, fingerprint)
  return reply ?? undefined
}

/** The failure of a call that meets an equal one under way. */
export function stillRunning(): Failure {
  return new Failure('in_progress', {
    detail: 'A call with this Idempotency-Key is still running: repeat it in a moment.',
    retryAfterSeconds: 1,
  })
}

/** Stores the reply beside its effects. */
export function storeReply(
  session: Session,
  call: CallKey,
  stored: { readonly reply: string; readonly now: string; readonly keptUntil: string },
): Promise<void> {
  const { reply, now, keptUntil } = stored
  return append(session, replies, [
    [call.caller, call.key, call.fingerprint, reply, now, keptUntil],
  ])
}

/** True for the failure of a reply that was stored by an equal call in the meantime. */
export function isStoredMeanwhile(error: unknown): boolean {
  const cause = databaseErrorOf(error)
  return cause?.sqlState === '23505' && cause.schema === 'plinth' && cause.table === 'idempotency'
}

/** Forgets replies that were kept until before an instant (RFC 3339). */
export async function forgetReplies(session: Session, before: string): Promise<number> {
  const { count } = await session.query({ text: forgetText, values: [before] })
  return count
}
