/** Owns the reading of a workflow for the worker that takes it up. */

import { limits } from '../../../base/limits.ts'
import type { Session } from '../../../database/database.ts'
import type { Instance, KeptSignal, Loaded, StoredEnding } from '../journal.ts'
import type { StepKind, StepRecord, StoredError, UndoRecord } from '../replay/record.ts'

type Row = readonly (string | null)[]

const instanceText = `select name, version, input, (extract(epoch from started_at) * 1000)::bigint,
    state, ending, cancel_reason, problems, parent_id, seed,
    exists (select from plinth.workflow_step where workflow_id = $1),
    exists (select from plinth.workflow_signal where workflow_id = $1), job_id, ctid
  from plinth.workflow where id = $1`
const stepsText = `select place, name, kind, state, number, result, error, attempts,
    (extract(epoch from due_at) * 1000)::bigint, aim,
    (extract(epoch from ended_at) * 1000)::bigint, undoable, reused, undo_state, undo_attempts,
    (extract(epoch from undo_due_at) * 1000)::bigint, undo_error
  from plinth.workflow_step where workflow_id = $1 order by number`
// More than it has steps no run can take.
const signalsText = `select number, signal, data from (
    select number, signal, data, row_number() over (partition by signal order by number) as place
    from plinth.workflow_signal where workflow_id = $1 and taken_by is null) kept
  where place <= $2::integer order by number`

/** A workflow with what its journal needs to know beside. */
export interface LoadedRow extends Loaded {
  readonly parentId: string | undefined
  /** The one job by which it goes on. */
  readonly jobId: string
  /** Where its row stood. */
  readonly place: string
}

/** Reads a workflow with its steps and the signals that nobody has taken. */
export async function loadWorkflow(session: Session, id: string): Promise<LoadedRow | undefined> {
  const values = [id]
  const load = { name: 'plinth_workflow_load', text: instanceText, repeatable: true, values }
  const found = await session.query(load)
  const [row] = found.rows
  if (row === undefined) return undefined
  // A workflow that has just begun has neither, and is loaded by one statement.
  const [steps, signals] = await Promise.all([
    row[10] === 't' ? rowsOf(session, loadSteps, [id]) : none,
    row[11] === 't' ? rowsOf(session, loadSignals, [id, limits.workflowStepsMax]) : none,
  ])
  return {
    instance: instanceOf(id, row),
    records: steps.map(stepOf),
    signals: signals.map(signalOf),
    parentId: row[8] ?? undefined,
    jobId: row[12] ?? '',
    place: row[13] ?? '',
  }
}

const loadSteps = Object.freeze({ name: 'plinth_workflow_load_steps', text: stepsText })
const loadSignals = Object.freeze({ name: 'plinth_workflow_load_signals', text: signalsText })

async function rowsOf(
  session: Session,
  statement: { readonly name: string; readonly text: string },
  values: readonly unknown[],
): Promise<readonly Row[]> {
  const { rows } = await session.query({ ...statement, repeatable: true, values })
  return rows
}

/** The signals that nobody has taken, in the order in which they came. */
export async function keptSignals(session: Session, id: string): Promise<readonly KeptSignal[]> {
  const rows = await rowsOf(session, loadSignals, [id, limits.workflowStepsMax])
  return rows.map(signalOf)
}

const none: readonly Row[] = Object.freeze([])

function instanceOf(id: string, row: Row): Instance {
  const [name, version, input, startedMs, state, ending, cancelReason, problems] = row
  return {
    ...{ id, name: name ?? '', version: Number(version), input: input ?? '{}' },
    seed: row[9] ?? id,
    startedMs: Number(startedMs),
    ended: state !== 'running' && state !== 'undoing',
    ending: ending === null || ending === undefined ? undefined : readEnding(ending),
    cancelReason: cancelReason ?? undefined,
    problems: Number(problems),
  }
}

/** Reads what is stored of an ending. */
export function readEnding(text: string): StoredEnding {
  return JSON.parse(text) as StoredEnding
}

/** Reads what is stored of an error. */
export function readError(text: string | null | undefined): StoredError | undefined {
  return text === null || text === undefined ? undefined : (JSON.parse(text) as StoredError)
}

function stepOf(row: Row): StepRecord {
  const [place, name, kind, state, number, result, error, attempts, due, aim, ended] = row
  return {
    ...{ place: place ?? '', name: name ?? '', kind: kind as StepKind },
    ...{ state: state as StepRecord['state'], number: Number(number) },
    ...{ result: result ?? undefined, error: readError(error), attempts: Number(attempts) },
    ...{ dueMs: msOf(due), aim: aim ?? undefined, endedMs: msOf(ended) },
    ...{ undoable: row[11] === 't', reused: row[12] === 't', undo: undoOf(row) },
  }
}

function undoOf(row: Row): UndoRecord {
  const state = (row[13] ?? 'none') as UndoRecord['state']
  return { state, attempts: Number(row[14]), dueMs: msOf(row[15]), error: readError(row[16]) }
}

function msOf(text: string | null | undefined): number | undefined {
  return text === null || text === undefined ? undefined : Number(text)
}

function signalOf([number, signal, data]: Row): KeptSignal {
  return { number: number ?? '', signal: signal ?? '', data: data ?? 'null' }
}
