/** Owns the starting of workflows, inside the transaction of their cause. */

import { Failure, invalidInput } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { Session } from '../../database/database.ts'
import { callerText, demandSize, type JobCaller } from '../jobs/job.ts'

/** The name of the jobs by which workflows go on, and of their queue. */
export const workflowJob = 'plinth.workflow'

/** A workflow to be started. */
export interface NewWorkflow {
  /** At most `workflowIdCharactersMax` characters. */
  readonly id: string
  /** `<kit>.<workflow>`. */
  readonly workflow: string
  readonly version: number
  /** Checked values as JSON text; at most `jobInputBytesMax`. */
  readonly input: string
  readonly caller: JobCaller
  readonly traceId: string
  /** The workflow that waits for it. */
  readonly parentId?: string | undefined
}

/** What became of a start. */
export interface StartedWorkflow {
  readonly id: string
  /** `existing`: a workflow of this id was started before, and nothing has changed. */
  readonly outcome: 'started' | 'existing'
}

// An update of the row that is there, so that the look at it counts as one for PostgreSQL (N1).
// Only what is new gets the job by which it goes on.
const startText = `with made as (
    insert into plinth.workflow
      (id, seed, name, version, input, started_at, caller, trace_id, job_id, parent_id,
        log_position)
    values ($1, $1, $2, $3::integer, $4, $5::timestamp with time zone, $6, $7, $8::uuid, $9,
      (select position from plinth.event_head))
    on conflict (id) do update set starts = workflow.starts + 1
    returning starts, name, job_id
  ), job as (
    insert into plinth.job (id, name, queue, state, priority, run_at, input, caller, trace_id,
      enqueued_at)
    select job_id, '${workflowJob}', '${workflowJob}', 'ready', 0, $5::timestamp with time zone,
      $10, $6, $7, $5::timestamp with time zone
    from made where starts = 1
  )
  select starts, name from made`

/**
 * Starts workflows. A second start with the id of another one of the same name changes nothing.
 * Fails with `conflict` where the id is that of another kind of workflow, `invalid_input` where it
 * is too long, `unserialisable` where an input is.
 */
export async function startWorkflows(
  session: Session,
  starts: readonly NewWorkflow[],
  { newId, now }: { readonly newId: () => string; readonly now: string },
): Promise<readonly StartedWorkflow[]> {
  for (const start of starts) demandSound(start)
  // All of them are under way at once.
  return Promise.all(
    starts.map(async (start) => {
      const isNew = await insert(session, { start, jobId: newId(), now })
      return { id: start.id, outcome: isNew ? 'started' : 'existing' }
    }),
  )
}

interface Inserting {
  readonly start: NewWorkflow
  readonly jobId: string
  readonly now: string
}

/** False where it is there already. */
async function insert(session: Session, { start, jobId, now }: Inserting): Promise<boolean> {
  const { id, workflow, version, input, caller, traceId, parentId = null } = start
  const acting = [callerText(caller), traceId, jobId, parentId]
  const { rows } = await session.query({
    name: 'plinth_workflow_start',
    text: startText,
    values: [id, workflow, version, input, now, ...acting, JSON.stringify({ id })],
  })
  const [times, name] = rows[0] ?? []
  if (name !== workflow) throw otherKind(start, String(name))
  return times === '1'
}

function demandSound({ id, input, workflow }: NewWorkflow): void {
  demandSize(input, `The input of the workflow ${workflow}`)
  const { workflowIdCharactersMax: max } = limits
  if (id !== '' && id.length <= max && !/\p{Cc}/u.test(id)) return
  const detail = `The id of a workflow must have 1 to ${max} characters.`
  throw invalidInput([{ pointer: '/id', code: 'wrong_length', detail }])
}

function otherKind({ id, workflow }: NewWorkflow, name: string): Failure {
  return new Failure('conflict', {
    detail: `"${id}" is a workflow ${name}, not ${workflow}: put the name into the id.`,
  })
}
