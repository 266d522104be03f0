/** Owns the contract of a journal: what one run of a workflow reads and writes under its lease. */

import type { Ask, StepRecord, StoredError } from './replay/record.ts'

/** How a workflow came to be undone, or what it has ended with. */
export interface StoredEnding {
  readonly state: 'failed' | 'cancelled'
  readonly error: StoredError
  /** True where the code said so on purpose, by `fail`: its starter may read the sentence. */
  readonly said?: boolean
}

/** A workflow as it is when a worker takes it up. */
export interface Instance {
  readonly id: string
  /** From which chance follows: its id, or that of the first of all forks. */
  readonly seed: string
  /** `<kit>.<workflow>`. */
  readonly name: string
  readonly version: number
  /** JSON text. */
  readonly input: string
  readonly startedMs: number
  /** True where it has come to its end. */
  readonly ended: boolean
  /** Why it is being undone. */
  readonly ending: StoredEnding | undefined
  /** Why somebody asked for its cancellation. */
  readonly cancelReason: string | undefined
  /** How often in a row it could not go on. */
  readonly problems: number
}

/** A signal that nobody has taken yet. */
export interface KeptSignal {
  readonly number: string
  readonly signal: string
  /** JSON text. */
  readonly data: string
}

/** What a run begins with. */
export interface Loaded {
  readonly instance: Instance
  readonly records: readonly StepRecord[]
  /** In the order in which they came. */
  readonly signals: readonly KeptSignal[]
}

/** What is to be recorded of a step. */
export interface StepChange {
  readonly ask: Ask
  /** Its record until now. */
  readonly before: StepRecord | undefined
  readonly state: StepRecord['state']
  readonly result?: string | undefined
  readonly error?: StoredError | undefined
  readonly attempts: number
  readonly dueMs?: number | undefined
  readonly aim?: string | undefined
}

/** What else happens in the transaction in which a step is recorded. */
export interface Beside {
  /** The number of a signal that it takes. */
  readonly takes?: string
  /** A child that it starts. */
  readonly starts?: ChildStart
  /** An event that it waits for, other than those that it has had. */
  readonly waitsFor?: EventAim & { readonly taken: readonly string[] }
}

/** A workflow that another one starts. */
export interface ChildStart {
  readonly id: string
  readonly name: string
  readonly version: number
  /** JSON text. */
  readonly input: string
}

/** An event by its type and what it is about. */
export interface EventAim {
  readonly event: string
  readonly subject: string
}

/** A step as it is recorded now. */
export interface Written {
  readonly record: StepRecord
  /** True where somebody has asked for the cancellation of the workflow. */
  readonly cancelled: boolean
  /** True where the workflow has completed in the same commit. */
  readonly ended?: boolean
}

/** What a workflow completes with. */
export interface Completion {
  readonly state: 'completed'
  /** JSON text. */
  readonly result: string | undefined
}

/**
 * Told what a step will be recorded as, before it is stored; answers what the workflow completes
 * with, where nothing comes behind the step. The record has no number yet.
 */
export type Foresee = (record: StepRecord) => Promise<Completion | undefined>

/** What came of logic in a transaction: recorded, or thrown; then nothing is stored. */
export type Transacted<T> =
  | { readonly is: 'done'; readonly value: T }
  | { readonly is: 'threw'; readonly error: unknown }

/** How a child ended. */
export interface ChildOutcome {
  readonly state: 'completed' | 'failed' | 'cancelled'
  /** JSON text. */
  readonly result: string | undefined
  readonly error: StoredError | undefined
}

/** What is to be recorded of the undoing of a step. */
export interface UndoChange {
  readonly state: 'open' | 'done'
  readonly attempts: number
  readonly dueMs?: number | undefined
  readonly error?: StoredError | undefined
}

/** How a workflow ends. */
export type FinalState = Completion | StoredEnding

/** How a step is recorded in the transaction of its logic. */
export interface Recording {
  changeOf(value: unknown): StepChange
  readonly foresee?: Foresee | undefined
}

/**
 * What is stored of one workflow, for the worker that holds it. Everything that writes fails where
 * the worker holds it no longer, and then nothing is stored. `S` is what logic in a transaction
 * works with.
 */
export interface Journal<S> {
  /** Undefined: there is no such workflow any more. */
  load(): Promise<Loaded | undefined>
  /**
   * Runs a step's logic and records the step, in one commit; the end of the workflow with it, where
   * `foresee` says so and the step is stored as that was told.
   */
  transact(logic: (scope: S) => Promise<unknown>, step: Recording): Promise<Transacted<Written>>
  write(change: StepChange, beside?: Beside): Promise<Written>
  /** The signals that nobody has taken yet, as they are now. */
  signals(): Promise<readonly KeptSignal[]>
  /** The JSON text of the first event, since the workflow began, for which a step waits. */
  findEvent(place: string): Promise<string | undefined>
  /** Undefined: it has not ended. */
  childOutcome(id: string): Promise<ChildOutcome | undefined>
  cancelChild(id: string, reason: string): Promise<void>
  /**
   * Begins the undoing of a child that has completed. `done`: there is nothing to undo any more.
   * `underWay`: it wakes this workflow when it has ended.
   */
  undoChild(id: string, reason: string): Promise<'done' | 'underWay'>
  /** Records from now on that the workflow is to be undone. */
  beginUndo(ending: StoredEnding): Promise<void>
  /** Runs the logic that undoes a step and records it, in one commit. */
  transactUndo(logic: (scope: S) => Promise<unknown>, place: string): Promise<Transacted<undefined>>
  writeUndo(place: string, change: UndoChange): Promise<void>
  /**
   * Lets go of the workflow until something comes, or it is due. False where something that it
   * waits for has come meanwhile: then only the changes are stored. While it is undone, it waits
   * for all of its children where no instant is given, and for nothing else.
   */
  rest(changes: readonly StepChange[], wakeMs: number | undefined): Promise<boolean>
  /** Lets go of the workflow because it cannot go on. */
  park(problem: string, wakeMs: number): Promise<void>
  /** Ends it. False where it was to be completed and somebody has asked for its cancellation. */
  end(final: FinalState): Promise<boolean>
  /** Lets go of a workflow that has ended or is gone. */
  leave(): Promise<void>
}
