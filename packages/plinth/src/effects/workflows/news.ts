/** Owns what workflows learn while they run: signals, cancellation, events, the end of children. */

import { reach } from '../../base/failpoint.ts'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { Session } from '../../database/database.ts'
import { demandSize } from '../jobs/job.ts'

/** A word to a workflow. */
export interface NewSignal {
  readonly workflowId: string
  /** `<kit>.<signal>`. */
  readonly signal: string
  /** Checked values as JSON text. */
  readonly data: string
}

// The lock is that of the workflow's own rest: a signal is either seen by it, or wakes it.
const lockText = `select state, (select count(*) from plinth.workflow_signal
      where workflow_id = $1 and taken_by is null)
  from plinth.workflow where id = $1 for no key update`
const keepText = `insert into plinth.workflow_signal (workflow_id, signal, data, sent_at)
  values ($1, $2, $3, $4::timestamp with time zone)`

/**
 * Gives a workflow a signal, which is kept until it waits for it. False where the workflow has
 * ended: then nothing is kept. Fails with `not_found` where there is no such workflow, and with
 * `conflict` where it has too many signals already.
 */
export async function sendSignal(
  session: Session,
  { workflowId, signal, data }: NewSignal,
  now: string,
): Promise<boolean> {
  demandSize(data, `The data of the signal ${signal}`)
  const { rows } = await session.query({
    name: 'plinth_workflow_lock',
    text: lockText,
    values: [workflowId],
  })
  const [state, kept] = rows[0] ?? []
  if (!state) throw noWorkflow(workflowId)
  if (state !== 'running') return false
  if (Number(kept) >= limits.workflowSignalsMax) {
    throw new Failure('conflict', {
      detail: `The workflow "${workflowId}" has ${kept} signals that it never waited for.`,
    })
  }
  const keeping = session.query({
    name: 'plinth_workflow_keep_signal',
    text: keepText,
    values: [workflowId, signal, data, now],
  })
  await Promise.all([keeping, reach('signal.arrived')])
  await wakeWorkflows(session, [workflowId], now)
  return true
}

/** Gives workflows signals, one after another. Each answer is that of `sendSignal`. */
export async function sendSignals(
  session: Session,
  signals: readonly NewSignal[],
  now: string,
): Promise<readonly boolean[]> {
  const kept: boolean[] = []
  for (const signal of signals) kept.push(await sendSignal(session, signal, now))
  return kept
}

/** The failure of who names a workflow that is not there. */
export function noWorkflow(id: string): Failure {
  return new Failure('not_found', { detail: `There is no workflow "${id}".` })
}

const wakeText = `with woken as (
    update plinth.workflow set resting = false, wake_at = null
    where id = any($1::text[]) and resting returning job_id
  )
  update plinth.job set state = 'ready', run_at = $2::timestamp with time zone
  where id in (select job_id from woken) and state in ('delayed', 'retrying')`

/** Wakes workflows that rest. One that is under way looks for news itself before it rests. */
export async function wakeWorkflows(
  session: Session,
  ids: readonly string[],
  now: string,
): Promise<void> {
  await session.query({ name: 'plinth_workflow_wake', text: wakeText, values: [ids, now] })
}

// From the new events to who waits for them, and not the other way round: thousands may wait.
const freshText = `with head as materialized (
    select position from plinth.event_head
  ), fresh as materialized (
    select distinct type, subject from plinth.event
    where position > $1::bigint and position <= (select position from head)
      and subject is not null
  )
  select position, array_to_json(array(
    select distinct n.workflow_id from fresh cross join lateral (
      select workflow_id from plinth.workflow_event_wait
      where event = fresh.type and subject = fresh.subject) n
    order by 1)) from head`

const allText = `select position, array_to_json(array(
    select distinct n.workflow_id from plinth.workflow_event_wait n
    where exists (select from plinth.event e
      where e.type = n.event and e.subject = n.subject and not e.id = any(n.taken))
    order by 1)) from plinth.event_head`

/**
 * Wakes the workflows that wait for an event behind a position of the log; undefined: for any.
 * Returns the position up to which it has looked, and how many there were.
 */
export async function wakeForEvents(
  session: Session,
  after: number | undefined,
  now: string,
): Promise<{ readonly position: number; readonly woken: number }> {
  const { rows } = await session.query(
    after === undefined
      ? { name: 'plinth_workflow_waits', text: allText, values: [] }
      : { name: 'plinth_workflow_fresh_waits', text: freshText, values: [after] },
  )
  const [position, found] = rows[0] ?? []
  const ids = JSON.parse(found ?? '[]') as readonly string[]
  if (ids.length > 0) await wakeWorkflows(session, ids, now)
  return { position: Number(position ?? 0), woken: ids.length }
}

const cancelText = `update plinth.workflow
  set cancel_reason = coalesce(cancel_reason, $2)
  where id = $1 and state = 'running' returning id`
const stateText = 'select state from plinth.workflow where id = $1'

/**
 * Asks a workflow to stop and to undo what it has done. False where it has ended or is being undone
 * already. Fails with `not_found`.
 */
export async function cancelWorkflow(
  session: Session,
  { id, reason }: { readonly id: string; readonly reason: string },
  now: string,
): Promise<boolean> {
  const { rows } = await session.query({
    name: 'plinth_workflow_cancel',
    text: cancelText,
    values: [id, reason],
  })
  if (rows.length > 0) {
    await wakeWorkflows(session, [id], now)
    return true
  }
  const found = await session.query({ text: stateText, values: [id] })
  if (found.rows.length === 0) throw noWorkflow(id)
  return false
}
