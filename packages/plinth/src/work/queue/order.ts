/** Owns the order of jobs: those whose time has come, and the next one of each key. */

import { assert } from '../../base/assert.ts'
import type { Session } from '../../database/database.ts'
import { lockClass } from './locks.ts'

const promoteText = `with due as (
    select id from plinth.job
    where state in ('delayed', 'retrying') and run_at <= $1::timestamp with time zone
    order by run_at limit 500 for update skip locked
  ), moved as (
    update plinth.job
    set state = case when state = 'retrying' or key is null then 'ready' else 'waiting' end
    where id = any(array(select id from due))
    returning queue, key, state
  ), nudged as (
    insert into plinth.job_nudge (queue, key)
    select distinct queue, key from moved where state = 'waiting'
  )
  select count(*) from moved`

/** Makes jobs ready whose time has come. Returns how many. */
export async function promoteDue(session: Session, now: string): Promise<number> {
  const query = { name: 'plinth_job_promote', text: promoteText, values: [now] }
  const { rows } = await session.query(query)
  return Number(rows[0]?.[0] ?? 0)
}

const nextDueText = `select (extract(epoch from run_at) * 1000)::bigint from plinth.job
  where state in ('delayed', 'retrying') order by run_at limit 1`

/** When the next job that is not due will be, in milliseconds since 1970. */
export async function nextDueMs(session: Session): Promise<number | undefined> {
  const query = { name: 'plinth_job_next_due', text: nextDueText, values: [] }
  const { rows } = await session.query(query)
  return rows[0] ? Number(rows[0][0]) : undefined
}

const begin = { name: 'plinth_begin', text: 'begin isolation level read committed', values: [] }
const commit = { name: 'plinth_commit', text: 'commit', values: [] }
const turnLock = {
  name: 'plinth_turn_lock',
  text: `select pg_catalog.pg_advisory_xact_lock(${lockClass.turns}, 0)`,
  values: [],
}

const perPass = 1_000

// Who waits longest in a key comes next, as many at once as its queue allows. Whoever adds a job
// to a key or ends one leaves a nudge in the same transaction, so that nothing waits unseen and
// nobody who enqueues ever waits for a key.
const settleText = `with nudged as materialized (
    delete from plinth.job_nudge where position = any(array(
      select position from plinth.job_nudge order by position limit ${perPass}))
    returning queue, key
  ), keys as materialized (
    select distinct queue, key from nudged
  ), next as (
    select w.id from keys k cross join lateral (
      select id from plinth.job
      where queue = k.queue and key = k.key and state = 'waiting'
      order by position
      limit greatest(0, coalesce(
        (select c.most from unnest($1::text[], $2::integer[]) as c(name, most)
          where c.name = k.queue), 1)
        - (select count(*) from plinth.job a where a.queue = k.queue and a.key = k.key
          and a.key is not null and a.state in ('ready', 'retrying', 'running')))
    ) w
  ), readied as (
    update plinth.job set state = 'ready' where id = any(array(select id from next)) returning 1
  )
  select (select count(*) from nudged), (select count(*) from readied)`

/** How many jobs of a key run at once in the queues where that is more than one. */
export interface KeyLimits {
  readonly queues: readonly string[]
  readonly most: readonly number[]
}

/**
 * Makes the next jobs of nudged keys ready. One pass at a time in all of the database: the lock is
 * taken by a statement of its own, so that the next one sees what the last holder committed. All
 * of it is sent at once, so that no slow process holds the lock. True where more may be left.
 */
export async function settleKeys(session: Session, { queues, most }: KeyLimits): Promise<boolean> {
  const settle = { name: 'plinth_job_settle', text: settleText, values: [queues, most] }
  const [, , answer] = await Promise.all([
    session.query(begin),
    session.query(turnLock),
    session.query(settle),
    session.query(commit),
  ])
  assert(answer !== undefined, 'the answer of the third statement')
  return Number(answer.rows[0]?.[0] ?? 0) >= perPass
}
