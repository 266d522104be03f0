/** Owns allowances: things of which only so many may be taken in a stretch of time. */

import { isSabotaged } from '../base/failpoint.ts'
import type { Session } from '../database/database.ts'

/** What is taken from. */
export interface Allowance {
  /** Names the thing and whose it is, e.g. `sign-in:account:…`. */
  readonly key: string
  readonly limit: number
  readonly windowMs: number
}

/** Whether one could be taken, and when the window ends. */
export interface Taken {
  readonly granted: boolean
  readonly retryAfterSeconds: number
}

// A window is over when its end has passed, and when it lies further ahead than a window is long:
// then the clock was set back, and nobody waits for a moment that the old clock meant.
const takeText = `insert into plinth.allowance as a (key, taken, window_ends_at)
  values ($1, 1, $2::timestamp with time zone + $3::interval)
  on conflict (key) do update set
    taken = case
      when a.window_ends_at <= $2::timestamp with time zone
        or a.window_ends_at > excluded.window_ends_at then 1
      else least(a.taken, $4::integer) + 1 end,
    window_ends_at = case
      when a.window_ends_at <= $2::timestamp with time zone
        or a.window_ends_at > excluded.window_ends_at then excluded.window_ends_at
      else a.window_ends_at end
  returning taken <= $4::integer,
    ceil(extract(epoch from window_ends_at - $2::timestamp with time zone))::integer`

const giveBackText = 'delete from plinth.allowance where key = $1'
const forgetText =
  'delete from plinth.allowance where window_ends_at < $1::timestamp with time zone'

/**
 * Takes one, if the limit allows: one conditional statement, so that parallel takers get exactly
 * the limit. Run it outside the transaction that it guards: what is counted must stay counted
 * when that transaction fails.
 */
export async function takeWithinLimit(
  session: Session,
  { key, limit, windowMs }: Allowance,
  now: string,
): Promise<Taken> {
  if (isSabotaged('two-step-take')) return takeInTwo(session, { key, limit, windowMs }, now)
  const { rows } = await session.query({
    name: 'plinth_allowance_take',
    text: takeText,
    values: [key, now, `${windowMs} milliseconds`, limit],
  })
  return {
    granted: rows[0]?.[0] === 't',
    retryAfterSeconds: Math.max(1, Number(rows[0]?.[1] ?? 1)),
  }
}

/** Starts the window anew, e.g. after a success. */
export async function restoreAllowance(session: Session, key: string): Promise<void> {
  await session.query({ name: 'plinth_allowance_restore', text: giveBackText, values: [key] })
}

/** Forgets windows that ended before an instant (RFC 3339). */
export async function forgetAllowances(session: Session, before: string): Promise<number> {
  const { count } = await session.query({ text: forgetText, values: [before] })
  return count
}

const lookText = 'select taken from plinth.allowance where key = $1'
const writeText = `insert into plinth.allowance (key, taken, window_ends_at)
  values ($1, $2::integer, $3::timestamp with time zone + $4::interval)
  on conflict (key) do update set taken = excluded.taken`

/** The planted bug: looks, judges, then writes what it has reckoned; slowly, so that it shows. */
async function takeInTwo(session: Session, asked: Allowance, now: string): Promise<Taken> {
  const { key, limit, windowMs } = asked
  const { rows } = await session.query({ text: lookText, values: [key] })
  const taken = Number(rows[0]?.[0] ?? 0) + 1
  if (taken > limit) return { granted: false, retryAfterSeconds: 1 }
  await session.query({ text: 'select pg_sleep(0.1)', values: [] })
  const values = [key, taken, now, `${windowMs} milliseconds`]
  await session.query({ text: writeText, values })
  return { granted: true, retryAfterSeconds: 1 }
}
