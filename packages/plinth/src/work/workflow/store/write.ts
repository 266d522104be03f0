/** Owns the recording of steps, inside a transaction that the lease guards. */

import { present } from '../../../base/assert.ts'
import { isSabotaged } from '../../../base/failpoint.ts'
import { Failure } from '../../../base/failure.ts'
import { instantText } from '../../../base/time.ts'
import type { Rows, Session } from '../../../database/database.ts'
import type { Hold } from '../../queue/finish.ts'
import type { StepChange, UndoChange, Written } from '../journal.ts'
import { notUndone, type StepRecord } from '../replay/record.ts'

const recordText = `with written as materialized (
    select * from plinth.workflow_record($1::tid, $2, $3::boolean, $4::tid, $5::uuid, $6::integer,
      $7::bigint, $8::boolean, $9, $10, $11, $12::boolean, $13, $14, $15, $16::integer,
      $17::timestamp with time zone, $18, $19::timestamp with time zone, $20::boolean, $21,
      $22::boolean, $23::timestamp with time zone, $24::timestamp with time zone)
  )
  select made, reason, completed from written`

/** Whose step it is, who holds it, and when. */
export interface StepOf {
  readonly workflowId: string
  /** Where the row of the workflow stood. */
  readonly workflowPlace: string
  readonly hold: Hold
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

/** The end of a workflow that is stored with its last step. */
export interface StepEnd {
  /** JSON text. */
  readonly result: string | undefined
  /** True where it may wait for events. */
  readonly forgets: boolean
  /** RFC 3339: until when the workflow is kept, and its job. */
  readonly keepUntil: string
  readonly jobKeepUntil: string
}

/** A step as it will be recorded. Its number is drawn when it is. */
export function recordOf(change: StepChange, nowMs: number): StepRecord {
  const { ask, state, attempts, dueMs, result, error } = change
  const { place, name, kind, undoable } = ask
  const endedMs = state === 'open' ? undefined : nowMs
  return {
    ...{ place, name, kind, undoable, state, attempts, dueMs, endedMs, result, error },
    ...{ aim: change.aim ?? ask.aim, number: 0, reused: false, undo: notUndone },
  }
}

/**
 * Records a step under its lease, in one statement that fails with `lease_lost` where the worker
 * no longer holds the workflow, or another one has recorded the step.
 */
export async function writeStep(
  session: Session,
  { workflowId, workflowPlace, hold, nowMs }: StepOf,
  { change, end }: { readonly change: StepChange; readonly end?: StepEnd | undefined },
): Promise<Written> {
  const record = recordOf(change, nowMs)
  const { place, name, kind, undoable, state, result, error, attempts, dueMs, aim } = record
  const held = [!isSabotaged('lease-without-fence'), hold.place, hold.id, hold.worker, hold.claim]
  const step = [change.before === undefined, place, name, kind, undoable, state, result]
  const more = [textOf(error), attempts, instant(dueMs), aim, instant(record.endedMs)]
  const last = [end !== undefined, end?.result, end?.forgets ?? false]
  const { rows } = await session.query({
    name: 'plinth_workflow_record',
    text: recordText,
    values: [
      ...[workflowPlace, workflowId, ...held, ...step, ...more, ...last],
      ...[end?.keepUntil, end?.jobKeepUntil],
    ],
  })
  const [number, reason, completed] = present(rows[0], 'what became of a step')
  return {
    record: { ...record, number: Number(number) },
    cancelled: reason !== null,
    ended: completed === 't',
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
