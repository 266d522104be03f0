/** Owns the way from a session token to its caller: one look-up for all calls of a moment. */

import { hash } from 'node:crypto'
import type { Caller, Proof } from '../access/caller.ts'
import { Failure } from '../base/failure.ts'
import { limits } from '../base/limits.ts'
import { atTurnEnd } from '../base/loop/turn.ts'
import { type Clock, instantText } from '../base/time.ts'
import type { Database } from '../database/database.ts'
import { readArray } from '../kinds/kinds.ts'
import type { Identify, Log } from './runtime.ts'

/** Every session token starts so, so that scanners find leaked ones. */
export const sessionTokenPrefix = 'pls_'

const tokenPattern = /^pls_[A-Za-z0-9_-]{43}$/

// A session is used again at most this often before the use is written down.
const touchAfterMs = 60_000

const dayMs = 86_400_000

const findText = `select s.token_hash, s.id, u.id, u.roles,
    s.last_used_at < $3::timestamp with time zone, s.assurance,
    extract(epoch from $2::timestamp with time zone - s.proved_at) * 1000
  from identity.session s join identity."user" u on u.id = s.user_id
  where s.token_hash = any($1::text[]) and s.expires_at > $2::timestamp with time zone
    and s.last_used_at > $4::timestamp with time zone and not u.suspended`

const touchText = `update identity.session set last_used_at = $2::timestamp with time zone
  where id = $1::uuid and last_used_at < $2::timestamp with time zone`

const forgetText = `delete from identity.session
  where expires_at <= $1::timestamp with time zone or last_used_at <= $2::timestamp with time zone`

/** Forgets sessions that ended by time. Returns how many. */
export async function forgetSessions(database: Database, nowMs: number): Promise<number> {
  const idleSince = instantText(nowMs - limits.sessionIdleDays * dayMs)
  const values = [instantText(nowMs), idleSince]
  const { count } = await database.query({ text: forgetText, values })
  return count
}

// An account's address may be asked for again once a proof of it is old; devices are forgotten
// when nobody has come by them for half a year.
const forgetProofTexts = [
  'delete from identity.mail_proof where expires_at <= $1::timestamp with time zone',
  'delete from identity.pending_sign_in where expires_at <= $1::timestamp with time zone',
  'delete from identity.trusted_device where expires_at <= $1::timestamp with time zone',
]
const forgetDevicesText = `delete from identity.known_device
  where last_seen_at <= $1::timestamp with time zone`

/** Forgets proofs that ended by time, and devices not seen for long. */
export async function forgetProofs(database: Database, nowMs: number): Promise<void> {
  const now = instantText(nowMs)
  for (const text of forgetProofTexts) await database.query({ text, values: [now] })
  const values = [instantText(nowMs - limits.knownDeviceDays * dayMs)]
  await database.query({ text: forgetDevicesText, values })
}

/** What identifying works with. */
export interface IdentifyParts {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
}

/** How a token is kept: never in the clear. 256 random bits need no slow hash. */
export function tokenHash(token: string): string {
  return hash('sha256', token, 'base64url')
}

interface Waiting {
  readonly resolve: (caller: Caller) => void
  readonly reject: (error: unknown) => void
}

/**
 * Makes `identify`. Calls that arrive in the same turn of the event loop share one statement, so
 * that a look-up costs a round trip but hardly a statement of its own. Nothing is cached: a
 * session that was ended is dead for the next call.
 */
export function sessionIdentifier(parts: IdentifyParts): Identify {
  let waiting = new Map<string, Waiting[]>()
  return (token) =>
    new Promise((resolve, reject) => {
      if (!tokenPattern.test(token)) return reject(invalid())
      const hash = tokenHash(token)
      if (waiting.size === 0) {
        atTurnEnd(() => {
          const batch = waiting
          waiting = new Map()
          void lookUp(parts, batch)
        })
      }
      const others = waiting.get(hash)
      if (others) others.push({ resolve, reject })
      else waiting.set(hash, [{ resolve, reject }])
    })
}

type Batch = ReadonlyMap<string, readonly Waiting[]>

async function lookUp(parts: IdentifyParts, batch: Batch): Promise<void> {
  try {
    const found = await findSessions(parts, [...batch.keys()])
    for (const [hash, calls] of batch) {
      const caller = found.get(hash)
      for (const { resolve, reject } of calls) {
        if (caller) resolve(caller)
        else reject(invalid())
      }
    }
  } catch (error) {
    for (const calls of batch.values()) for (const { reject } of calls) reject(error)
  }
}

async function findSessions(
  parts: IdentifyParts,
  hashes: readonly string[],
): Promise<ReadonlyMap<string, Caller>> {
  const now = parts.clock.now()
  const idleSince = instantText(now - limits.sessionIdleDays * dayMs)
  const { rows } = await parts.database.query({
    name: 'plinth_session_find',
    text: findText,
    repeatable: true,
    values: [hashes, instantText(now), instantText(now - touchAfterMs), idleSince],
  })
  const callers = new Map<string, Caller>()
  for (const [hash, sessionId, id, roles, stale, assurance, agoMs] of rows) {
    if (!hash || !sessionId || !id) continue
    const proof = proofOf(assurance, agoMs)
    callers.set(hash, { is: 'user', id, sessionId, roles: rolesOf(roles), proof })
    if (stale === 't') touch(parts, { sessionId, now })
  }
  return callers
}

/** A session of before this was kept has proved something, at some time. */
function proofOf(assurance: Cell, agoMs: Cell): Proof {
  return {
    assurance: Number(assurance ?? 1),
    agoMs: agoMs ? Math.max(0, Number(agoMs)) : Number.POSITIVE_INFINITY,
  }
}

type Cell = string | null | undefined

/** Writes the use down beside the call; a failure costs nothing but an earlier idle end. */
function touch(
  { database, log }: IdentifyParts,
  { sessionId, now }: { sessionId: string; now: number },
): void {
  database
    .query({
      name: 'plinth_session_touch',
      text: touchText,
      values: [sessionId, instantText(now)],
    })
    .catch((cause: unknown) => {
      log({ level: 'warning', message: 'the use of a session was not written down', cause })
    })
}

function invalid(): Failure {
  return new Failure('invalid_credentials', {
    detail: 'The session is not valid or has ended: sign in again.',
  })
}

function rolesOf(columnText: string | null | undefined): ReadonlySet<string> {
  return new Set(readArray(columnText ?? '{}').filter((role) => role !== null))
}
