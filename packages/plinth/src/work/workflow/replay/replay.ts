/** Owns the replaying of a workflow: its code runs from the beginning, recorded steps answer. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { Failure } from '../../../base/failure.ts'
import { Ahead } from './ahead.ts'
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
import { Looks } from './looks.ts'
import { branchValues, stepFailure } from './outcome.ts'
import { type Ask, needsUndo, type StepKind, type StepRecord } from './record.ts'
import type {
  Asked,
  Ending,
  Onward,
  Performed,
  Performing,
  Replayed,
  Setting,
  Steps,
  Undoable,
} from './setting.ts'
import { restored } from './storable.ts'

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

function nothing(): undefined {
  return undefined
}

const over: ReadonlySet<Ending['is']> = new Set(['violated', 'broken', 'misled'])

/** A promise that nobody can catch, because nothing ever becomes of it. */
function never(): Promise<never> {
  return new Promise(() => undefined)
}

const turnsBeforeRest = 20

/** In which branch code is. A step that is called in a callback finds its branch all the same. */
const inside = new AsyncLocalStorage<Branch>()

interface Followed {
  goOn(onward: Onward): void
  readonly stored: Promise<void>
}

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
  /** The step of which the code has gone ahead, until it is stored. */
  #ahead: Followed | undefined
  readonly #looks = new Looks()

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
    this.#ahead?.goOn(this.#onward())
    this.#rest()
  }

  /** What may be stored together with the last step. */
  #onward(): Onward {
    if (this.#ending?.is !== 'returned' || this.#leftOver() !== undefined) return undefined
    return { returned: this.#ending.value }
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
    if (this.#ahead) await this.#caughtUp(this.#ahead)
    const place = `${branch.prefix}${branch.next++}`
    const { work, aim, undo } = asked
    const ask: Ask = { place, kind, name: branch.path + name, aim, undoable: undo !== undefined }
    const record = this.#recordFor(ask)
    if (this.#isOver()) return never()
    if (record === undefined || record.state === 'open') {
      const performed = await this.#perform({ ask, work, record }, branch, undo)
      return performed === undefined ? never() : this.#settle(branch, performed)
    }
    this.#noteUndo(record, undo)
    return this.#settle(branch, record)
  }

  /** Before anything else begins, the step of which the code has gone ahead is stored. */
  #caughtUp({ goOn, stored }: Followed): Promise<void> {
    goOn(undefined)
    return stored
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

  /** Undefined: the run goes no further. */
  async #perform(
    performing: Performing<W>,
    branch: Branch,
    undo: U | undefined,
  ): Promise<StepRecord | undefined> {
    const ahead = branch === this.#root ? new Ahead() : undefined
    for (let looks = 0; this.#ending === undefined; looks++) {
      this.#inFlight += 1
      clearTimeout(this.#stall)
      const performed = this.#performed({ ...performing, goAhead: ahead?.go })
      const told = ahead && (await Promise.race([ahead.told, performed.then(nothing)]))
      if (ahead && told) {
        const stored = this.#follow(ahead, performed, undo)
        this.#ahead = { goOn: (onward) => ahead.goOn(onward), stored }
        return told
      }
      const done = await performed
      this.#landed(done)
      if (done?.is === 'settled') {
        this.#noteUndo(done.record, undo)
        return done.record
      }
      if (done?.is !== 'waiting') break
      this.#suspend()
      // Others may be at work for long. Where none is, the run rests, and nobody comes back here.
      await this.#looks.next(looks, {
        inMs: done.inMs,
        isWorthIt: () => !this.#ended && this.#active > 0,
      })
      this.#active += 1
    }
    return this.#suspend()
  }

  /** Never rejects. Undefined: nothing can go on. */
  async #performed(performing: Performing<W>): Promise<Performed | undefined> {
    try {
      return await this.#setting.perform(performing)
    } catch (cause) {
      this.#ending = { is: 'broken', cause }
      return undefined
    }
  }

  /** A step is no longer under way. */
  #landed(performed: Performed | undefined): void {
    this.#inFlight -= 1
    if (performed?.is === 'refused') this.#violate(performed.problem)
    if (performed?.is === 'settled' && performed.cancelled) this.#ending ??= { is: 'cancelled' }
    this.#watch()
    if (this.#isOver()) this.#finish()
  }

  /** Waits until the step is stored of which the code has gone ahead. */
  async #follow(
    ahead: Ahead,
    performing: Promise<Performed | undefined>,
    undo: U | undefined,
  ): Promise<void> {
    const performed = await performing
    this.#ahead = undefined
    if (performed !== undefined) {
      if (!ahead.wasRight(performed)) this.#ending = { is: 'misled' }
      else if (performed.is === 'settled') {
        this.#noteUndo(performed.record, undo)
        if (performed.ended === true) this.#ending = { is: 'stored' }
      }
    }
    this.#landed(performed)
    this.#rest()
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

  #noteUndo(record: StepRecord, undo: U | undefined): void {
    if (undo === undefined || record.reused || record.state !== 'done') return
    this.#undoable.push({ record, undo })
  }

  #settle(branch: Branch, record: StepRecord): unknown {
    branch.open = undefined
    branch.lastMs = Math.max(branch.lastMs, record.endedMs ?? 0)
    if (record.state === 'failed') {
      throw stepFailure(record.error ?? { code: 'step_failed', detail: 'It failed.' }, record.name)
    }
    return restored(record.result)
  }

  async #parallel(
    name: string,
    given: Readonly<Record<string, () => Promise<unknown>>>,
  ): Promise<Readonly<Record<string, unknown>>> {
    const parent = this.#branch()
    if (!this.#enter(parent, name)) return never()
    if (this.#ahead) await this.#caughtUp(this.#ahead)
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
    return branchValues(Object.keys(given), outcomes)
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
    if (this.#isOver()) return
    this.#ending = { is: 'violated', problem }
    this.#finish()
  }

  #isOver(): boolean {
    return this.#ending !== undefined && over.has(this.#ending.is)
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
    this.#looks.end()
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
