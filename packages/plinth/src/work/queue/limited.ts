/** Owns the claiming of jobs from queues with limits: so many at once, so many starts in a time. */

import { instantText } from '../../base/time.ts'
import type { Query, Rows, Session } from '../../database/database.ts'
import type { Queue, Rate } from '../../define/logic/logic.ts'
import type { ClaimedJob } from '../../effects/jobs/job.ts'
import { claimedJobs } from './claim.ts'
import { lockClass } from './locks.ts'

/** Who claims from a queue with limits, and what. */
export interface LimitedClaim {
  readonly worker: number
  readonly queue: string
  readonly limits: Pick<Queue, 'concurrency' | 'rate' | 'ratePerKey'>
  readonly names: readonly string[]
  readonly count: number
  readonly nowMs: number
}

/** What came of it. */
export interface LimitedClaimed {
  readonly jobs: readonly ClaimedJob[]
  /** When to come back, in milliseconds since 1970; undefined: when something changes. */
  readonly againMs: number | undefined
}

const lockText = `select pg_catalog.pg_try_advisory_xact_lock(${lockClass.queue},
  pg_catalog.hashtext($1))`
const stateText = `select
  (select count(*) from plinth.job where queue = $1 and state = 'running'),
  (select count(*) from plinth.job_start where queue = $1 and at > $2::timestamp with time zone),
  (select (extract(epoch from min(at)) * 1000)::bigint from plinth.job_start
    where queue = $1 and at > $2::timestamp with time zone),
  (select count(*) from plinth.queue where name = $1)`
const chooseText = `select id, key from plinth.job
  where queue = $1 and state = 'ready' and name = any($2::text[])
  order by priority desc, run_at, position limit $3::integer for update skip locked`
const startsText = `select key, count(*), (extract(epoch from min(at)) * 1000)::bigint
  from plinth.job_start where queue = $1 and key = any($2::text[])
    and at > $3::timestamp with time zone group by key`
const putOffText = `update plinth.job j set state = 'retrying', run_at = p.run_at
  from unnest($1::uuid[], $2::timestamp with time zone[]) as p(id, run_at) where j.id = p.id`
const takeText = `with forgotten as (
    delete from plinth.job_start where queue = $4 and at <= $5::timestamp with time zone
  ), taken as (
    update plinth.job set state = 'running', worker = $1::integer, attempt = attempt + 1,
      claim = nextval('plinth.job_claim'), started_at = $3::timestamp with time zone
    where id = any($2::uuid[])
    returning id, name, queue, key, input, caller, trace_id, attempt,
      (extract(epoch from enqueued_at) * 1000)::bigint, effect_asked, effect_result,
      priority, run_at, position, ctid as place, worker, claim
  ), noted as (
    insert into plinth.job_start (queue, key, at)
    select queue, key, $3::timestamp with time zone from taken where $6::boolean
  )
  select * from taken`

/**
 * Claims what the limits of a queue allow, over all nodes: one claim of a queue at a time, told
 * apart by a lock that nobody waits for. Starts count in a sliding window, so that no stretch of
 * its length holds more than the limit.
 */
export async function claimLimited(session: Session, claim: LimitedClaim): Promise<LimitedClaimed> {
  if (claim.count <= 0) return { jobs: [], againMs: undefined }
  await session.query(plain('plinth_begin', 'begin isolation level read committed'))
  try {
    const claimed = await claimLocked(session, claim)
    await session.query(plain('plinth_commit', 'commit'))
    return claimed
  } catch (error) {
    await session.query(plain('plinth_rollback', 'rollback'))
    throw error
  }
}

const crowdedMs = 10

async function claimLocked(session: Session, claim: LimitedClaim): Promise<LimitedClaimed> {
  const { queue, limits, count, nowMs } = claim
  const lock = await ask(session, 'plinth_limited_lock', lockText, [queue])
  if (lock.rows[0]?.[0] !== 't') return { jobs: [], againMs: nowMs + crowdedMs }
  const sinceMs = nowMs - (limits.rate?.windowMs ?? 0)
  const state = await ask(session, 'plinth_limited_state', stateText, [queue, instantText(sinceMs)])
  const [running, starts, oldest, paused] = (state.rows[0] ?? []).map(Number)
  const free = (limits.concurrency ?? Number.MAX_SAFE_INTEGER) - (running ?? 0)
  const startable = limits.rate ? limits.rate.limit - (starts ?? 0) : Number.MAX_SAFE_INTEGER
  const most = Math.min(count, free, startable)
  const againMs =
    limits.rate && startable <= 0 ? (oldest ?? nowMs) + limits.rate.windowMs : undefined
  if (most <= 0 || paused !== 0) return { jobs: [], againMs }
  const { rows } = await ask(session, 'plinth_limited_choose', chooseText, [
    ...[queue, claim.names, most],
  ])
  const chosen = rows.map(([id, key]): Chosen => ({ id: id ?? '', key: key ?? null }))
  const allowed = limits.ratePerKey
    ? await putOffKeys(session, { claim, chosen, rate: limits.ratePerKey })
    : chosen
  if (allowed.length === 0) return { jobs: [], againMs: chosen.length > 0 ? nowMs : undefined }
  return { jobs: await take(session, claim, allowed), againMs: undefined }
}

interface Chosen {
  readonly id: string
  readonly key: string | null
}

interface PutOff {
  readonly claim: LimitedClaim
  readonly chosen: readonly Chosen[]
  readonly rate: Rate
}

/** Jobs of keys that have had their starts are put off to when one is due; the others remain. */
async function putOffKeys(
  session: Session,
  { claim, chosen, rate }: PutOff,
): Promise<readonly Chosen[]> {
  const { queue, nowMs } = claim
  const keys = [...new Set(chosen.flatMap(({ key }) => (key === null ? [] : [key])))]
  const since = instantText(nowMs - rate.windowMs)
  const { rows } = await ask(session, 'plinth_limited_starts', startsText, [queue, keys, since])
  const starts = new Map(rows.map(([key, count]) => [key, Number(count)]))
  const oldest = new Map(rows.map(([key, , firstMs]) => [key, Number(firstMs)]))
  const allowed: Chosen[] = []
  const late: Chosen[] = []
  for (const one of chosen) {
    const before = one.key === null ? 0 : (starts.get(one.key) ?? 0)
    if (one.key !== null) starts.set(one.key, before + 1)
    if (one.key === null || before < rate.limit) allowed.push(one)
    else late.push(one)
  }
  if (late.length > 0) {
    const times = late.map(({ key }) => {
      return instantText((oldest.get(key) ?? nowMs) + rate.windowMs)
    })
    await ask(session, 'plinth_limited_put_off', putOffText, [late.map(({ id }) => id), times])
  }
  return allowed
}

async function take(
  session: Session,
  { worker, queue, limits, nowMs }: LimitedClaim,
  chosen: readonly Chosen[],
): Promise<readonly ClaimedJob[]> {
  const { rate, ratePerKey } = limits
  const longestMs = Math.max(rate?.windowMs ?? 0, ratePerKey?.windowMs ?? 0)
  const ids = chosen.map(({ id }) => id)
  const forgotten = instantText(nowMs - longestMs)
  const counts = rate !== undefined || ratePerKey !== undefined
  return claimedJobs(
    await ask(session, 'plinth_limited_take', takeText, [
      ...[worker, ids, instantText(nowMs), queue, forgotten, counts],
    ]),
  )
}

function ask(
  session: Session,
  name: string,
  ...[text, values]: readonly [string, readonly unknown[]]
): Promise<Rows> {
  return session.query({ name, text, values })
}

function plain(name: string, text: string): Query {
  return { name, text, values: [] }
}
