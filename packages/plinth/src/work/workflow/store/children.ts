/** Owns what a workflow does with its children: how they ended, their cancelling, their undoing. */

import type { Session } from '../../../database/database.ts'
import { insertJobs } from '../../../effects/jobs/insert.ts'
import { readCaller } from '../../../effects/jobs/job.ts'
import { workflowJob } from '../../../effects/workflows/start.ts'
import type { ChildOutcome, StoredEnding } from '../journal.ts'
import { readEnding } from './load.ts'
import { textOf } from './write.ts'

const outcomeText = 'select state, result, ending from plinth.workflow where id = $1'

const gone: ChildOutcome = Object.freeze({
  state: 'failed',
  result: undefined,
  error: { code: 'not_found', detail: 'It is no longer kept.' },
})

/** How a child ended. Undefined: it has not. */
export async function childOutcome(
  session: Session,
  id: string,
): Promise<ChildOutcome | undefined> {
  const query = { name: 'plinth_workflow_child', text: outcomeText, values: [id] }
  const { rows } = await session.query(query)
  const [row] = rows
  if (row === undefined) return gone
  const [state, result, ending] = row
  if (state !== 'completed' && state !== 'failed' && state !== 'cancelled') return undefined
  const error = ending ? readEnding(ending).error : undefined
  return { state, result: result ?? undefined, error }
}

const lockText = `select w.state, w.caller, w.trace_id,
    exists (select from plinth.workflow_step s
      where s.workflow_id = w.id and s.state = 'done' and s.undoable and not s.reused
        and s.undo_state is distinct from 'done')
  from plinth.workflow w where w.id = $1 for update of w`
// What it has returned stays to be seen.
const reopenText = `update plinth.workflow
  set state = 'undoing', ending = $2, ended_at = null, keep_until = null, job_id = $3::uuid
  where id = $1`

/** A child whose undoing begins. */
export interface UndoneChild {
  readonly id: string
  readonly reason: string
  /** Of the job by which it goes on. */
  readonly jobId: string
  /** RFC 3339. */
  readonly now: string
}

/**
 * Begins the undoing of a child that has completed: it goes on as a workflow that is cancelled, and
 * wakes its parent at its end. `done`: there is nothing to undo, or nothing any more.
 */
export async function undoChild(
  session: Session,
  { id, reason, jobId, now }: UndoneChild,
): Promise<'done' | 'underWay'> {
  const { rows } = await session.query({ text: lockText, values: [id] })
  const [state, caller, traceId, undoable] = rows[0] ?? []
  if (state === 'running' || state === 'undoing') return 'underWay'
  if (state !== 'completed' || undoable !== 't') return 'done'
  const detail = `What it was part of is undone: ${reason}`
  const ending: StoredEnding = { state: 'cancelled', error: { code: 'cancelled', detail } }
  await session.query({ text: reopenText, values: [id, textOf(ending), jobId] })
  const job = { id: jobId, job: workflowJob, queue: workflowJob, priority: 0, runAt: now }
  const acting = { caller: readCaller(caller ?? ''), traceId: traceId ?? '' }
  await insertJobs(session, [{ ...job, ...acting, input: JSON.stringify({ id }) }], now)
  return 'underWay'
}
