/** Owns letting a workflow try again at once, whatever it waits for. */

import { Failure } from '../../../base/failure.ts'
import type { Session } from '../../../database/database.ts'
import { insertJobs } from '../../../effects/jobs/insert.ts'
import { readCaller } from '../../../effects/jobs/job.ts'
import { noWorkflow } from '../../../effects/workflows/news.ts'
import { workflowJob } from '../../../effects/workflows/start.ts'

const lockText = `select w.state, w.ended_at is not null, j.state, w.job_id, w.caller, w.trace_id,
    w.problem is not null or exists (select from plinth.workflow_step s
      where s.workflow_id = w.id
        and (s.state = 'open' and s.attempts > 0 or s.undo_state = 'open' and s.undo_attempts > 0))
  from plinth.workflow w left join plinth.job j on j.id = w.job_id
  where w.id = $1 for update of w`
const dueText = `update plinth.workflow_step
  set due_at = case when state = 'open' and attempts > 0 then null else due_at end,
    undo_due_at = null, undo_attempts = 0
  where workflow_id = $1 and (state = 'open' or undo_state = 'open')`
const againText = `update plinth.workflow set resting = false, wake_at = null, problem = null,
    job_id = $2::uuid
  where id = $1`
const wakeText = `update plinth.job set state = 'ready', run_at = $2::timestamp with time zone
  where id = $1::uuid and state in ('delayed', 'retrying')`
// Run anew, it would go on beside the one in its place.
const replacedText = 'delete from plinth.job where id = $1::uuid and not state = any($2::text[])'
const living: readonly (string | null)[] = ['ready', 'waiting', 'running', 'delayed', 'retrying']

/**
 * Lets a workflow try again what it would try later, and what it has given up undoing; where its
 * job was ended from outside, it gets another. Fails with `not_found`, and with `conflict` where
 * the workflow has ended. Answers false where nothing of it had failed.
 */
export async function retryWorkflow(
  session: Session,
  id: string,
  { newId, now }: { readonly newId: () => string; readonly now: string },
): Promise<boolean> {
  const { rows } = await session.query({ text: lockText, values: [id] })
  const [state, ended, jobState = null, oldJob, caller, traceId, failed] = rows[0] ?? []
  if (!state) throw noWorkflow(id)
  if (ended === 't') {
    throw new Failure('conflict', {
      detail: `The workflow "${id}" has ended (${state}): fork it from a step to go on from there.`,
    })
  }
  const lives = living.includes(jobState)
  const jobId = lives ? oldJob : newId()
  await session.query({ text: dueText, values: [id] })
  await session.query({ text: againText, values: [id, jobId] })
  if (lives) {
    await session.query({ text: wakeText, values: [jobId, now] })
    return failed === 't'
  }
  await session.query({ text: replacedText, values: [oldJob, living] })
  const acting = { caller: readCaller(caller ?? ''), traceId: traceId ?? '' }
  const job = { id: String(jobId), job: workflowJob, queue: workflowJob, priority: 0, runAt: now }
  await insertJobs(session, [{ ...job, ...acting, input: JSON.stringify({ id }) }], now)
  return true
}
