/** Owns the firing of schedules: one job for each tick, whatever the number of nodes. */

import { limits } from '../../base/limits.ts'
import { instantText } from '../../base/time.ts'
import { type CatalogLogic, logicName } from '../../catalog/logic/logic.ts'
import type { Session } from '../../database/database.ts'
import type { Schedule } from '../../define/logic/logic.ts'
import { insertJobs } from '../../effects/jobs/insert.ts'
import type { NewJob } from '../../effects/jobs/job.ts'
import type { Chore } from '../chore.ts'
import { nextTick, ticksBetween } from './ticks.ts'

/** What schedules are fired with. */
export interface ScheduleParts {
  readonly logic: Pick<CatalogLogic, 'schedules'>
  readonly newId: () => string
}

const everyMs = 200
/** A tick that is later than this was missed: something else than the usual delay came between. */
const missedAfterMs = 60_000

const registerText = `insert into plinth.schedule (name, after)
  select name, $2::timestamp with time zone from unnest($1::text[]) as s(name)
  on conflict (name) do nothing`
const lockText = `select (extract(epoch from after) * 1000)::bigint, paused_at from plinth.schedule
  where name = $1 for update skip locked`
const fireText = `insert into plinth.schedule_tick (schedule, tick, job)
  select $1, t.tick, t.job from unnest($2::timestamp with time zone[], $3::uuid[]) as t(tick, job)
  on conflict (schedule, tick) do nothing returning job`
const moveText = `update plinth.schedule set after = $2::timestamp with time zone where name = $1`

/**
 * Fires what is due. How far a schedule has come is stored; a tick has a row of its own, which one
 * node can insert once, so a clock that jumps back fires nothing twice: ticks that were fired are
 * passed over, later ones come when the clock comes to them again. Where a schedule is paused its
 * ticks are passed over, whatever it says of those that were missed: somebody wanted it so.
 */
export function scheduleChore({ logic, newId }: ScheduleParts): Chore {
  const watched = [...logic.schedules].map(([name, schedule]) => new Watched(name, schedule))
  let registered = false
  return {
    name: 'schedules',
    everyMs,
    async run(session, nowMs) {
      if (watched.length === 0) return false
      if (!registered) {
        const names = watched.map(({ name }) => name)
        await session.query({ text: registerText, values: [names, instantText(nowMs)] })
        registered = true
      }
      let fired = 0
      for (const one of watched) {
        if (one.isDue(nowMs)) fired += await fire(session, one, { nowMs, newId })
      }
      return fired > 0
    },
  }
}

/** A schedule with what this node remembers of it. */
class Watched {
  readonly name: string
  readonly schedule: Schedule
  #lookedMs = Number.POSITIVE_INFINITY
  #nextMs = 0

  constructor(name: string, schedule: Schedule) {
    this.name = name
    this.schedule = schedule
  }

  /** True where a tick has come, and where the clock was set back: the table is asked then. */
  isDue(nowMs: number): boolean {
    return nowMs >= this.#nextMs || nowMs < this.#lookedMs
  }

  looked(nowMs: number, afterMs: number): void {
    this.#lookedMs = nowMs
    this.#nextMs = nextTick(this.schedule, afterMs) ?? Number.POSITIVE_INFINITY
  }
}

interface Firing {
  readonly nowMs: number
  readonly newId: () => string
}

async function fire(session: Session, watched: Watched, firing: Firing): Promise<number> {
  await say(session, 'begin isolation level read committed')
  try {
    const fired = await fireLocked(session, watched, firing)
    await say(session, 'commit')
    return fired
  } catch (error) {
    await say(session, 'rollback')
    throw error
  }
}

async function fireLocked(
  session: Session,
  watched: Watched,
  { nowMs, newId }: Firing,
): Promise<number> {
  const { name, schedule } = watched
  const locked = await session.query({ name: 'plinth_schedule', text: lockText, values: [name] })
  // Another node is at it; the next round looks again.
  if (!locked.rows[0]) return 0
  const [after, pausedAt] = locked.rows[0]
  const afterMs = Number(after)
  if (pausedAt !== null) {
    await move(session, name, nowMs)
    watched.looked(nowMs, nowMs)
    return 0
  }
  const ticks = dueTicks(schedule, { afterMs: Math.min(afterMs, nowMs), nowMs })
  const jobs = ticks.map((tick) => jobOf(schedule, { tick: instantText(tick), id: newId(), nowMs }))
  const fired = await session.query({
    name: 'plinth_schedule_fire',
    text: fireText,
    values: [name, ticks.map(instantText), jobs.map(({ id }) => id)],
  })
  const ids = new Set(fired.rows.map(([id]) => id))
  const made = jobs.filter(({ id }) => ids.has(id))
  if (made.length > 0) await insertJobs(session, made, instantText(nowMs))
  if (ticks.length > 0 || afterMs > nowMs || nowMs - afterMs > missedAfterMs) {
    await move(session, name, nowMs)
  }
  watched.looked(nowMs, nowMs)
  return made.length
}

async function move(session: Session, name: string, nowMs: number): Promise<void> {
  const values = [name, instantText(nowMs)]
  await session.query({ name: 'plinth_schedule_move', text: moveText, values })
}

/** The ticks to be fired, by what the schedule says of those that were missed. */
function dueTicks(
  schedule: Schedule,
  { afterMs, nowMs }: { readonly afterMs: number; readonly nowMs: number },
): readonly number[] {
  const { missed } = schedule
  const from = missed === 'skip' ? Math.max(afterMs, nowMs - missedAfterMs) : afterMs
  const most = missed === 'all' ? limits.scheduleMissedMax : 1
  return ticksBetween(schedule, { afterMs: from, upToMs: nowMs, most })
}

/** A moment that a schedule stands for, and the job that it becomes. */
export interface Tick {
  readonly tick: string
  readonly id: string
  readonly nowMs: number
}

/** The job of a tick. */
export function jobOf({ job, kit, name }: Schedule, { tick, id, nowMs }: Tick): NewJob {
  return {
    ...{ id, job: logicName(job), input: JSON.stringify({ tick }), priority: job.priority },
    queue: job.queue && logicName(job.queue),
    runAt: instantText(nowMs),
    caller: { is: 'unrestricted', reason: `schedule ${kit}.${name}` },
    traceId: id.replaceAll('-', ''),
  }
}

async function say(session: Session, text: string): Promise<void> {
  await session.query({ name: text.replaceAll(' ', '_'), text, values: [] })
}

const lastText = `select schedule, (extract(epoch from max(tick)) * 1000)::bigint
  from plinth.schedule_tick group by schedule`

/** The last tick that was fired of each schedule, RFC 3339, by name. */
export async function lastTicks(session: Session): Promise<ReadonlyMap<string, string>> {
  const { rows } = await session.query({ text: lastText, values: [] })
  return new Map(rows.map(([name, ms]) => [name ?? '', instantText(Number(ms))]))
}
