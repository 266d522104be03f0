/** Owns idempotency: the reply of a call is stored in the transaction of its effects. */

import { Failure } from '../base/failure.ts'
import type { Session } from '../database/database.ts'

/** What makes a call the same call. */
export interface CallKey {
  /** Whose key it is: no caller can meet another's. */
  readonly caller: string
  readonly key: string
  /** A hash of operation and input. */
  readonly fingerprint: string
}

const claimText =
  'select pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended($1 || chr(10) || $2, 7))'
const findText = 'select fingerprint, reply from plinth.idempotency where caller = $1 and key = $2'
const storeText = `insert into plinth.idempotency (caller, key, fingerprint, reply, created_at)
  values ($1, $2, $3, $4, $5::timestamp with time zone)`
const forgetText = 'delete from plinth.idempotency where created_at < $1::timestamp with time zone'

/**
 * Claims a key for this transaction and returns the stored reply of an earlier call, if there is
 * one. The lock is taken before the look-up: of two equal calls at once, the second either sees
 * the first one's committed reply or is told `in_progress`; none runs beside the other. The row
 * is read plainly, never by ON CONFLICT DO NOTHING (which lets write skew through).
 *
 * Fails with `in_progress` (409) and `key_reused` (422).
 */
export async function claimKey(session: Session, call: CallKey): Promise<string | undefined> {
  const lock = await session.query({
    name: 'plinth_idempotency_claim',
    text: claimText,
    values: [call.caller, call.key],
  })
  if (lock.rows[0]?.[0] !== 't') throw stillRunning()
  const found = await session.query({
    name: 'plinth_idempotency_find',
    text: findText,
    values: [call.caller, call.key],
  })
  const row = found.rows[0]
  if (!row) return undefined
  if (row[0] !== call.fingerprint) {
    throw new Failure('key_reused', {
      detail: 'This Idempotency-Key was used for another call: use a new key for a new call.',
    })
  }
  return row[1] ?? undefined
}

/** The failure of a call that meets an equal one under way. */
export function stillRunning(): Failure {
  return new Failure('in_progress', {
    detail: 'A call with this Idempotency-Key is still running: repeat it in a moment.',
    retryAfterSeconds: 1,
  })
}

/** Stores the reply beside its effects. */
export async function storeReply(
  session: Session,
  call: CallKey,
  stored: { readonly reply: string; readonly now: string },
): Promise<void> {
  await session.query({
    name: 'plinth_idempotency_store',
    text: storeText,
    values: [call.caller, call.key, call.fingerprint, stored.reply, stored.now],
  })
}

/** Forgets replies stored before an instant (RFC 3339). */
export async function forgetReplies(session: Session, before: string): Promise<number> {
  const { count } = await session.query({ text: forgetText, values: [before] })
  return count
}
