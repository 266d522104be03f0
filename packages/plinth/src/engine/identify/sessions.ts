/** Owns the way from a session token to its caller: one look-up for all calls of a moment. */

import type { ActiveOrganisation, Proof, UserCaller } from '../../access/caller.ts'
import { limits } from '../../base/limits.ts'
import { type Clock, dayMs, instantText } from '../../base/time.ts'
import type { Database } from '../../database/database.ts'
import { type Fragment, sql, statement } from '../../sql/fragment.ts'
import type { Log } from '../runtime.ts'
import { profileColumns, profileOf } from './callers/profile.ts'
import { Recall } from './callers/recall.ts'
import { rolesOf } from './callers/roles.ts'
import { countDays, type Demand, heldColumns } from './held.ts'
import { inBatches, type TokenSort } from './tokens.ts'

/** Every session token starts so, so that scanners find leaked ones. */
export const sessionTokenPrefix = 'pls_'

const tokenPattern = /^pls_[A-Za-z0-9_-]{43}$/

// A session is used again at most this often before the use is written down.
const touchAfterMs = 60_000

// Of a session in which staff acts as somebody, staff is looked at as well: it ends at once with
// their own session, with their role, or with a role that the user has and they have not.
// What is added to the end of a session keeps its index out of the plan: by it the planner would
// read all sessions that have not ended, where statistics are old or there were few.
const findQuestion = (held: Fragment): Fragment => sql`select s.token_hash, s.id, u.id, u.roles,
    s.last_used_at < $3::timestamp with time zone, s.assurance,
    extract(epoch from $2::timestamp with time zone - s.proved_at) * 1000,
    u.guest, s.impersonator_id, m.organisation_id, m.role, ${held}
  from identity.session s join identity."user" u on u.id = s.user_id
    left join identity.membership m
      on m.organisation_id = s.organisation_id and m.user_id = s.user_id
    left join identity.session d on d.id = s.staff_session_id
    left join identity."user" w on w.id = d.user_id
  where s.token_hash = any($1::text[])
    and s.expires_at + interval '0' > $2::timestamp with time zone
    and s.last_used_at > case when s.method = 'guest' then $5 else $4 end::timestamp with time zone
    and not u.suspended and u.erased_at is null
    and (s.impersonator_id is null or (
      w.id = s.impersonator_id and not w.suspended and w.erased_at is null
      and d.expires_at > $2::timestamp with time zone
      and d.last_used_at > $4::timestamp with time zone
      and $6::text = any(w.roles) and not u.roles && array['admin', $6::text]
      and ('admin' = any(w.roles) or u.roles <@ w.roles)))`

const touchText = `update identity.session set last_used_at = $2::timestamp with time zone
  where id = $1::uuid and last_used_at < $2::timestamp with time zone`

/** What identifying works with. */
export interface IdentifyParts {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  /** The role whose holders may act as users; undefined: nobody may. */
  readonly impersonatorRole?: string | undefined
  /** Of whom a second factor is demanded; undefined: of nobody. */
  readonly demand?: Demand
}

/** Tokens of sessions. */
export function sessionTokens(parts: IdentifyParts): TokenSort {
  const seen = new Recall(parts.clock)
  const held = heldColumns(parts.demand, sql`$2::timestamp with time zone`)
  const asking = (name: string, columns: Fragment) => {
    const { text } = statement(findQuestion(columns))
    return inBatches(async (hashes) => {
      const callers = await findSessions(parts, { name, text }, hashes)
      for (const hash of hashes) {
        const caller = callers.get(hash)
        if (!caller || caller.held === true) seen.forget(hash)
        // No read is asked by a caller with a profile: guessed so, it would run twice.
        else if (!caller.profile) seen.keep(hash, caller)
      }
      return callers
    })
  }
  const find = asking('plinth_session_find', held)
  const introduce = asking('plinth_session_introduce', sql`${held}, ${profileColumns}`)
  return {
    pattern: tokenPattern,
    cookie: true,
    identify: (token, came) => (came?.profile === true ? introduce : find)(token, came?.hash),
    recall: (hash) => seen.find(hash),
  }
}

async function findSessions(
  parts: IdentifyParts,
  question: { readonly name: string; readonly text: string },
  hashes: readonly string[],
): Promise<ReadonlyMap<string, UserCaller>> {
  const now = parts.clock.now()
  const idleSince = instantText(now - limits.sessionIdleDays * dayMs)
  const guestIdleSince = instantText(now - limits.guestIdleDays * dayMs)
  const times = [instantText(now), instantText(now - touchAfterMs), idleSince, guestIdleSince]
  const { rows } = await parts.database.query({
    ...{ ...question, repeatable: true },
    values: [hashes, ...times, parts.impersonatorRole ?? null],
  })
  const callers = new Map<string, UserCaller>()
  for (const row of rows) {
    const [hash, sessionId, id, , stale] = row
    if (!hash || !sessionId || !id) continue
    callers.set(hash, callerOf(row, id, sessionId))
    if (row[unmarkedAt] === 't') {
      countDays({ demand: undefined, ...parts }, { userId: id, nowMs: now })
    }
    if (stale === 't') touch(parts, { sessionId, now })
  }
  return callers
}

const unmarkedAt = 12

function callerOf(row: readonly Cell[], id: string, sessionId: string): UserCaller {
  const [, , , roles, , assurance, agoMs, guest, impersonator, place, role, held] = row
  const proof = proofOf(assurance, agoMs)
  const plain: UserCaller = { is: 'user', id, roles: rolesOf(roles), sessionId, proof }
  const organisation = activeIn(place, role)
  const isHeld = held === 't' && !impersonator
  const profile = profileOf(row)
  if (guest !== 't' && !organisation && !impersonator && !isHeld && !profile) return plain
  return {
    ...plain,
    ...(guest === 't' ? { guest: true } : {}),
    ...(organisation ? { organisation } : {}),
    ...(impersonator ? { impersonator } : {}),
    // Of staff who acts as somebody, their own session asks for their own.
    ...(isHeld ? { held: true as const } : {}),
    ...(profile ? { profile } : {}),
  }
}

// Clocks of two nodes differ by so much, and hardly by more.
const skewMs = 60_000

/**
 * A session of before this was kept has proved something, at some time. So has one whose proof is
 * yet to come, since a clock was set back: it would be fresh until the clock is there again.
 */
function proofOf(assurance: Cell, age: Cell): Proof {
  const agoMs = age ? Number(age) : Number.POSITIVE_INFINITY
  return {
    assurance: Number(assurance ?? 1),
    agoMs: agoMs < -skewMs ? Number.POSITIVE_INFINITY : Math.max(0, agoMs),
  }
}

/** The active organisation, for as long as the user is a member: looked up with the session. */
function activeIn(id: Cell, role: Cell): ActiveOrganisation | undefined {
  return id && role ? { id, role } : undefined
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
