/** Owns the taking over of jobs from workers that are gone. */

import type { Session } from '../../database/database.ts'
import { sql, statement, value } from '../../sql/fragment.ts'
import type { Hold } from './finish.ts'
import { lockClass } from './locks.ts'

const sweepText = `with dead as materialized (
    select number from plinth.worker w
    where not exists (
      select from pg_catalog.pg_locks l
      where l.locktype = 'advisory' and l.objsubid = 2 and l.granted
        and l.classid = ${lockClass.worker}::oid and l.objid = w.number::oid
        and l.database = (select d.oid from pg_catalog.pg_database d
          where d.datname = current_database()))
  ), returned as (
    update plinth.job set state = 'ready', worker = null,
      error = 'The process that ran it is gone.'
    where id = any(array(
      select id from plinth.job
      where state = 'running' and worker = any(array(select number from dead))
      order by position limit 1000 for update skip locked))
    returning 1
  ), buried as (
    delete from plinth.worker where number = any(array(select number from dead))
      and not exists (select from plinth.job j
        where j.state = 'running' and j.worker = worker.number)
  )
  select count(*) from returned`

/**
 * Returns the jobs of workers whose lock is gone. The kernel closes a dead process's connection at
 * once, and with it goes the lock. Returns how many jobs are ready again.
 */
export async function takeOver(session: Session): Promise<number> {
  const query = { name: 'plinth_job_sweep', text: sweepText, values: [] }
  const { rows } = await session.query(query)
  return Number(rows[0]?.[0] ?? 0)
}

const beatText = 'update plinth.worker set beat = beat + 1 where number = $1::integer'
const beatsText = 'select number, beat from plinth.worker'

/** Says that a worker's process is not frozen, and reads what the others say. */
export async function beat(session: Session, worker: number): Promise<ReadonlyMap<number, number>> {
  const [, { rows }] = await Promise.all([
    session.query({ name: 'plinth_worker_beat', text: beatText, values: [worker] }),
    session.query({ name: 'plinth_worker_beats', text: beatsText, values: [] }),
  ])
  return new Map(rows.map(([number, beats]) => [Number(number), Number(beats)]))
}

/** Ends the connection by which a frozen worker lives, so that its jobs are taken over. */
export async function endFrozen(session: Session, worker: number): Promise<void> {
  await session.query(
    statement(sql`select pg_catalog.pg_terminate_backend(l.pid) from pg_catalog.pg_locks l
      where l.locktype = 'advisory' and l.objsubid = 2 and l.granted
        and l.classid = ${value(lockClass.worker)}::oid and l.objid = ${value(worker)}::oid
        and l.database = (select d.oid from pg_catalog.pg_database d
          where d.datname = current_database())`),
  )
}

const registerText = `insert into plinth.worker (number, started_at, place)
  values ($1::integer, $2::timestamp with time zone, $3)`

/** Registers a worker and takes the lock that it lives by. Returns its number, a new one. */
export async function register(session: Session, place: string, now: string): Promise<number> {
  const drawn = await session.query({
    text: "select nextval('plinth.worker_number')",
    values: [],
  })
  const number = Number(drawn.rows[0]?.[0])
  const values = [lockClass.worker, number]
  await session.query({
    text: 'select pg_catalog.pg_advisory_lock($1::integer, $2::integer)',
    values,
  })
  await session.query({ text: registerText, values: [number, now, place] })
  return number
}

/** Signs a worker off that holds nothing any more. */
export async function signOff(session: Session, worker: number): Promise<void> {
  const text = 'delete from plinth.worker where number = $1::integer'
  await session.query({ text, values: [worker] })
}

const heldText = `select id, claim, ctid from plinth.job
  where state = 'running' and worker = $1::integer`

/** What a worker holds as the database knows it. */
export async function heldBy(session: Session, worker: number): Promise<readonly Hold[]> {
  const query = { name: 'plinth_job_held', text: heldText, values: [worker] }
  const { rows } = await session.query(query)
  return rows.map(([id, claim, place]) => {
    return { id: id ?? '', place: place ?? '', worker, claim: Number(claim) }
  })
}
