/** Owns what people do to jobs: cancel, retry, pause and resume, clear dead letters. */

import type { Session } from '../../database/database.ts'

const keepDays = 7
const dayMs = 86_400_000

const cancelText = `with ended as (
    update plinth.job set state = 'cancelled', finished_at = $2::timestamp with time zone,
      keep_until = $2::timestamp with time zone + $3::interval, worker = null
    where id = $1::uuid and state in ('ready', 'waiting', 'delayed', 'retrying', 'running')
    returning queue, key
  ), nudged as (
    insert into plinth.job_nudge (queue, key) select queue, key from ended where key is not null
  )
  select count(*) from ended`

// As new: all attempts are there again, and a key's line is joined at its end. Of several with one
// word the first one; the unique index knows of one word only.
const retryText = `with again as (
    update plinth.job set run_at = $2::timestamp with time zone, attempt = 0, finished_at = null,
      keep_until = null, effect_asked = null,
      state = case when key is null then 'ready' else 'waiting' end
    where id = any($1::uuid[]) and state in ('failed', 'cancelled', 'delayed', 'retrying')
      and (dedupe is null or state in ('delayed', 'retrying') or not exists (
        select from plinth.job o where o.name = job.name and o.dedupe = job.dedupe
          and (o.state in ('ready', 'waiting', 'delayed', 'retrying', 'running')
            or o.id < job.id and o.id = any($1::uuid[]) and o.state in ('failed', 'cancelled'))))
    returning id, queue, key
  ), nudged as (
    insert into plinth.job_nudge (queue, key)
    select distinct queue, key from again where key is not null
  )
  select id from again`

const deadText = `select id from plinth.job where state = 'failed'
  and ($1::text is null or name = $1) and ($2::text is null or queue = $2)
  order by finished_at limit $3::integer`

const clearText = `delete from plinth.job where state = 'failed' and id = any($1::uuid[])`

const pauseText = `insert into plinth.queue (name, paused_at)
  values ($1, $2::timestamp with time zone) on conflict (name) do nothing`
const resumeText = 'delete from plinth.queue where name = $1'

const wakeText = `update plinth.job set state = 'ready', run_at = $2::timestamp with time zone
  where id = $1::uuid and state = 'retrying'`

/**
 * Cancels a job that is not finished. One that runs can no longer be completed: its effects are
 * rolled back, whatever it still does. False where it had ended before.
 */
export async function cancelJob(session: Session, id: string, now: string): Promise<boolean> {
  const values = [id, now, `${keepDays * dayMs} milliseconds`]
  const { rows } = await session.query({ text: cancelText, values })
  return Number(rows[0]?.[0]) > 0
}

/**
 * Runs jobs anew that failed or were cancelled, and those at once that wait for their time. A job
 * whose word (`dedupe`) is another one's by now is left as it is. Returns which.
 */
export async function retryJobs(
  session: Session,
  ids: readonly string[],
  now: string,
): Promise<readonly string[]> {
  const { rows } = await session.query({ text: retryText, values: [ids, now] })
  return rows.map(([id]) => id ?? '')
}

/** Which dead letters are meant. */
export interface DeadQuestion {
  readonly name?: string | undefined
  readonly queue?: string | undefined
  readonly limit: number
}

/** The ids of dead letters, the oldest first. */
export async function deadJobs(
  session: Session,
  { name, queue, limit }: DeadQuestion,
): Promise<readonly string[]> {
  const { rows } = await session.query({ text: deadText, values: [name, queue, limit] })
  return rows.map(([id]) => id ?? '')
}

/** Forgets dead letters. Returns how many. */
export async function clearDead(session: Session, ids: readonly string[]): Promise<number> {
  const { count } = await session.query({ text: clearText, values: [ids] })
  return count
}

/** Stops the claiming of a queue's jobs on all nodes. What runs goes on; what is added is kept. */
export async function pauseQueue(session: Session, queue: string, now: string): Promise<void> {
  await session.query({ text: pauseText, values: [queue, now] })
}

/** Lets a queue go on. False where it was not paused. */
export async function resumeQueue(session: Session, queue: string): Promise<boolean> {
  const { count } = await session.query({ text: resumeText, values: [queue] })
  return count > 0
}

/** Makes a job due at once that was postponed. */
export async function wakeJob(session: Session, id: string, now: string): Promise<void> {
  await session.query({ name: 'plinth_job_wake', text: wakeText, values: [id, now] })
}
