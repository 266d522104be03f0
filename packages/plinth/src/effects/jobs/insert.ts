/** Owns the enqueuing of jobs, inside the transaction of their cause. */

import { Failure, invalidInput } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { Session } from '../../database/database.ts'
import { callerText, defaultQueue, demandSize, type Enqueued, type NewJob } from './job.ts'

const insertText = `with made as (
    insert into plinth.job (id, name, queue, state, priority, run_at, key, dedupe, input, caller,
      trace_id, enqueued_at)
    select id, name, queue, case when run_at > $11::timestamp with time zone then 'delayed'
        when key is null then 'ready' else 'waiting' end,
      priority, run_at, key, dedupe, input, caller, trace_id, $11::timestamp with time zone
    from unnest($1::uuid[], $2::text[], $3::text[], $4::integer[],
      $5::timestamp with time zone[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
      with ordinality
      as t(id, name, queue, priority, run_at, key, dedupe, input, caller, trace_id, place)
    order by place
    on conflict (name, dedupe) where dedupe is not null
      and state in ('ready', 'waiting', 'delayed', 'retrying', 'running') do nothing
    returning id, queue, key, state
  ), nudged as (
    insert into plinth.job_nudge (queue, key)
    select distinct queue, key from made where state = 'waiting'
  )
  select id from made`

const findText = `select id, state from plinth.job where name = $1 and dedupe = $2
  and state in ('ready', 'waiting', 'delayed', 'retrying', 'running') for update`

// What stood before is nudged as well: its place in its key may be free now.
const replaceText = `with before as (
    select queue, key from plinth.job where id = $1::uuid
  ), changed as (
    update plinth.job set queue = $2, priority = $3, run_at = $4::timestamp with time zone,
      key = $5, input = $6, caller = $7, trace_id = $8, attempt = 0, error = null,
      effect_asked = null, effect_result = null,
      state = case when $4::timestamp with time zone > $9::timestamp with time zone then 'delayed'
        when $5::text is null then 'ready' else 'waiting' end
    where id = $1::uuid
    returning queue, key
  )
  insert into plinth.job_nudge (queue, key)
  select queue, key from before where key is not null
  union select queue, key from changed where key is not null`

const loseWordText = 'update plinth.job set dedupe = null where id = $1::uuid'

/**
 * Enqueues jobs. Fails with `conflict` where one with `onDuplicate: 'reject'` is there already,
 * `unserialisable` where an input is too long, `invalid_input` where a key is.
 */
export async function insertJobs(
  session: Session,
  jobs: readonly NewJob[],
  now: string,
): Promise<readonly Enqueued[]> {
  for (const job of jobs) demandSoundJob(job)
  if (jobs.every(({ dedupe }) => dedupe === undefined)) {
    await insert(session, jobs, now)
    return jobs.map(({ id }) => ({ id, outcome: 'queued' }))
  }
  const outcomes: Enqueued[] = []
  // One after another: two of them may have the same word.
  for (const job of jobs) outcomes.push(await insertOne(session, job, now))
  return outcomes
}

async function insert(
  session: Session,
  jobs: readonly NewJob[],
  now: string,
): Promise<ReadonlySet<string | null | undefined>> {
  const { rows } = await session.query({
    name: 'plinth_job_insert',
    text: insertText,
    apart: true,
    values: [
      jobs.map(({ id }) => id),
      jobs.map(({ job }) => job),
      jobs.map(({ queue = defaultQueue }) => queue),
      jobs.map(({ priority }) => priority),
      jobs.map(({ runAt }) => runAt),
      jobs.map(({ key }) => key),
      jobs.map(({ dedupe }) => dedupe),
      jobs.map(({ input }) => input),
      jobs.map(({ caller }) => callerText(caller)),
      jobs.map(({ traceId }) => traceId),
      now,
    ],
  })
  return new Set(rows.map(([id]) => id))
}

/**
 * The unique index decides, and what it refused is read under a lock, never taken for granted: a
 * job that ends meanwhile makes room, and then the insert is tried again.
 */
async function insertOne(session: Session, job: NewJob, now: string): Promise<Enqueued> {
  for (;;) {
    const made = await insert(session, [job], now)
    if (made.has(job.id)) return { id: job.id, outcome: 'queued' }
    const { rows } = await session.query({
      name: 'plinth_job_find_word',
      text: findText,
      values: [job.job, job.dedupe],
    })
    const [id, state] = rows[0] ?? []
    if (!id) continue
    const { onDuplicate = 'existing' } = job
    if (onDuplicate === 'existing') return { id, outcome: 'existing' }
    if (onDuplicate === 'reject') throw duplicate(job)
    if (state !== 'running') return replace(session, { id, job, now })
    // What runs cannot be changed any more: it goes on without the word.
    await session.query({ name: 'plinth_job_lose_word', text: loseWordText, values: [id] })
  }
}

interface Replacing {
  readonly id: string
  readonly job: NewJob
  readonly now: string
}

async function replace(session: Session, { id, job, now }: Replacing): Promise<Enqueued> {
  const { queue = defaultQueue, priority, runAt, key, input, caller, traceId } = job
  await session.query({
    name: 'plinth_job_replace',
    text: replaceText,
    values: [id, queue, priority, runAt, key, input, callerText(caller), traceId, now],
  })
  return { id, outcome: 'replaced' }
}

function duplicate({ job, dedupe }: NewJob): Failure {
  return new Failure('conflict', {
    detail: `An unfinished job ${job} has the word "${dedupe}" already: wait until it is done.`,
  })
}

/** Refuses a job that cannot be stored, before anything is sent. */
export function demandSoundJob(made: NewJob): void {
  const { job, input, key, dedupe, runAt, priority, onDuplicate = 'existing' } = made
  demandSize(input, `The input of the job ${job}`)
  for (const [name, word] of Object.entries({ key, dedupe })) {
    if (word === undefined || isWord(word)) continue
    const most = limits.jobKeyCharactersMax
    const detail = `The ${name} of the job ${job} must have 1 to ${most} characters.`
    throw invalidInput([{ pointer: `/${name}`, code: 'wrong_length', detail }])
  }
  if (!Number.isInteger(priority) || Math.abs(priority) > priorityMax) {
    const detail = `The priority of the job ${job} must be a whole number up to ${priorityMax}.`
    throw invalidInput([{ pointer: '/priority', code: 'wrong_type', detail }])
  }
  // A word that nobody knows must not be taken for the one that overwrites.
  if (!ways.includes(onDuplicate)) {
    const detail = `The onDuplicate of the job ${job} must be one of ${ways.join(', ')}.`
    throw invalidInput([{ pointer: '/onDuplicate', code: 'not_in_choices', detail }])
  }
  if (Number.isNaN(Date.parse(runAt))) {
    const detail = `The time of the job ${job} must be an instant such as 2026-01-31T09:00:00Z.`
    throw invalidInput([{ pointer: '/runAt', code: 'wrong_type', detail }])
  }
}

const priorityMax = 1_000_000
const ways: readonly NonNullable<NewJob['onDuplicate']>[] = ['existing', 'reject', 'replace']

function isWord(word: string): boolean {
  return word !== '' && word.length <= limits.jobKeyCharactersMax && !word.includes('\0')
}
