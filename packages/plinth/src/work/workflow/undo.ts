/** Owns the undoing of a workflow: what was done is undone, latest first, itself durable. */

import { present } from '../../base/assert.ts'
import { onItsWay, reach } from '../../base/failpoint.ts'
import type { Clock } from '../../base/time.ts'
import type { Retry } from '../../define/logic/logic.ts'
import type { Journal, Transacted } from './journal.ts'
import type { StepRecord } from './replay/record.ts'
import type { Undoable } from './replay/setting.ts'
import { restored } from './replay/storable.ts'
import { attemptsMax, delayAfter, storedError } from './retry.ts'

/** What undoes a step: logic, or, for a child that has completed, what it did itself. */
export type Undo<S> = StepUndo<S> | { readonly is: 'child' }

/** The logic that undoes a step. */
export interface StepUndo<S> {
  readonly is: 'step'
  /** In one transaction with the record of it. */
  readonly run: ((scope: S, result: unknown) => Promise<void>) | undefined
  /** A call to the world, before `run`. */
  readonly external: ((call: UndoCall) => Promise<void>) | undefined
  readonly retry: Retry
}

/** What a call to the world gets that undoes another. */
export interface UndoCall {
  readonly result: unknown
  readonly idempotencyKey: string
}

/** What undoing is done with. */
export interface Undoing<S> {
  readonly id: string
  /** Why everything is undone. */
  readonly reason: string
  readonly journal: Journal<S>
  readonly clock: Clock
  readonly fraction: () => number
  readonly aborted: AbortSignal
}

/** How far the undoing came. */
export type UndoOutcome =
  | { readonly is: 'done' }
  /** Without an instant: for a child that is being undone. */
  | { readonly is: 'waiting'; readonly wakeMs: number | undefined }
  /** Somebody has to look. */
  | { readonly is: 'stuck'; readonly problem: string }

/** Undoes what is not undone yet. What fails is repeated before anything earlier is undone. */
export async function undoAll<S>(
  undoing: Undoing<S>,
  undoable: readonly Undoable<Undo<S>>[],
): Promise<UndoOutcome> {
  const open = undoable.filter(({ record }) => record.undo.state !== 'done')
  for (const { record, undo } of open.sort((a, b) => b.record.number - a.record.number)) {
    undoing.aborted.throwIfAborted()
    const outcome = await undoNext(undoing, record, undo)
    if (outcome.is !== 'done') return outcome
    await reach('compensation.half')
  }
  return { is: 'done' }
}

function undoNext<S>(undoing: Undoing<S>, record: StepRecord, undo: Undo<S>): Promise<UndoOutcome> {
  return undo.is === 'child' ? undoChild(undoing, record) : undoStep(undoing, record, undo)
}

/** What a child did is undone by itself, latest first, before anything earlier is undone here. */
async function undoChild<S>(
  { journal, reason }: Undoing<S>,
  { aim, place }: StepRecord,
): Promise<UndoOutcome> {
  const state = await journal.undoChild(present(aim, 'the id of a child'), reason)
  if (state === 'underWay') return { is: 'waiting', wakeMs: undefined }
  await journal.writeUndo(place, { state: 'done', attempts: 0 })
  return { is: 'done' }
}

async function undoStep<S>(
  undoing: Undoing<S>,
  record: StepRecord,
  undo: StepUndo<S>,
): Promise<UndoOutcome> {
  const { attempts, dueMs, error } = record.undo
  if (attempts >= attemptsMax(undo.retry)) return stuck(record.name, attempts, error?.detail)
  if (dueMs !== undefined && dueMs > undoing.clock.now()) return { is: 'waiting', wakeMs: dueMs }
  const outcome = await undoOne(undoing, record, undo)
  if (outcome.is === 'threw') return failed(undoing, { record, undo, error: outcome.error })
  return { is: 'done' }
}

async function undoOne<S>(
  { id, journal, aborted }: Undoing<S>,
  record: StepRecord,
  { run, external }: StepUndo<S>,
): Promise<Transacted<undefined>> {
  const result = restored(record.result)
  if (external !== undefined) {
    const { attempts } = record.undo
    await journal.writeUndo(record.place, { state: 'open', attempts })
    try {
      await onItsWay(external({ result, idempotencyKey: `${id}:${record.place}:undo` }))
    } catch (error) {
      aborted.throwIfAborted()
      return { is: 'threw', error }
    }
    await reach('effect.answered')
  }
  return journal.transactUndo(async (scope) => run?.(scope, result), record.place)
}

interface Failing<S> {
  readonly record: StepRecord
  readonly undo: StepUndo<S>
  readonly error: unknown
}

/** Everything is tried again, whatever it was: to leave it half undone is never right. */
async function failed<S>(
  { journal, clock, fraction }: Undoing<S>,
  { record, undo, error: thrown }: Failing<S>,
): Promise<UndoOutcome> {
  const attempts = record.undo.attempts + 1
  const dueMs = clock.now() + delayAfter(attempts, undo.retry, fraction())
  const error = storedError(thrown)
  await journal.writeUndo(record.place, { state: 'open', attempts, dueMs, error })
  if (attempts >= attemptsMax(undo.retry)) return stuck(record.name, attempts, error.detail)
  return { is: 'waiting', wakeMs: dueMs }
}

function stuck(name: string, attempts: number, detail?: string): UndoOutcome {
  const last = detail === undefined ? '' : ` The last time: ${detail}`
  const times = `Undoing "${name}" failed ${attempts} times`
  return { is: 'stuck', problem: `${times}: mend the cause, then retry the workflow.${last}` }
}
