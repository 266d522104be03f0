/** Owns forks: a new workflow that takes over what another one recorded up to a step. */

import { Failure, invalidInput } from '../../../base/failure.ts'
import { logicName } from '../../../catalog/logic/logic.ts'
import type { Session } from '../../../database/database.ts'
import type { Workflow } from '../../../define/logic/logic.ts'
import { insertJobs } from '../../../effects/jobs/insert.ts'
import { readCaller } from '../../../effects/jobs/job.ts'
import { noWorkflow } from '../../../effects/workflows/news.ts'
import { workflowJob } from '../../../effects/workflows/start.ts'

/** A fork to be made. */
export interface Fork {
  readonly sourceId: string
  /** The name of the step from which on everything is done anew: `both/card/charge`. */
  readonly from: string
  /** The id of the new workflow. */
  readonly id: string
  /** The version of its code. Default: that of the source. */
  readonly version?: number | undefined
}

/** What forks are made with. */
export interface Forking {
  readonly newId: () => string
  /** RFC 3339. */
  readonly now: string
  /** Those that the app declares. */
  readonly workflows: ReadonlyMap<string, Workflow>
}

const stepText = `select s.number, exists (select 1 from plinth.workflow_step u
      where u.workflow_id = s.workflow_id and u.number < s.number and u.undo_state is not null)
  from plinth.workflow_step s where s.workflow_id = $1 and s.name = $2`
const workflowText = `insert into plinth.workflow
    (id, seed, name, version, input, started_at, log_position, caller, trace_id, job_id,
      forked_from)
  select $2, seed, name, coalesce($3::integer, version), input, started_at, log_position,
    caller, trace_id, $4::uuid, id
  from plinth.workflow where id = $1
  returning caller, trace_id`
// What is not at its end is done anew, and so is everything that ended behind the step.
const stepsText = `insert into plinth.workflow_step (workflow_id, place, number, name, kind, state,
    result, error, attempts, aim, undoable, reused, ended_at)
  select $2, place, number, name, kind, state, result, error, attempts, aim, undoable, true,
    ended_at
  from plinth.workflow_step
  where workflow_id = $1 and number < $3::bigint and state <> 'open'`

/**
 * Forks a workflow. What it takes over stays the source's: the fork does not undo it. Fails with
 * `not_found` where there is no such workflow or step, and with `conflict` where something before
 * the step has been undone, or the id is taken.
 */
export async function forkWorkflow(
  session: Session,
  { sourceId, from, id, version }: Fork,
  { newId, now, workflows }: Forking,
): Promise<void> {
  await demandFree(session, id)
  if (version !== undefined) await demandVersion(session, { sourceId, version, workflows })
  const { rows: steps } = await session.query({ text: stepText, values: [sourceId, from] })
  const [number, undone] = steps[0] ?? []
  if (!number) throw await absent(session, sourceId, from)
  if (undone === 't') throw wasUndone(from)
  const jobId = newId()
  const made = await session.query({
    text: workflowText,
    values: [sourceId, id, version, jobId],
  })
  const [caller, traceId] = made.rows[0] ?? []
  await session.query({ text: stepsText, values: [sourceId, id, number] })
  const job = { id: jobId, job: workflowJob, queue: workflowJob, priority: 0, runAt: now }
  const acting = { caller: readCaller(caller ?? ''), traceId: traceId ?? '' }
  await insertJobs(session, [{ ...job, ...acting, input: JSON.stringify({ id }) }], now)
}

async function demandFree(session: Session, id: string): Promise<void> {
  const text = 'select name from plinth.workflow where id = $1'
  const { rows } = await session.query({ text, values: [id] })
  if (rows.length === 0) return
  const cure = 'give the fork another id, or none.'
  throw new Failure('conflict', { detail: `There is a workflow "${id}" already: ${cure}` })
}

interface Versioned extends Pick<Forking, 'workflows'> {
  readonly sourceId: string
  readonly version: number
}

/** Without its code a fork would only be parked. */
async function demandVersion(
  session: Session,
  { sourceId, version, workflows }: Versioned,
): Promise<void> {
  const text = 'select name from plinth.workflow where id = $1'
  const { rows } = await session.query({ text, values: [sourceId] })
  const workflow = workflows.get(rows[0]?.[0] ?? '')
  if (workflow === undefined) return
  const known = [...Object.keys(workflow.earlier).map(Number), workflow.version]
  if (known.includes(version)) return
  const has = `${logicName(workflow)} has: ${known.join(', ')}.`
  const detail = `There is no version ${version} of its code. ${has}`
  throw invalidInput([{ pointer: '/version', code: 'not_in_choices', detail }])
}

async function absent(session: Session, id: string, from: string): Promise<Failure> {
  const text = 'select name from plinth.workflow_step where workflow_id = $1 order by number'
  const { rows } = await session.query({ text, values: [id] })
  if (rows.length === 0) return noWorkflow(id)
  const names = rows.map(([name]) => name).join(', ')
  return new Failure('not_found', { detail: `It has no step "${from}". It has: ${names}.` })
}

function wasUndone(from: string): Failure {
  return new Failure('conflict', {
    detail: `Something before "${from}" was undone: fork from the earliest step that was.`,
  })
}
