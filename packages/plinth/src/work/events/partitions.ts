/** Owns the partitions of the log: made ahead of the days that they expire on, dropped after. */

import { limits } from '../../base/limits.ts'
import type { CatalogLogic } from '../../catalog/logic/logic.ts'
import type { Database, DedicatedSession } from '../../database/database.ts'
import { databaseErrorOf } from '../../database/errors.ts'
import { expiryOf } from '../../effects/events/event.ts'
import { literal, name, sql, statement } from '../../sql/fragment.ts'
import { lockClass } from '../queue/locks.ts'

const listText = `select c.relname from pg_catalog.pg_inherits i
  join pg_catalog.pg_class c on c.oid = i.inhrelid
  where i.inhparent = 'plinth.event'::regclass`
const lockText = `select pg_catalog.pg_try_advisory_lock(${lockClass.partitions}, 0)`
const remembering = sql`insert into plinth.event_forgotten as f (type, position, time)
  select type, max(position), max(time) from gone where position is not null group by type
  on conflict (type) do update set position = greatest(f.position, excluded.position),
    time = greatest(f.time, excluded.time)`
const clearing = sql`with gone as (
    delete from plinth.event_other where expires_on <= $1::date returning type, position, time
  ) ${remembering}`
const dayMs = 86_400_000

/** What came of one round. */
export interface PartitionsKept {
  readonly made: readonly string[]
  readonly dropped: readonly string[]
}

/**
 * Makes the partitions that the next days need and drops those whose day has come. Whoever holds a
 * lock of the log for long makes a round do less, never wait; and an event for which there is no
 * partition is kept in one for all others. One process at a time.
 */
export function keepPartitions(
  database: Database,
  { events }: Pick<CatalogLogic, 'events'>,
  nowMs: number,
): Promise<PartitionsKept> {
  const retentions = new Set([...events.values()].map(({ retentionDays }) => retentionDays))
  const wanted = new Set<string>()
  for (const days of retentions) {
    for (let ahead = 0; ahead <= limits.eventPartitionDaysAhead; ahead++) {
      wanted.add(expiryOf(nowMs + ahead * dayMs, days))
    }
  }
  const today = new Date(nowMs).toISOString().slice(0, 10)
  return database.dedicated(async (session) => {
    const lock = await session.query({ text: lockText, values: [] })
    if (lock.rows[0]?.[0] !== 't') return { made: [], dropped: [] }
    await session.script("set lock_timeout = '200ms'")
    const { rows } = await session.query({ text: listText, values: [] })
    const there = new Set(rows.map(([table]) => dayOf(table ?? '')))
    const made = await each([...wanted].filter((day) => !there.has(day)).sort(), (day) => {
      return make(session, day)
    })
    const past = [...there].filter((day) => day !== undefined && day <= today)
    const dropped = await each(past as string[], (day) => drop(session, day))
    await session.query({ text: statement(clearing).text, values: [today] })
    return { made, dropped }
  })
}

/** Does it for each; one that meets a lock, or rows in its way, is left to the next round. */
async function each(
  days: readonly string[],
  work: (day: string) => Promise<void>,
): Promise<readonly string[]> {
  const done: string[] = []
  for (const day of days) {
    try {
      await work(day)
      done.push(day)
    } catch (error) {
      const state = databaseErrorOf(error)?.sqlState ?? ''
      if (!left.has(state)) throw error
    }
  }
  return done
}

// A lock that was not to be had; events of that day are in the partition for all others.
const left: ReadonlySet<string> = new Set(['55P03', '23514'])

async function make(session: DedicatedSession, day: string): Promise<void> {
  const table = name('plinth', tableOf(day))
  const next = new Date(Date.parse(day) + dayMs).toISOString().slice(0, 10)
  const create = sql`create table ${table}
    (like plinth.event including defaults including indexes)`
  const attach = sql`alter table plinth.event attach partition ${table}
    for values from (${literal(day)}) to (${literal(next)})`
  // One message, one transaction: a table that could not be attached is not there either.
  await session.script(`${statement(create).text}; ${statement(attach).text}`)
}

async function drop(session: DedicatedSession, day: string): Promise<void> {
  const table = name('plinth', tableOf(day))
  const remember = sql`with gone as (select type, position, time from ${table})
    ${remembering}`
  // One message, one transaction: whoever still asks for these events is told that they are gone.
  await session.script(`${statement(remember).text};
    ${statement(sql`drop table ${table}`).text}`)
}

function tableOf(day: string): string {
  return `event_${day.replaceAll('-', '')}`
}

function dayOf(table: string): string | undefined {
  const [, year, month, day] = /^event_(\d{4})(\d\d)(\d\d)$/.exec(table) ?? []
  return year === undefined ? undefined : `${year}-${month}-${day}`
}
