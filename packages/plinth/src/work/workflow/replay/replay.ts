/** Owns the replaying of a workflow: its code runs from the beginning, recorded steps answer. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { Failure, type FailureCode, failureKinds } from '../../../base/failure.ts'
import {
  type Branch,
  branchAt,
  formProblem,
  fractionOf,
  leftOverProblem,
  nameProblem,
  parallelsOf,
  recordProblem,
} from './branch.ts'
import { type Ask, needsUndo, type StepKind, type StepRecord, type StoredError } from './record.ts'
import { restored } from './storable.ts'

/** How a run ended. */
export type Ending =
  | { readonly is: 'returned'; readonly value: unknown }
  | { readonly is: 'threw'; readonly error: unknown }
  /** `fail` was called. */
  | { readonly is: 'failed'; readonly detail: string }
  | { readonly is: 'cancelled' }
  /** Every branch waits for something. */
  | { readonly is: 'resting' }
  /** The code does what replaying forbids: nothing further has happened. */
  | { readonly is: 'violated'; readonly problem: string }
  /** What performs the steps cannot go on, e.g. the database is away. */
  | { readonly is: 'broken'; readonly cause: unknown }

/** What became of a step that is not recorded as ended. */
export type Performed =
  | { readonly is: 'settled'; readonly record: StepRecord; readonly cancelled: boolean }
  | { readonly is: 'waiting' }
  | { readonly is: 'refused'; readonly problem: string }

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
  perform(ask: Ask, work: W, record: StepRecord | undefined): Promise<Performed>
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

/** The failure of a step, the same in every run. */
export function stepFailure({ code, detail }: StoredError): Failure {
  const known = Object.hasOwn(failureKinds, code) ? (code as FailureCode) : 'step_failed'
  return new Failure(known, { detail })
}

/** Runs the code of a workflow until it ends, rests or cannot go on. */
export function replay<W, U>(
  setting: Setting<W>,
  program: (steps: Steps<W, U>) => Promise<unknown>,
): Promise<Replayed<U>> {
  return new Run<W, U>(setting).start(program)
}

/** The promise, whose rejection is no surprise where the code forgot to wait for it. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}

/** A promise that nobody can catch, because nothing ever becomes of it. */
function never(): Promise<never> {
  return new Promise(() => undefined)
}

const turnsBeforeRest = 20

/** In which branch code is. A step that is called in a callback finds its branch all the same. */
const inside = new AsyncLocalStorage<Branch>()

class Run<W, U> {
  readonly #setting: Setting<W>
  readonly #records: ReadonlyMap<string, StepRecord>
  readonly #parallels: ReadonlyMap<string, StepRecord>
  readonly #visited = new Set<string>()
  readonly #undoable: Undoable<U>[] = []
  readonly #root: Branch
  readonly #end = Promise.withResolvers<Ending>()
  #ending: Ending | undefined
  #ended = false
  #asked = 0
  /** Branches whose code is under way or whose step is. */
  #active = 1
  #inFlight = 0
  #stall: NodeJS.Timeout | undefined

  constructor(setting: Setting<W>) {
    this.#setting = setting
    this.#records = new Map(setting.records.map((record) => [record.place, record]))
    this.#parallels = new Map(setting.records.flatMap(parallelsOf))
    this.#root = branchAt('', '', setting.startedMs)
    this.#ending = setting.ending
  }

  async start(program: (steps: Steps<W, U>) => Promise<unknown>): Promise<Replayed<U>> {
    this.#watch()
    // The code's own promise is not waited for: a run that rests never settles.
    void inside.run(this.#root, () => this.#runRoot(program))
    const ending = await this.#end.promise
    return { ending, undoable: this.#undoable }
  }

  async #runRoot(program: (steps: Steps<W, U>) => Promise<unknown>): Promise<void> {
    let ending: Ending
    try {
      const value = await program(this.#steps())
      ending = { is: 'returned', value }
    } catch (error) {
      ending = { is: 'threw', error }
    }
    this.#checkAwaited(this.#root)
    this.#ending ??= ending
    this.#active -= 1
    this.#rest()
  }

  #steps(): Steps<W, U> {
    return {
      ask: (kind, name, asked) => handled(this.#ask(kind, name, asked)),
      parallel: (name, branches) => handled(this.#parallel(name, branches)),
      fail: (detail) => this.#fail(detail),
      nowMs: () => this.#branch().lastMs,
      random: () => fractionOf(this.#setting.seed, this.#branch()),
    }
  }

  #branch(): Branch {
    return inside.getStore() ?? this.#root
  }

  async #ask(kind: StepKind, name: string, asked: Asked<W, U>): Promise<unknown> {
    const branch = this.#branch()
    if (!this.#enter(branch, name)) return never()
    const place = `${branch.prefix}${branch.next++}`
    const undoable = asked.undo !== undefined
    const ask: Ask = { place, kind, name: branch.path + name, aim: asked.aim, undoable }
    const record = this.#recordFor(ask)
    if (this.#isOver()) return never()
    const settled =
      record !== undefined && record.state !== 'open'
        ? record
        : await this.#perform(ask, asked.work, record)
    if (settled === undefined) return never()
    return this.#settle(branch, settled, asked.undo)
  }

  /** Takes the turn of a branch. False: the run is over, or this step must not be. */
  #enter(branch: Branch, name: string): boolean {
    if (this.#ended || this.#isOver()) return false
    this.#asked += 1
    const tooMany = this.#asked > this.#setting.stepsMax
    const problem = tooMany
      ? `It has more than ${this.#setting.stepsMax} steps: go on in a workflow of its own (child).`
      : nameProblem(branch, name)
    if (problem !== undefined) {
      this.#violate(problem)
      return false
    }
    branch.names.add(name)
    branch.open = branch.path + name
    return true
  }

  #recordFor(ask: Ask): StepRecord | undefined {
    const nested = this.#parallels.get(ask.place)
    if (nested !== undefined) this.#violate(formProblem(ask.name, nested))
    const record = this.#records.get(ask.place)
    if (record === undefined) return undefined
    this.#visited.add(ask.place)
    const problem = recordProblem(ask, record)
    if (problem !== undefined) this.#violate(problem)
    return record
  }

  /** Undefined: it waits, or the run goes no further. */
  async #perform(
    ask: Ask,
    work: W,
    record: StepRecord | undefined,
  ): Promise<StepRecord | undefined> {
    if (this.#ending !== undefined) return this.#suspend()
    this.#inFlight += 1
    clearTimeout(this.#stall)
    try {
      const performed = await this.#setting.perform(ask, work, record)
      if (performed.is === 'refused') this.#violate(performed.problem)
      if (performed.is !== 'settled') return this.#suspend()
      if (performed.cancelled) this.#ending ??= { is: 'cancelled' }
      return performed.record
    } catch (cause) {
      this.#ending = { is: 'broken', cause }
      return this.#suspend()
    } finally {
      this.#inFlight -= 1
      this.#watch()
      if (this.#isOver()) this.#finish()
    }
  }

  #suspend(): undefined {
    this.#active -= 1
    void this.#restSoon()
    return undefined
  }

  /** Behind whatever code does at once that did not wait for its step: that is a mistake to see. */
  async #restSoon(): Promise<void> {
    for (let turn = 0; turn < turnsBeforeRest; turn++) await undefined
    this.#rest()
  }

  #settle(branch: Branch, record: StepRecord, undo: U | undefined): unknown {
    branch.open = undefined
    branch.lastMs = Math.max(branch.lastMs, record.endedMs ?? 0)
    if (record.state === 'failed') {
      throw stepFailure(record.error ?? { code: 'step_failed', detail: `${record.name} failed.` })
    }
    if (undo !== undefined && !record.reused) this.#undoable.push({ record, undo })
    return restored(record.result)
  }

  async #parallel(
    name: string,
    given: Readonly<Record<string, () => Promise<unknown>>>,
  ): Promise<Readonly<Record<string, unknown>>> {
    const parent = this.#branch()
    if (!this.#enter(parent, name)) return never()
    const place = `${parent.prefix}${parent.next++}`
    const instead = this.#records.get(place)
    if (instead !== undefined) this.#violate(formProblem(parent.path + name, instead))
    if (this.#isOver()) return never()
    const entries = Object.entries(given)
    const unnamed = entries.find(([key]) => nameProblem(branchAt('', '', 0), key) !== undefined)
    if (unnamed !== undefined) {
      this.#violate(`The branch "${unnamed[0]}" needs a name of 1 to 100 characters without slash.`)
      return never()
    }
    if (entries.length === 0) {
      parent.open = undefined
      return {}
    }
    const branches = entries.map(([key], index) =>
      branchAt(`${place}.${index}.`, `${parent.path}${name}/${key}/`, parent.lastMs),
    )
    this.#active += branches.length - 1
    let left = branches.length
    const outcomes = await Promise.allSettled(
      entries.map(([, run], index) =>
        this.#runBranch(branches[index] ?? parent, run, () => --left === 0),
      ),
    )
    parent.open = undefined
    parent.lastMs = Math.max(...branches.map(({ lastMs }) => lastMs))
    return valuesOf(entries, outcomes)
  }

  async #runBranch(
    branch: Branch,
    run: () => Promise<unknown>,
    isLast: () => boolean,
  ): Promise<unknown> {
    try {
      return await inside.run(branch, async () => run())
    } finally {
      this.#checkAwaited(branch)
      // The last one hands its turn to the code behind `parallel`.
      if (!isLast()) this.#active -= 1
      void this.#restSoon()
    }
  }

  #checkAwaited({ open }: Branch): void {
    if (open === undefined || this.#ending !== undefined) return
    this.#violate(`The code went on without waiting for "${open}": await each step.`)
  }

  /** Nobody can swallow it: from here on no step begins any more. */
  #fail(detail: string): never {
    this.#ending ??= { is: 'failed', detail }
    throw new Failure('step_failed', { detail })
  }

  #violate(problem: string): void {
    if (this.#ending?.is === 'violated' || this.#ending?.is === 'broken') return
    this.#ending = { is: 'violated', problem }
    this.#finish()
  }

  #isOver(): boolean {
    return this.#ending?.is === 'violated' || this.#ending?.is === 'broken'
  }

  /** Ends the run where no code is under way any more. */
  #rest(): void {
    if (this.#active > 0) return
    this.#ending ??= { is: 'resting' }
    this.#finish()
  }

  #finish(): void {
    if (this.#inFlight > 0 || this.#ending === undefined || this.#ended) return
    this.#ended = true
    clearTimeout(this.#stall)
    const left = this.#leftOver()
    if (left === undefined) this.#end.resolve(this.#ending)
    else this.#end.resolve({ is: 'violated', problem: leftOverProblem(left) })
  }

  /** What is recorded and was not asked for, where that is a mistake. */
  #leftOver(): StepRecord | undefined {
    if (this.#isOver()) return undefined
    const all = ['returned', 'threw', 'resting'].includes(this.#ending?.is ?? '')
    const due = all ? this.#setting.records : this.#setting.records.filter(needsUndo)
    return due.find(({ place }) => !this.#visited.has(place))
  }

  /** Code that holds on to something that is no step would keep its worker for good. */
  #watch(): void {
    if (this.#inFlight > 0 || this.#ended) return
    clearTimeout(this.#stall)
    const { stallMs } = this.#setting
    this.#stall = setTimeout(() => {
      const waits = `The code waited ${stallMs / 1_000} s for something that is no step`
      this.#violate(`${waits}: call the world by external, and wait by sleep.`)
    }, stallMs)
  }
}

function valuesOf(
  entries: readonly (readonly [string, unknown])[],
  outcomes: readonly PromiseSettledResult<unknown>[],
): Readonly<Record<string, unknown>> {
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return Object.fromEntries(
    entries.map(([key], index) => {
      const outcome = outcomes[index]
      return [key, outcome?.status === 'fulfilled' ? outcome.value : undefined]
    }),
  )
}
