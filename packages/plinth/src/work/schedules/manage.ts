/** Owns what operators do with schedules: pause, resume, run at once. */

import { instantText } from '../../base/time.ts'
import type { Session } from '../../database/database.ts'
import type { Schedule } from '../../define/logic/logic.ts'
import { insertJobs } from '../../effects/jobs/insert.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { jobOf } from './schedules.ts'

const pauseText = `insert into plinth.schedule (name, after, paused_at)
  values ($1, $2::timestamp with time zone, $2::timestamp with time zone)
  on conflict (name) do update set paused_at = coalesce(plinth.schedule.paused_at, $2)`

// What passed meanwhile was not missed, also where no node was there to pass over it.
const resumeText = `update plinth.schedule set paused_at = null,
  after = $2::timestamp with time zone where name = $1 and paused_at is not null`

const pausedText = `select name, (extract(epoch from paused_at) * 1000)::bigint
  from plinth.schedule where paused_at is not null`

/** Fires none of a schedule's ticks from now on, on all nodes, until it is resumed. */
export async function pauseSchedule(session: Session, name: string, now: string): Promise<void> {
  await session.query({ text: pauseText, values: [name, now] })
}

/** Lets a schedule go on with its next tick. False where it was not paused. */
export async function resumeSchedule(
  session: Session,
  name: string,
  now: string,
): Promise<boolean> {
  return (await session.query({ text: resumeText, values: [name, now] })).count > 0
}

/** Since when schedules are paused, RFC 3339, by name. */
export async function pausedSchedules(session: Session): Promise<ReadonlyMap<string, string>> {
  const { rows } = await session.query({ text: pausedText, values: [] })
  return new Map(rows.map(([name, ms]) => [name ?? '', instantText(Number(ms))]))
}

/** One more run, for this moment, beside its ticks. Returns the id of its job. */
export async function runSchedule(
  { database, clock, newId, effects }: Pick<Runtime, 'database' | 'clock' | 'newId' | 'effects'>,
  schedule: Schedule,
): Promise<string> {
  const nowMs = clock.now()
  const job = jobOf(schedule, { tick: instantText(nowMs), id: newId(), nowMs })
  await insertJobs(database, [job], instantText(nowMs))
  effects.wake()
  return job.id
}
