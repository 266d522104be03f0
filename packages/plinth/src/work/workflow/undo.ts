/** Owns the undoing of a workflow: what was done is undone, latest first, itself durable. */

import { onItsWay, reach } from '../../base/failpoint.ts'
import type { Clock } from '../../base/time.ts'
import type { Retry } from '../../define/logic/logic.ts'
import type { Journal, Transacted } from './journal.ts'
import type { StepRecord } from './replay/record.ts'
import type { Undoable } from './replay/replay.ts'
import { restored } from './replay/storable.ts'
import { attemptsMax, delayAfter, storedError } from './retry.ts'

/** What undoes a step. */
export interface Undo<S> {
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
  readonly journal: Journal<S>
  readonly clock: Clock
  readonly fraction: () => number
  readonly aborted: AbortSignal
}

/** How far the undoing came. */
export type UndoOutcome =
  | { readonly is: 'done' }
  | { readonly is: 'waiting'; readonly wakeMs: number }
  /** Somebody has to look. */
  | { readonly is: 'stuck'; readonly problem: string }

/** Undoes what is not undone yet. What fails is repeated before anything earlier is undone. */
export async function undoAll<S>(
  undoing: Undoing<S>,
  undoable: readonly Undoable<Undo<S>>[],
): Promise<UndoOutcome> {
  const open = undoable.filter(({ record }) => record.undo.state !== 'done')
  for (const { record, undo } of open.sort((a, b) => b.record.number - a.record.number)) {
    const { attempts, dueMs } = record.undo
    if (attempts >= attemptsMax(undo.retry)) return stuck(record.name, attempts)
    if (dueMs !== undefined && dueMs > undoing.clock.now()) return { is: 'waiting', wakeMs: dueMs }
    undoing.aborted.throwIfAborted()
    const outcome = await undoOne(undoing, record, undo)
    if (outcome.is === 'threw') return failed(undoing, { record, undo, error: outcome.error })
    await reach('compensation.half')
  }
  return { is: 'done' }
}

async function undoOne<S>(
  { id, journal, aborted }: Undoing<S>,
  record: StepRecord,
  { run, external }: Undo<S>,
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
  readonly undo: Undo<S>
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
