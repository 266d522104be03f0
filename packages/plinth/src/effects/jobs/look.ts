/** Owns looking at jobs: lists, one in full, counts by queue. */

import { instantText } from '../../base/time.ts'
import type { Session } from '../../database/database.ts'
import type { JobState } from './job.ts'

/** A job as people look at it. */
export interface SeenJob {
  readonly id: string
  readonly name: string
  readonly queue: string
  readonly state: JobState
  readonly priority: number
  /** RFC 3339, like all its times. */
  readonly runAt: string
  readonly key: string | null
  readonly dedupe: string | null
  readonly attempt: number
  readonly enqueuedAt: string
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly error: string | null
  readonly progress: { readonly done: number; readonly note: string | null } | null
  readonly traceId: string
  /** JSON text. It may hold what not everybody may see. */
  readonly input: string
  /** JSON text. */
  readonly caller: string
  readonly worker: number | null
}

/** Which jobs are listed: all that are given must fit. */
export interface JobQuestion {
  readonly state?: JobState | undefined
  readonly queue?: string | undefined
  readonly name?: string | undefined
  /** Jobs that were enqueued before this one: the way to older ones. */
  readonly before?: string | undefined
  readonly limit: number
}

const listText = `select j.id, j.name, j.queue, j.state, j.priority,
    (extract(epoch from j.run_at) * 1000)::bigint, j.key, j.dedupe, j.attempt,
    (extract(epoch from j.enqueued_at) * 1000)::bigint,
    (extract(epoch from j.started_at) * 1000)::bigint,
    (extract(epoch from j.finished_at) * 1000)::bigint,
    j.error, p.done, p.note, j.trace_id, j.input, j.caller, j.worker
  from plinth.job j left join plinth.job_progress p on p.job = j.id
  where ($1::text is null or j.state = $1) and ($2::text is null or j.queue = $2)
    and ($3::text is null or j.name = $3) and ($4::uuid is null or j.id < $4::uuid)
    and ($5::uuid is null or j.id = $5::uuid)
  order by j.id desc limit $6::integer`

/** Lists jobs, the newest first. */
export async function listJobs(
  session: Session,
  { state, queue, name, before, limit }: JobQuestion,
): Promise<readonly SeenJob[]> {
  const values = [state, queue, name, before, null, limit]
  const { rows } = await session.query({ text: listText, values })
  return rows.map(seenJob)
}

/** One job; undefined where there is none, or no longer. */
export async function findJob(session: Session, id: string): Promise<SeenJob | undefined> {
  if (!/^[0-9a-f-]{36}$/i.test(id)) return undefined
  const values = [null, null, null, null, id, 1]
  const { rows } = await session.query({ text: listText, values })
  return rows[0] && seenJob(rows[0])
}

/** How many jobs of a queue are in each state. */
export interface SeenQueue {
  readonly queue: string
  readonly paused: boolean
  readonly counts: Readonly<Partial<Record<JobState, number>>>
}

const countText = `select j.queue, j.state, count(*) from plinth.job j group by j.queue, j.state`
const pausedText = 'select name from plinth.queue'

/** Counts the jobs of every queue that holds any or is paused. Reads the whole table. */
export async function countQueues(session: Session): Promise<readonly SeenQueue[]> {
  const [counted, paused] = await Promise.all([
    session.query({ text: countText, values: [] }),
    session.query({ text: pausedText, values: [] }),
  ])
  const stopped = new Set(paused.rows.map(([name]) => name ?? ''))
  const names = [...new Set([...counted.rows.map(([queue]) => queue ?? ''), ...stopped])].sort()
  return names.map((queue) => {
    const rows = counted.rows.filter(([name]) => name === queue)
    const counts = Object.fromEntries(rows.map(([, state, count]) => [state, Number(count)]))
    return { queue, paused: stopped.has(queue), counts }
  })
}

function seenJob(row: readonly (string | null)[]): SeenJob {
  const [id, name, queue, state, priority, runAt, key, dedupe, attempt, enqueuedAt] = row
  const [startedAt, finishedAt, error, done, note, traceId, input, caller, worker] = row.slice(10)
  return {
    ...{ id: id ?? '', name: name ?? '', queue: queue ?? '', state: state as JobState },
    ...{ key: key ?? null, dedupe: dedupe ?? null, error: error ?? null, traceId: traceId ?? '' },
    ...{ priority: Number(priority), attempt: Number(attempt), input: input ?? 'null' },
    runAt: timeOf(runAt) ?? '',
    enqueuedAt: timeOf(enqueuedAt) ?? '',
    startedAt: timeOf(startedAt),
    finishedAt: timeOf(finishedAt),
    progress: done === null || done === undefined ? null : progressOf(done, note),
    caller: caller ?? '',
    worker: worker === null || worker === undefined ? null : Number(worker),
  }
}

function progressOf(done: string, note: string | null | undefined): SeenJob['progress'] {
  return { done: Number(done), note: note ?? null }
}

function timeOf(ms: string | null | undefined): string | null {
  return ms === null || ms === undefined ? null : instantText(Number(ms))
}
