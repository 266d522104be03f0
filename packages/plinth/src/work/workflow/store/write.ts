/** Owns the recording of steps, inside a transaction that the lease guards. */

import { present } from '../../../base/assert.ts'
import { Failure } from '../../../base/failure.ts'
import { instantText } from '../../../base/time.ts'
import type { Rows, Session } from '../../../database/database.ts'
import type { StepChange, UndoChange, Written } from '../journal.ts'
import { notUndone } from '../replay/record.ts'

const insertText = `with made as (
    insert into plinth.workflow_step (workflow_id, place, name, kind, undoable, state, result,
      error, attempts, due_at, aim, ended_at)
    values ($1, $2, $3, $4, $5::boolean, $6, $7, $8, $9::integer, $10::timestamp with time zone,
      $11, $12::timestamp with time zone)
    returning number
  )
  select number, (select cancel_reason from plinth.workflow where id = $1) from made`

// Only what is open can end: whoever comes second changes nothing and learns of it.
const updateText = `update plinth.workflow_step
  set undoable = $3::boolean, state = $4, result = $5, error = $6, attempts = $7::integer,
    due_at = $8::timestamp with time zone, aim = $9, ended_at = $10::timestamp with time zone,
    number = nextval('plinth.workflow_step_number')
  where workflow_id = $1 and place = $2 and state = 'open'
  returning number, (select cancel_reason from plinth.workflow where id = $1)`

/** Whose step it is, and when. */
export interface StepOf {
  readonly workflowId: string
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

/** Records a step. Fails with `lease_lost` where another worker has recorded it. */
export async function writeStep(
  session: Session,
  { workflowId, nowMs }: StepOf,
  change: StepChange,
): Promise<Written> {
  const { ask, before, state, attempts, dueMs } = change
  const endedMs = state === 'open' ? undefined : nowMs
  const aim = change.aim ?? ask.aim
  const stored = [state, change.result, textOf(change.error), attempts, instant(dueMs), aim]
  const { place, name, kind, undoable } = ask
  const { rows } = await session.query(
    before === undefined
      ? {
          name: 'plinth_workflow_step_insert',
          text: insertText,
          values: [workflowId, place, name, kind, undoable, ...stored, instant(endedMs)],
        }
      : {
          name: 'plinth_workflow_step_update',
          text: updateText,
          values: [workflowId, place, undoable, ...stored, instant(endedMs)],
        },
  )
  const row = rows[0]
  if (row === undefined) throw recordedElsewhere(name)
  return {
    record: {
      ...{ place, name, kind, undoable, state, attempts, dueMs, aim, endedMs },
      ...{ result: change.result, error: change.error, number: Number(row[0]) },
      ...{ reused: false, undo: notUndone },
    },
    cancelled: row[1] !== null,
  }
}

const takeText = `update plinth.workflow_signal set taken_by = $2
  where number = $1::bigint and taken_by is null`

/** Marks a signal as taken by a step. */
export async function takeSignal(session: Session, number: string, place: string): Promise<void> {
  demandOne(
    await session.query({
      name: 'plinth_workflow_take_signal',
      text: takeText,
      values: [number, place],
    }),
    place,
  )
}

const undoText = `update plinth.workflow_step
  set undo_state = $3, undo_attempts = $4::integer, undo_due_at = $5::timestamp with time zone,
    undo_error = $6
  where workflow_id = $1 and place = $2 and undo_state is distinct from 'done'`

/** Records the undoing of a step. Fails with `lease_lost` where another worker has undone it. */
export async function writeUndo(
  session: Session,
  { workflowId, place }: { readonly workflowId: string; readonly place: string },
  { state, attempts, dueMs, error }: UndoChange,
): Promise<void> {
  demandOne(
    await session.query({
      name: 'plinth_workflow_undo',
      text: undoText,
      values: [workflowId, place, state, attempts, instant(dueMs), textOf(error)],
    }),
    place,
  )
}

function demandOne({ count }: Rows, place: string): void {
  if (count !== 1) throw recordedElsewhere(place)
}

function recordedElsewhere(step: string): Failure {
  return new Failure('lease_lost', {
    detail: `The step ${step} is recorded by another worker: nothing of this attempt is stored.`,
  })
}

/** An instant of milliseconds since 1970. */
export function instant(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : instantText(ms)
}

/** JSON text of what is there. */
export function textOf(value: object | undefined): string | undefined {
  return value === undefined ? undefined : present(JSON.stringify(value), 'JSON text')
}
