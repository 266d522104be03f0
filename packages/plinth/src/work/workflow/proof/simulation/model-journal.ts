/** Owns a model of the database for simulations: what is written is there, or a crash took it. */

import type {
  Beside,
  ChildOutcome,
  FinalState,
  Journal,
  KeptSignal,
  Loaded,
  Recording,
  StepChange,
  StoredEnding,
  Transacted,
  UndoChange,
  Written,
} from '../../journal.ts'
import { needsUndo, notUndone, type StepRecord } from '../../replay/record.ts'

/** What a crash is: nobody catches it but the simulation. */
export class Crash extends Error {}

/** A fact that somebody recorded, with what it is about. */
export interface ModelEvent {
  readonly id: string
  readonly type: string
  readonly subject: string
}

/** One workflow as the model keeps it. */
export interface ModelWorkflow {
  readonly id: string
  readonly name: string
  readonly input: string
  readonly parentId: string | undefined
  state: 'running' | 'undoing' | 'completed' | 'failed' | 'cancelled'
  ending: StoredEnding | undefined
  result: string | undefined
  cancelReason: string | undefined
  problem: string | undefined
  records: StepRecord[]
  signals: { readonly number: string; readonly signal: string; data: string; taken: boolean }[]
  waits: { readonly place: string; readonly type: string; subject: string; taken: string[] }[]
  /** When its job is due. */
  dueMs: number
  resting: boolean
  /** Who holds its job: grows with every claim. */
  holder: number
}

/** What logic in a transaction can do: effects that are there only where it commits. */
export interface ModelScope {
  effect(name: string): void
}

/** Everything that is stored, and what decides about crashes. */
export interface ModelWorld {
  readonly workflows: Map<string, ModelWorkflow>
  readonly events: ModelEvent[]
  /** Committed effects, in their order. */
  readonly effects: string[]
  nowMs: number
  numbers: number
  /** Called before and after every commit; throws a Crash where the process dies there. */
  point(where: string): Promise<void>
  /** Called where others can come between. */
  others(): void
  /** True where a transaction has to run again. */
  conflicts(): boolean
}

/** A workflow that nobody has run yet. */
export function modelWorkflow(
  start: Pick<ModelWorkflow, 'id' | 'name' | 'input' | 'parentId'> & { readonly dueMs: number },
): ModelWorkflow {
  return {
    ...start,
    ...{ state: 'running', ending: undefined, result: undefined, cancelReason: undefined },
    ...{ problem: undefined, records: [], signals: [], waits: [], resting: false, holder: 0 },
  }
}

/** Wakes a workflow that rests. */
export function wake(world: ModelWorld, id: string): void {
  const workflow = world.workflows.get(id)
  if (!workflow?.resting) return
  workflow.resting = false
  workflow.dueMs = world.nowMs
}

/** The journal of one worker for one workflow. */
export function modelJournal(
  world: ModelWorld,
  workflow: ModelWorkflow,
  holder: number,
): Journal<ModelScope> {
  return new ModelJournal(world, workflow, holder)
}

class ModelJournal implements Journal<ModelScope> {
  readonly #world: ModelWorld
  readonly #workflow: ModelWorkflow
  readonly #holder: number

  constructor(world: ModelWorld, workflow: ModelWorkflow, holder: number) {
    this.#world = world
    this.#workflow = workflow
    this.#holder = holder
  }

  async load(): Promise<Loaded> {
    this.#world.others()
    return loadedOf(this.#workflow)
  }

  transact(
    logic: (scope: ModelScope) => Promise<unknown>,
    { changeOf, foresee }: Recording,
  ): Promise<Transacted<Written>> {
    let told: { readonly result: string | undefined; readonly final: FinalState | undefined }
    const decide = async (value: unknown): Promise<void> => {
      const { result } = changeOf(value)
      const final = await foresee?.(recordOf(this.#world, changeOf(value), 0))
      told = { result, final }
    }
    return this.#logic(logic, {
      decide,
      store: (value) => {
        const change = changeOf(value)
        const written = this.#put(change)
        const { result, final } = told
        if (final === undefined || change.result !== result) return written
        return { ...written, ended: endWith(this.#world, this.#workflow, final) }
      },
    })
  }

  write(change: StepChange, beside: Beside = {}): Promise<Written> {
    return this.#commit(() => this.#put(change, beside))
  }

  async signals(): Promise<readonly KeptSignal[]> {
    return this.#workflow.signals.filter(({ taken }) => !taken)
  }

  async findEvent(place: string): Promise<string | undefined> {
    this.#world.others()
    return eventFor(this.#world, this.#workflow, place)
  }

  async childOutcome(id: string): Promise<ChildOutcome | undefined> {
    return outcomeOf(this.#world.workflows.get(id))
  }

  async cancelChild(id: string, reason: string): Promise<void> {
    const child = this.#world.workflows.get(id)
    if (child?.state !== 'running') return
    child.cancelReason ??= reason
    wake(this.#world, id)
  }

  async undoChild(id: string, reason: string): Promise<'done' | 'underWay'> {
    const child = this.#world.workflows.get(id)
    if (child?.state === 'running' || child?.state === 'undoing') return 'underWay'
    if (child?.state !== 'completed' || !child.records.some(needsUndo)) return 'done'
    return this.#commit(() => {
      child.state = 'undoing'
      child.ending = { state: 'cancelled', error: { code: 'cancelled', detail: reason } }
      child.resting = false
      child.dueMs = this.#world.nowMs
      return 'underWay'
    })
  }

  beginUndo(ending: StoredEnding): Promise<void> {
    return this.#commit(() => {
      this.#workflow.state = 'undoing'
      this.#workflow.ending = ending
    })
  }

  transactUndo(
    logic: (scope: ModelScope) => Promise<unknown>,
    place: string,
  ): Promise<Transacted<undefined>> {
    const store = (): undefined => putUndo(this.#workflow, place, undone)
    return this.#logic(logic, { decide: async () => undefined, store })
  }

  writeUndo(place: string, change: UndoChange): Promise<void> {
    return this.#commit(() => putUndo(this.#workflow, place, change))
  }

  rest(changes: readonly StepChange[], wakeMs: number | undefined): Promise<boolean> {
    return this.#commit(() => {
      for (const change of changes) this.#put(change)
      if (hasNews(this.#world, this.#workflow, wakeMs)) return false
      letGo(this.#workflow, wakeMs ?? Number.POSITIVE_INFINITY)
      return true
    })
  }

  park(problem: string, wakeMs: number): Promise<void> {
    return this.#commit(() => {
      this.#workflow.problem = problem
      letGo(this.#workflow, wakeMs)
    })
  }

  end(final: FinalState): Promise<boolean> {
    return this.#commit(() => endWith(this.#world, this.#workflow, final))
  }

  leave(): Promise<void> {
    return this.#commit(() => letGo(this.#workflow, Number.POSITIVE_INFINITY))
  }

  /** One commit: all or nothing, and nothing without the lease. */
  async #commit<T>(write: () => T): Promise<T> {
    await this.#world.point('before')
    this.#world.others()
    if (this.#workflow.holder !== this.#holder) throw new Crash('the lease is lost')
    const value = write()
    await this.#world.point('after')
    return value
  }

  #put(change: StepChange, beside: Beside = {}): Written {
    const { records } = this.#workflow
    const record = recordOf(this.#world, change, this.#world.numbers++)
    const at = records.findIndex(({ place }) => place === record.place)
    const before = records[at]
    if ((before === undefined) !== (change.before === undefined)) throw new Crash('a key is taken')
    if (before !== undefined && before.state !== 'open') throw new Crash('it is settled already')
    if (at < 0) records.push(record)
    else records[at] = record
    putBeside({ world: this.#world, workflow: this.#workflow, place: record.place }, beside)
    return { record, cancelled: this.#workflow.cancelReason !== undefined }
  }

  async #logic<T>(
    logic: (scope: ModelScope) => Promise<unknown>,
    { decide, store }: LogicEnds<T>,
  ): Promise<Transacted<T>> {
    let pending: string[] = []
    let value: unknown
    try {
      value = await logic({ effect: (name) => pending.push(name) })
      await decide(value)
      if (this.#world.conflicts()) {
        // As PostgreSQL asks for it: all of it anew, and this time it comes to something else.
        pending = []
        value = `${String(await logic({ effect: (name) => pending.push(name) }))} again`
      }
    } catch (error) {
      if (error instanceof Crash) throw error
      return { is: 'threw', error }
    }
    return this.#commit(() => {
      const stored = store(value)
      this.#world.effects.push(...pending)
      return { is: 'done', value: stored }
    })
  }
}

interface LogicEnds<T> {
  decide(value: unknown): Promise<void>
  store(value: unknown): T
}

const undone: UndoChange = Object.freeze({ state: 'done', attempts: 0 })

function recordOf(world: ModelWorld, change: StepChange, number: number): StepRecord {
  const { ask, before, state, result, error, attempts, dueMs } = change
  const { place, name, kind, undoable } = ask
  return {
    ...{ place, name, kind, undoable, state, result, error, attempts, dueMs },
    number,
    aim: change.aim ?? before?.aim ?? ask.aim,
    endedMs: state === 'open' ? undefined : world.nowMs,
    reused: false,
    undo: notUndone,
  }
}

interface PlaceOf {
  readonly world: ModelWorld
  readonly workflow: ModelWorkflow
  readonly place: string
}

function putBeside({ world, workflow, place }: PlaceOf, beside: Beside): void {
  const { takes, starts, waitsFor } = beside
  if (takes !== undefined) {
    const signal = workflow.signals.find(({ number }) => number === takes)
    if (!signal || signal.taken) throw new Crash('the signal is taken')
    signal.taken = true
  }
  if (starts !== undefined) {
    const { id, name, input } = starts
    const start = { id, name, input, parentId: workflow.id, dueMs: world.nowMs }
    world.workflows.set(id, modelWorkflow(start))
  }
  if (waitsFor === undefined) return
  const { event: type, subject, taken } = waitsFor
  workflow.waits.push({ place, type, subject, taken: [...taken] })
}

function loadedOf(workflow: ModelWorkflow): Loaded {
  const { id, name, input, state, ending, cancelReason } = workflow
  return structuredClone({
    instance: {
      ...{ id, seed: id, name, input, cancelReason, version: 1, startedMs: 0, problems: 0 },
      ended: state !== 'running' && state !== 'undoing',
      ending: state === 'undoing' ? ending : undefined,
    },
    records: workflow.records,
    signals: workflow.signals.filter(({ taken }) => !taken),
  })
}

/** The event for which a step waits, where it has come. */
export function eventFor(
  world: ModelWorld,
  workflow: ModelWorkflow,
  place: string,
): string | undefined {
  const wait = workflow.waits.find((one) => one.place === place)
  const found = world.events.find(
    ({ id, type, subject }) =>
      type === wait?.type && subject === wait.subject && !wait.taken.includes(id),
  )
  return found && JSON.stringify(found)
}

/** The first signal of a name that nobody has taken. */
export function keptSignal(
  { signals }: ModelWorkflow,
  name: string | undefined,
): { readonly number: string } | undefined {
  return signals.find(({ signal, taken }) => signal === name && !taken)
}

function outcomeOf(workflow: ModelWorkflow | undefined): ChildOutcome | undefined {
  if (!workflow || workflow.state === 'running' || workflow.state === 'undoing') return undefined
  return { state: workflow.state, result: workflow.result, error: workflow.ending?.error }
}

function putUndo(workflow: ModelWorkflow, place: string, change: UndoChange): undefined {
  const at = workflow.records.findIndex((record) => record.place === place)
  const record = workflow.records[at]
  if (!record || record.undo.state === 'done') throw new Crash('it is undone already')
  const { state, attempts, dueMs } = change
  workflow.records[at] = { ...record, undo: { state, attempts, dueMs } }
}

function hasNews(world: ModelWorld, workflow: ModelWorkflow, wakeMs: number | undefined): boolean {
  const { records } = workflow
  const open = records.filter(({ state }) => state === 'open')
  const childEnded = ({ kind, aim }: StepRecord): boolean =>
    kind === 'child' && outcomeOf(world.workflows.get(aim ?? '')) !== undefined
  if (workflow.state === 'undoing') {
    const children = records.filter(({ kind, state }) => kind === 'child' && state !== 'failed')
    return wakeMs === undefined && children.every(childEnded)
  }
  if (workflow.cancelReason !== undefined) return true
  return open.some((record) => {
    const { kind, aim, place } = record
    if (kind === 'signal') return keptSignal(workflow, aim) !== undefined
    if (kind === 'event') return eventFor(world, workflow, place) !== undefined
    return childEnded(record)
  })
}

function letGo(workflow: ModelWorkflow, dueMs: number): void {
  workflow.resting = true
  workflow.dueMs = dueMs
  workflow.holder += 1
}

function endWith(world: ModelWorld, workflow: ModelWorkflow, final: FinalState): boolean {
  if (final.state === 'completed' && workflow.cancelReason !== undefined) return false
  workflow.state = final.state
  if (final.state === 'completed') workflow.result = final.result
  else workflow.ending = final
  letGo(workflow, Number.POSITIVE_INFINITY)
  if (workflow.parentId !== undefined) wake(world, workflow.parentId)
  return true
}
