/** Owns the ends of an attempt: done, later, given back, dead; each only by who holds the job. */

import { isSabotaged } from '../../base/failpoint.ts'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { Session } from '../../database/database.ts'
import type { ClaimedJob } from '../../effects/jobs/job.ts'

/**
 * What a worker holds. The number of a claim alone is not enough: claims are not awaited by the
 * disk, and a crash of PostgreSQL may give a number out again; that of a worker is awaited.
 */
export type Hold = Pick<ClaimedJob, 'id' | 'place' | 'worker' | 'claim'>

/** A job that is done. */
export interface Finished {
  readonly hold: Hold
  /** RFC 3339: until when it is kept. */
  readonly keepUntil: string
}

const completeText = `select plinth.job_complete($1::tid[], $2::uuid[], $3::integer,
  $4::bigint[], $5::timestamp with time zone[], $6::timestamp with time zone)`

// What a test plants to see that the fence is missed.
const unfencedText = `with ended as (
    update plinth.job j set state = 'done',
      finished_at = $6::timestamp with time zone, keep_until = $6::timestamp with time zone,
      worker = null
    from unnest($1::tid[], $2::uuid[], $4::bigint[], $5::timestamp with time zone[])
      as e(place, id, claim, keep_until)
    where j.id = e.id and j.state <> 'done' and $3::integer > 0
    returning j.queue, j.key
  )
  insert into plinth.job_nudge (queue, key) select queue, key from ended where key is not null`

const fenceText = 'select plinth.job_fence($1::tid, $2::uuid, $3::integer, $4::bigint)'

const laterText = `select plinth.job_later($1::tid, $2::uuid, $3::integer, $4::bigint,
  $5::timestamp with time zone, $6, $7::boolean)`

const failText = `with ended as (
    update plinth.job set state = 'failed', finished_at = $4::timestamp with time zone,
      error = $5, worker = null
    where id = $1::uuid and worker = $2::integer and claim = $3::bigint and state = 'running'
    returning queue, key
  )
  insert into plinth.job_nudge (queue, key) select queue, key from ended where key is not null`

const giveBackText = `update plinth.job j
  set state = 'ready', worker = null, attempt = j.attempt - 1
  from unnest($1::uuid[], $2::bigint[]) as e(id, claim)
  where j.id = e.id and j.worker = $3::integer and j.claim = e.claim and j.state = 'running'`

/** Marks jobs as done, in the transaction of their effects. Fails with `lease_lost`. */
export async function completeJobs(
  session: Session,
  jobs: readonly Finished[],
  now: string,
): Promise<void> {
  const unfenced = isSabotaged('lease-without-fence')
  const { rows } = await session.query({
    name: unfenced ? 'plinth_job_complete_unfenced' : 'plinth_job_complete',
    text: unfenced ? unfencedText : completeText,
    values: [
      jobs.map(({ hold }) => hold.place),
      jobs.map(({ hold }) => hold.id),
      jobs[0]?.hold.worker,
      jobs.map(({ hold }) => hold.claim),
      jobs.map(({ keepUntil }) => keepUntil),
      now,
    ],
  })
  if (!unfenced && Number(rows[0]?.[0]) !== jobs.length) throw leaseLost()
}

/** Keeps a job from being taken away until the transaction ends. Fails with `lease_lost`. */
export async function fence(session: Session, hold: Hold): Promise<void> {
  if (isSabotaged('lease-without-fence')) return
  const values = [hold.place, ...valuesOf(hold)]
  const { rows } = await session.query({ name: 'plinth_job_fence', text: fenceText, values })
  if (rows[0]?.[0] !== 't') throw leaseLost()
}

/** When a job is due again, and why it was not done. */
export interface Later {
  /** RFC 3339. */
  readonly runAt: string
  readonly error?: string
  /** True: all attempts are there again. */
  readonly anew?: boolean
}

/** Makes a job due again later. It keeps its place in its key. False where it was lost. */
export async function runLater(session: Session, hold: Hold, later: Later): Promise<boolean> {
  const { place } = hold
  const { rows } = await session.query({
    name: 'plinth_job_later',
    text: laterText,
    values: [place, ...valuesOf(hold), later.runAt, shortened(later.error), later.anew ?? false],
  })
  return rows[0]?.[0] === 't'
}

/** Makes a job a dead letter. The jobs of its key go on. */
export async function failJob(
  session: Session,
  hold: Hold,
  { error, now }: { readonly error: string; readonly now: string },
): Promise<void> {
  await session.query({
    name: 'plinth_job_fail',
    text: failText,
    values: [...valuesOf(hold), now, shortened(error)],
  })
}

/** Gives claimed jobs back that were not begun. Their attempts do not count. */
export async function giveBack(session: Session, holds: readonly Hold[]): Promise<void> {
  const worker = holds[0]?.worker
  if (worker === undefined) return
  await session.query({
    name: 'plinth_job_give_back',
    text: giveBackText,
    values: [holds.map(({ id }) => id), holds.map(({ claim }) => claim), worker],
  })
}

/** The failure of an attempt that no longer holds its job. */
export function leaseLost(): Failure {
  return new Failure('lease_lost', {
    detail: 'The job is no longer held by this attempt: nothing of it is stored.',
  })
}

function valuesOf({ id, worker, claim }: Hold): readonly unknown[] {
  return [id, worker, claim]
}

// NUL has no place in a text of PostgreSQL.
function shortened(error: string | undefined): string | undefined {
  return error?.slice(0, limits.jobErrorCharactersMax).replaceAll('\0', '')
}
