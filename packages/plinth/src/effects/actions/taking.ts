/** Owns what is limited by name: uses of a word, quotas of a stretch of time, single use. */

import { isSabotaged } from '../../base/failpoint.ts'
import type { Session } from '../../database/database.ts'

/** What is taken of a thing that has a name and no record. */
export interface NamedQuantity {
  readonly key: string
  readonly limit: number
  readonly quantity: number
  /** The limit counts anew after so many milliseconds; undefined: never. */
  readonly windowMs: number | undefined
}

// A real update, also where nothing is granted: a row that ON CONFLICT only looks at would let
// write skew through (N1). A window is over when its end has passed, and when it lies further
// ahead than a window is long: then the clock was set back.
const takeText = `insert into plinth.taking as t (key, taken, granted, window_ends_at)
  values ($1, case when $2::bigint <= $3::bigint then $2::bigint else 0 end,
    $2::bigint <= $3::bigint, $4::timestamp with time zone + $5::interval)
  on conflict (key) do update set
    taken = case
      when t.window_ends_at <= $4::timestamp with time zone
        or t.window_ends_at > excluded.window_ends_at then excluded.taken
      when t.taken + $2::bigint <= $3::bigint then t.taken + $2::bigint
      else t.taken end,
    granted = case
      when t.window_ends_at <= $4::timestamp with time zone
        or t.window_ends_at > excluded.window_ends_at then excluded.granted
      else t.taken + $2::bigint <= $3::bigint end,
    window_ends_at = case
      when t.window_ends_at <= $4::timestamp with time zone
        or t.window_ends_at > excluded.window_ends_at then excluded.window_ends_at
      else t.window_ends_at end
  returning granted`

const giveBackText = `update plinth.taking set taken = greatest(taken - $2::bigint, 0)
  where key = $1 and (window_ends_at is null or window_ends_at > $3::timestamp with time zone)`

const forgetText = 'delete from plinth.taking where window_ends_at < $1::timestamp with time zone'

/**
 * Takes as many, if the limit allows: one conditional statement in the transaction of what they
 * are taken for, so that a rollback gives them back. False where not enough is left.
 */
export async function takeNamed(
  session: Session,
  { key, limit, quantity, windowMs }: NamedQuantity,
  now: string,
): Promise<boolean> {
  const window = windowMs === undefined ? null : `${windowMs} milliseconds`
  const values = [key, quantity, limit, now, window]
  if (isSabotaged('two-step-take')) return takeInTwo(session, values)
  const { rows } = await session.query({ name: 'plinth_taking_take', text: takeText, values })
  return rows[0]?.[0] === 't'
}

/** Gives back what was taken, unless its window is over. */
export async function giveBackNamed(
  session: Session,
  { key, quantity }: Pick<NamedQuantity, 'key' | 'quantity'>,
  now: string,
): Promise<void> {
  const values = [key, quantity, now]
  await session.query({ name: 'plinth_taking_give_back', text: giveBackText, values })
}

/** Forgets windows that ended before an instant (RFC 3339). */
export async function forgetTakings(session: Session, before: string): Promise<number> {
  const { count } = await session.query({ text: forgetText, values: [before] })
  return count
}

const lookText = 'select taken from plinth.taking where key = $1'
const writeText = `insert into plinth.taking (key, taken, granted, window_ends_at)
  values ($1, $2::bigint, true, $3::timestamp with time zone + $4::interval)
  on conflict (key) do update set taken = excluded.taken, granted = true`

/** The planted bug: looks, judges, then writes what it has reckoned. */
async function takeInTwo(session: Session, values: readonly unknown[]): Promise<boolean> {
  const [key, quantity, limit, now, window] = values
  const { rows } = await session.query({ text: lookText, values: [key] })
  const taken = Number(rows[0]?.[0] ?? 0) + Number(quantity)
  if (taken > Number(limit)) return false
  await session.query({ text: writeText, values: [key, taken, now, window] })
  return true
}
