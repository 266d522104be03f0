/** Owns what is recorded of a workflow's steps, in the form in which replaying needs it. */

/** What a step is. */
export type StepKind = 'step' | 'external' | 'sleep' | 'signal' | 'event' | 'child'

/** Why a step or a workflow failed, as it is stored and thrown again. */
export interface StoredError {
  /** A failure code, or `step_failed` where something else was thrown. */
  readonly code: string
  readonly detail: string
}

/** What is recorded of one step. */
export interface StepRecord {
  /** Where it stands: `2`, or `3.0.1` for the second step of the first branch of step 3. */
  readonly place: string
  /** With the names of its branches before it: `both/card/charge`. */
  readonly name: string
  readonly kind: StepKind
  /** `open`: it waits, or it is under way. */
  readonly state: 'open' | 'done' | 'failed'
  /** Grows with every step that ends. */
  readonly number: number
  /** JSON text; undefined where it has no result. */
  readonly result: string | undefined
  readonly error: StoredError | undefined
  /** How often it was tried and failed. */
  readonly attempts: number
  /** When it is due, in milliseconds since 1970: a timer, or the next attempt. */
  readonly dueMs: number | undefined
  /** What it is about: a signal, an event and its subject, the id of a child. */
  readonly aim: string | undefined
  readonly endedMs: number | undefined
  /** True where something is done to undo it. */
  readonly undoable: boolean
  /** True where it was taken over from the workflow that this one is a fork of. */
  readonly reused: boolean
  readonly undo: UndoRecord
}

/** What is recorded of the undoing of a step. */
export interface UndoRecord {
  readonly state: 'none' | 'open' | 'done'
  readonly attempts: number
  readonly dueMs: number | undefined
  /** Why the last attempt failed. */
  readonly error?: StoredError | undefined
}

/** Nothing has been undone. */
export const notUndone: UndoRecord = Object.freeze({
  state: 'none',
  attempts: 0,
  dueMs: undefined,
})

/** What a workflow asks for at a place. */
export interface Ask {
  readonly place: string
  readonly name: string
  readonly kind: StepKind
  /** Compared with the record's, where there is one. */
  readonly aim: string | undefined
  readonly undoable: boolean
}

/** Whether something is still to be done to undo a step. */
export function needsUndo({ undoable, state, undo, reused }: StepRecord): boolean {
  return undoable && state === 'done' && undo.state !== 'done' && !reused
}
