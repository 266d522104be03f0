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

const stateText = 'select state, crowded from plinth.workflow where id = $1'
const untakenText = `select count(*) from plinth.workflow_signal
  where workflow_id = $1 and taken_by is null`
const keepText = `with kept as (
    insert into plinth.workflow_signal (workflow_id, signal, data, sent_at)
    values ($1, $2, $3, $4::timestamp with time zone)
  )
  insert into plinth.workflow_nudge (workflow_id) values ($1)`

/**
 * Gives a workflow a signal, which is kept until it waits for it. It only adds rows, so that who
 * sends signals waits for nobody and conflicts with nobody: a worker wakes the workflow after the
 * commit. False where the workflow has ended: then nothing is kept.
 *
 * Fails with `not_found`, and with `conflict` where `workflowSignalsMax` signals wait already. The
 * worker that wakes the workflow counts them: what is sent before it has looked, usually within
 * milliseconds, is kept all the same.
 */
export async function sendSignal(
  session: Session,
  { workflowId, signal, data }: NewSignal,
  now: string,
): Promise<boolean> {
  demandSize(data, `The data of the signal ${signal}`)
  const { rows } = await session.query({
    name: 'plinth_workflow_state',
    text: stateText,
    values: [workflowId],
  })
  const [state, crowded] = rows[0] ?? []
  if (!state) throw noWorkflow(workflowId)
  if (state !== 'running') return false
  if (crowded === 't') await demandRoom(session, workflowId)
  const keeping = session.query({
    name: 'plinth_workflow_keep_signal',
    text: keepText,
    values: [workflowId, signal, data, now],
  })
  await Promise.all([keeping, reach('signal.arrived')])
  return true
}

/**
 * Some may have been taken since. Only who tells a crowded workflow looks at its signals: in a
 * serializable transaction that look conflicts with everybody who sends beside it.
 */
async function demandRoom(session: Session, id: string): Promise<void> {
  const query = { name: 'plinth_workflow_untaken', text: untakenText, values: [id] }
  const { rows } = await session.query(query)
  const count = Number(rows[0]?.[0])
  if (count < limits.workflowSignalsMax) return
  const cure = 'wait for them in its code, send fewer, or cancel it.'
  throw new Failure('conflict', {
    detail: `The workflow "${id}" has ${count} signals that it has not taken: ${cure}`,
  })
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
  const detail = `There is no workflow "${id}" (any more): check its id.`
  return new Failure('not_found', { detail })
}

const lockText = `select 1 from plinth.workflow where id = any($1::text[]) order by id
  for no key update`
const wakeText = `with woken as (
    update plinth.workflow set resting = false, wake_at = null
    where id = any($1::text[]) and resting returning job_id
  )
  update plinth.job set state = 'ready', run_at = $2::timestamp with time zone
  where id in (select job_id from woken) and state in ('delayed', 'retrying')`

/**
 * Wakes workflows that rest; one that is under way looks for news itself before it rests. The lock
 * waits for one that is just going to rest; only what is asked behind it sees that it does.
 */
export async function wakeWorkflows(
  session: Session,
  ids: readonly string[],
  now: string,
): Promise<void> {
  await session.query({ name: 'plinth_workflow_wake_lock', text: lockText, values: [ids] })
  await session.query({ name: 'plinth_workflow_wake', text: wakeText, values: [ids, now] })
}

const nudgesText = `select position, workflow_id from plinth.workflow_nudge
  order by position limit 500`
const crowdText = `with counted as (
    select w.id, w.crowded, (select count(*) from plinth.workflow_signal
      where workflow_id = w.id and taken_by is null) >= $2::integer as now
    from plinth.workflow w where w.id = any($1::text[]) and w.state = 'running'
  )
  update plinth.workflow w set crowded = counted.now
  from counted where w.id = counted.id and counted.crowded <> counted.now`
const forgetText = 'delete from plinth.workflow_nudge where position = any($1::bigint[])'

/** Wakes the workflows that were told something. Returns how many nudges there were. */
export async function wakeNudged(session: Session, now: string): Promise<number> {
  const { rows } = await session.query({
    name: 'plinth_workflow_nudges',
    text: nudgesText,
    values: [],
  })
  if (rows.length === 0) return 0
  const ids = [...new Set(rows.map(([, id]) => String(id)))]
  await wakeWorkflows(session, ids, now)
  await session.query({
    name: 'plinth_workflow_crowd',
    text: crowdText,
    values: [ids, limits.workflowSignalsMax],
  })
  // Last: where this process dies before, they are woken once more, and find nothing to do.
  await session.query({
    name: 'plinth_workflow_forget_nudges',
    text: forgetText,
    values: [rows.map(([position]) => position)],
  })
  return rows.length
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
