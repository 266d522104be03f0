/** Owns the claiming of jobs: what is due, in order, each by one worker. */

import { instantText } from '../../base/time.ts'
import type { Rows, Session } from '../../database/database.ts'
import { type ClaimedJob, readCaller } from '../../effects/jobs/job.ts'

/** Who claims, and what. */
export interface Claim {
  readonly worker: number
  /** Queues without limits, the first one first. */
  readonly queues: readonly string[]
  /** The jobs that this worker can run. */
  readonly names: readonly string[]
  readonly count: number
  /** RFC 3339. */
  readonly now: string
}

// Rows of one queue are passed in the order of its index: what else waits costs nothing. The array
// keeps the planner from joining the whole table.
const claimText = `with chosen as (
    select c.id from unnest($2::text[]) with ordinality as q(name, place)
    cross join lateral (
      select id from plinth.job
      where queue = q.name and state = 'ready' and name = any($3::text[])
        and not exists (select from plinth.queue p where p.name = q.name)
      order by priority desc, run_at, position
      limit $4::integer for update skip locked
    ) c
    order by q.place limit $4::integer
  )
  update plinth.job set state = 'running', worker = $1::integer, attempt = attempt + 1,
    claim = nextval('plinth.job_claim'), started_at = $5::timestamp with time zone
  where id = any(array(select id from chosen))
  returning id, name, queue, key, input, caller, trace_id, attempt,
    (extract(epoch from enqueued_at) * 1000)::bigint, effect_asked, effect_result,
    priority, run_at, position, ctid, worker, claim`

/** Claims jobs of queues without limits. */
export async function claimJobs(session: Session, claim: Claim): Promise<readonly ClaimedJob[]> {
  const { worker, queues, names, count, now } = claim
  if (count <= 0 || queues.length === 0) return []
  const answer = await session.query({
    name: 'plinth_job_claim',
    text: claimText,
    values: [worker, queues, names, count, now],
  })
  return claimedJobs(answer)
}

/** Rows of a claim, in the order in which they are to run. */
export function claimedJobs({ rows }: Rows): readonly ClaimedJob[] {
  const order = (row: Row): readonly [number, string, number] => [
    -Number(row[11]),
    row[12] ?? '',
    Number(row[13]),
  ]
  const sorted = rows.length < 2 ? rows : [...rows].sort((a, b) => compare(order(a), order(b)))
  return sorted.map(claimedJob)
}

type Row = readonly (string | null)[]

function compare(
  a: readonly [number, string, number],
  b: readonly [number, string, number],
): number {
  if (a[0] !== b[0]) return a[0] - b[0]
  if (a[1] !== b[1]) return a[1] < b[1] ? -1 : 1
  return a[2] - b[2]
}

function claimedJob(row: Row): ClaimedJob {
  const [id, name, queue, key, input, caller, traceId, attempt, enqueuedMs, asked, result] = row
  return {
    ...{ id: id ?? '', name: name ?? '', queue: queue ?? '', key: key ?? null },
    ...{ input: input ?? 'null', traceId: traceId ?? '', attempt: Number(attempt) },
    caller: readCaller(caller ?? ''),
    enqueuedAt: instantText(Number(enqueuedMs)),
    effectAsked: asked === null || asked === undefined ? null : Number(asked),
    effectResult: result ?? null,
    ...{ place: row[14] ?? '', worker: Number(row[15]), claim: Number(row[16]) },
  }
}

const queuesText = `with recursive found as (
    (select queue from plinth.job where state = 'ready' order by queue limit 1)
    union all
    select (select j.queue from plinth.job j where j.state = 'ready' and j.queue > f.queue
      order by j.queue limit 1)
    from found f where f.queue is not null
  )
  select queue from found where queue is not null`

/** The queues that hold jobs which are due, declared or not: nothing enqueued is forgotten. */
export async function queuesWithJobs(session: Session): Promise<readonly string[]> {
  const { rows } = await session.query({ name: 'plinth_queues', text: queuesText, values: [] })
  return rows.map(([queue]) => queue ?? '')
}
