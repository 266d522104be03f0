/** Owns the contract of a replay: what a run is given, what it works with, what comes of it. */

import type { Ask, StepKind, StepRecord } from './record.ts'

/** How a run ended. */
export type Ending =
  | { readonly is: 'returned'; readonly value: unknown }
  /** It returned, and that is stored together with its last step. */
  | { readonly is: 'stored' }
  | { readonly is: 'threw'; readonly error: unknown }
  /** `fail` was called. */
  | { readonly is: 'failed'; readonly detail: string }
  | { readonly is: 'cancelled' }
  /** Every branch waits for something. */
  | { readonly is: 'resting' }
  /** The code went ahead of a step that was then not stored as it was told: it has to run again. */
  | { readonly is: 'misled' }
  /** The code does what replaying forbids: nothing further has happened. */
  | { readonly is: 'violated'; readonly problem: string }
  /** What performs the steps cannot go on, e.g. the database is away. */
  | { readonly is: 'broken'; readonly cause: unknown }

/** What became of a step that is not recorded as ended. `ended`: so has the workflow, with it. */
export type Performed =
  | {
      readonly is: 'settled'
      readonly record: StepRecord
      readonly cancelled: boolean
      readonly ended?: boolean
    }
  /** `inMs`: when it is due, where that is known. */
  | { readonly is: 'waiting'; readonly inMs?: number | undefined }
  | { readonly is: 'refused'; readonly problem: string }

/** How code goes on from a step: it ends the workflow, or does anything else. */
export type Onward = { readonly returned: unknown } | undefined

/**
 * Tells the code what a step will have come to, before that is stored, and answers how the code
 * goes on. Nothing else begins before the step is stored.
 */
export type GoAhead = (record: StepRecord) => Promise<Onward>

/** A step to be done. `W` is its work. */
export interface Performing<W> {
  readonly ask: Ask
  readonly work: W
  readonly record: StepRecord | undefined
  /** Absent where the code must not go ahead of it. */
  readonly goAhead?: GoAhead | undefined
}

/** What a run is given. `W` is the work of a step, `U` what undoes it; neither is looked into. */
export interface Setting<W> {
  /** From which chance follows. */
  readonly seed: string
  readonly startedMs: number
  readonly records: readonly StepRecord[]
  /** Settled before: the run only gathers what is to be undone. */
  readonly ending: Ending | undefined
  readonly stepsMax: number
  /** How long code may hold on to something that is no step, on the machine's clock. */
  readonly stallMs: number
  /** Does a step, or finds that it waits. Rejects where nothing can go on. */
  perform(performing: Performing<W>): Promise<Performed>
}

/** A step that is done and can be undone. */
export interface Undoable<U> {
  readonly record: StepRecord
  readonly undo: U
}

/** What came of a run. */
export interface Replayed<U> {
  readonly ending: Ending
  readonly undoable: readonly Undoable<U>[]
}

/** What the code of a workflow does its steps with. */
export interface Steps<W, U> {
  ask(kind: StepKind, name: string, asked: Asked<W, U>): Promise<unknown>
  parallel(
    name: string,
    branches: Readonly<Record<string, () => Promise<unknown>>>,
  ): Promise<Readonly<Record<string, unknown>>>
  fail(detail: string): never
  /** Milliseconds since 1970 at the end of the last step. */
  nowMs(): number
  random(): number
}

/** A step as the code asks for it. */
export interface Asked<W, U> {
  readonly work: W
  readonly aim?: string | undefined
  readonly undo?: U | undefined
}
