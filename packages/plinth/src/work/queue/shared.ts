/** Owns the claiming of jobs whose owners share a worker's places: nobody takes all of them. */

import { randomFraction } from '../../base/ids.ts'
import type { Query, Session } from '../../database/database.ts'
import type { ClaimedJob } from '../../effects/jobs/job.ts'
import { literal, raw, sql, statement } from '../../sql/fragment.ts'
import { claimedJobs } from './claim.ts'

/** Who claims from a shared queue, and what. */
export interface SharedClaim {
  readonly worker: number
  /** Its jobs bear its name. */
  readonly queue: string
  /** Places that are free. */
  readonly free: number
  /** What this worker holds of any queue. */
  readonly held: readonly Pick<ClaimedJob, 'queue' | 'key'>[]
  /** RFC 3339. */
  readonly now: string
}

/** How many owners one claim looks at, twice: behind a point that is drawn anew, and before it. */
const ownersMax = raw('50')

/** Whose a job is: its key up to the first slash. */
function ownerOf(key: string | null): string {
  return key?.split('/', 1)[0] ?? ''
}

/**
 * Claims jobs so that every owner gets a fair part of the free places: who holds least comes
 * first, and an owner takes a further place only while more are free than it holds. So one owner
 * alone fills half of them, two a third each, and whoever comes next finds a place at once.
 */
export async function claimShared(
  session: Session,
  claim: SharedClaim,
): Promise<readonly ClaimedJob[]> {
  const { worker, queue, free, held, now } = claim
  if (free <= 0) return []
  const holds = new Map<string, number>()
  for (const job of held) {
    const owner = ownerOf(job.key)
    if (job.queue === queue) holds.set(owner, (holds.get(owner) ?? 0) + 1)
  }
  const answer = await session.query({
    ...claimQuery(queue),
    values: [worker, free, now, startPoint(), [...holds.keys()], [...holds.values()]],
  })
  return claimedJobs(answer)
}

/** Where there are more owners than a claim looks at, none of them is always behind the others. */
function startPoint(): string {
  return Math.floor(randomFraction() * 4_096)
    .toString(16)
    .padStart(3, '0')
}

const queries = new Map<string, Pick<Query, 'text' | 'name'>>()

// The index of ready jobs by owner (effects/webhooks.ts) names the jobs, so the text does as well.
// It says nothing of the queue: by the index of ready jobs by queue each owner would cost all of
// it, and while a table has no statistics the planner sees no difference.
function claimQuery(queue: string): Pick<Query, 'text' | 'name'> {
  const known = queries.get(queue)
  if (known) return known
  const ready = sql`plinth.job where state = 'ready' and name = ${literal(queue)}`
  const owner = sql`split_part(key, '/', 1)`
  const { text } = statement(sql`with recursive ahead as (
      (select ${owner} as owner from ${ready} and ${owner} >= $4
        order by ${owner} limit 1)
      union all
      select (select ${owner} from ${ready} and ${owner} > a.owner
        order by ${owner} limit 1) from ahead a where a.owner is not null
    ), before as (
      (select ${owner} as owner from ${ready} and ${owner} < $4
        order by ${owner} limit 1)
      union all
      select (select ${owner} from ${ready} and ${owner} > b.owner and ${owner} < $4
        order by ${owner} limit 1) from before b where b.owner is not null
    ), owners as materialized (
      (select owner from ahead where owner is not null limit ${ownersMax})
      union all (select owner from before where owner is not null limit ${ownersMax})
    ), candidate as materialized (
      select c.id, c.run_at, c.position, coalesce(h.count, 0)
        + row_number() over (partition by o.owner order by c.run_at, c.position) as level
      from owners o
      left join unnest($5::text[], $6::integer[]) as h(owner, count) on h.owner = o.owner
      cross join lateral (
        select id, run_at, position from ${ready} and ${owner} = o.owner
        order by run_at, position limit $2::integer / 2 + 1
      ) c
    ), placed as (
      select id, level, row_number() over (order by level, run_at, position) as place
      from candidate
    ), chosen as (
      select id from plinth.job
      where state = 'ready' and id = any(array(
          select id from placed where level + place <= $2::integer + 1))
        and not exists (select from plinth.queue p where p.name = ${literal(queue)})
      order by id for update skip locked
    )
    update plinth.job set state = 'running', worker = $1::integer, attempt = attempt + 1,
      claim = nextval('plinth.job_claim'), started_at = $3::timestamp with time zone
    where id = any(array(select id from chosen))
    returning id, name, queue, key, input, caller, trace_id, attempt,
      (extract(epoch from enqueued_at) * 1000)::bigint, effect_asked, effect_result,
      priority, run_at, position, ctid, worker, claim`)
  const query = { text, name: `plinth_shared_${queries.size}` }
  queries.set(queue, query)
  return query
}
