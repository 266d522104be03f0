/** Owns the performing of steps: what is done for each kind, and what it waits for. */

import { AssertionError } from '../../base/assert.ts'
import { reach } from '../../base/failpoint.ts'
import type { Clock } from '../../base/time.ts'
import type { Retry } from '../../define/logic/logic.ts'
import { callInTime, type ExternalCall } from './call.ts'
import type {
  ChildStart,
  Completion,
  EventAim,
  Foresee,
  Journal,
  KeptSignal,
  StepChange,
} from './journal.ts'
import type { After } from './lengths.ts'
import { Notes } from './notes.ts'
import type { Ask, StepRecord } from './replay/record.ts'
import type { Performing as Asked, GoAhead, Performed } from './replay/setting.ts'
import { type Stored, storable } from './replay/storable.ts'
import { attemptsMax, delayAfter, isWorthRepeating, storedError } from './retry.ts'

/** What a step is to do. `S` is what logic in a transaction works with. */
export type Work<S> =
  | { readonly is: 'step'; readonly run: (scope: S) => Promise<unknown>; readonly retry: Retry }
  | {
      readonly is: 'external'
      readonly run: (scope: ExternalCall) => Promise<unknown>
      readonly retry: Retry
      readonly timeoutMs: number
    }
  | { readonly is: 'sleep'; readonly until: After }
  | { readonly is: 'signal'; readonly signal: string; readonly until: After | undefined }
  | { readonly is: 'event'; readonly aim: EventAim; readonly until: After | undefined }
  | { readonly is: 'child'; readonly child: Omit<ChildStart, 'id'> }

/** What steps are performed with. */
export interface Performing<S> {
  readonly id: string
  readonly journal: Journal<S>
  readonly clock: Clock
  readonly newId: () => string
  /** In [0, 1): the jitter between attempts. */
  readonly fraction: () => number
  readonly resultBytesMax: number
  /** Aborted where the worker must let go. */
  readonly aborted: AbortSignal
  readonly signals: readonly KeptSignal[]
  readonly records: readonly StepRecord[]
}

interface Doing<W> {
  readonly ask: Ask
  readonly work: W
  readonly record: StepRecord | undefined
  readonly goAhead?: GoAhead | undefined
}

type WorkOf<S, K extends Work<S>['is']> = Extract<Work<S>, { readonly is: K }>

const waiting: Performed = Object.freeze({ is: 'waiting' })

/** Performs the steps of one run, and gathers what is to be stored once it rests. */
export class Performer<S> {
  readonly #with: Performing<S>
  readonly #notes: Notes<S>
  #signals: KeptSignal[]
  readonly #takenSignals = new Set<string>()
  readonly #takenEvents: Map<string, string[]>
  readonly #children: Set<string>
  /** Steps that this run has been asked for. */
  readonly #seen = new Set<string>()
  /** How many are under way at once, each in a branch of its own. */
  #underWay = 0

  constructor(performing: Performing<S>) {
    this.#with = performing
    this.#notes = new Notes(performing.journal, performing.clock)
    this.#signals = [...performing.signals]
    this.#takenEvents = takenEvents(performing.records)
    this.#children = openChildren(performing.records)
  }

  /** Open steps that are not stored yet. */
  get changes(): readonly StepChange[] {
    return this.#notes.changes
  }

  /** When the first of all waits is due. */
  get wakeMs(): number | undefined {
    return this.#notes.wakeMs
  }

  /** The ids of children that may be under way, those of this run included. */
  get children(): readonly string[] {
    return [...this.#children]
  }

  async perform({ ask, work, record: before, goAhead }: Asked<Work<S>>): Promise<Performed> {
    // The worker is to let go: what is done so far stays, another goes on from there.
    this.#with.aborted.throwIfAborted()
    this.#underWay += 1
    try {
      await this.#prepare(ask, work)
      const record = this.#notes.latest(ask, before)
      const performed = await this.#perform({ ask, work, record, goAhead })
      // Another branch takes its time: the rest that would store this wait is far off.
      if (this.#underWay > 1) await this.#notes.store()
      return performed
    } finally {
      this.#underWay -= 1
    }
  }

  async #prepare({ place }: Ask, { is }: Work<S>): Promise<void> {
    const again = this.#seen.has(place)
    this.#seen.add(place)
    if (again || is === 'step' || is === 'external') await this.#notes.store()
    if (again && is === 'signal') await this.#lookForSignals()
  }

  #perform({ ask, work, record, goAhead }: Doing<Work<S>>): Promise<Performed> {
    switch (work.is) {
      case 'step':
        return this.#step({ ask, work, record, goAhead })
      case 'external':
        return this.#external({ ask, work, record })
      case 'sleep':
        return this.#sleep({ ask, work, record })
      case 'signal':
        return this.#signal({ ask, work, record })
      case 'event':
        return this.#event({ ask, work, record })
      case 'child':
        return this.#child({ ask, work, record })
    }
  }

  async #step({ ask, work, record, goAhead }: Doing<WorkOf<S, 'step'>>): Promise<Performed> {
    if (this.#isEarly(record)) return this.#notes.waitUntil(record?.dueMs)
    let problem: string | undefined
    await reach('step.starting')
    const done = await this.#with.journal.transact(work.run, {
      changeOf: (value) => {
        const stored = this.#store(ask, value)
        if ('problem' in stored) {
          problem = stored.problem
          throw new Error(problem)
        }
        return this.#done({ ask, record }, stored.text)
      },
      foresee: goAhead && this.#foreseeBy(goAhead),
    })
    if (problem !== undefined) return { is: 'refused', problem }
    if (done.is === 'threw') return this.#threw({ ask, record, retry: work.retry }, done.error)
    await reach('step.recorded')
    return { is: 'settled', ...done.value }
  }

  /** What cannot be stored as a result is said when the workflow has returned it. */
  #foreseeBy(goAhead: GoAhead): Foresee {
    return async (record): Promise<Completion | undefined> => {
      const onward = await goAhead(record)
      if (onward === undefined) return undefined
      const stored = storable(onward.returned, this.#with.resultBytesMax)
      return 'problem' in stored ? undefined : { state: 'completed', result: stored.text }
    }
  }

  async #external({ ask, work, record }: Doing<WorkOf<S, 'external'>>): Promise<Performed> {
    if (this.#isEarly(record)) return this.#notes.waitUntil(record?.dueMs)
    const before = record ?? (await this.#intend(ask))
    const { id, aborted } = this.#with
    await reach('step.starting')
    await reach('effect.sent')
    let value: unknown
    try {
      const call = { idempotencyKey: `${id}:${ask.place}`, aborted }
      value = await callInTime(work.run, { call, timeoutMs: work.timeoutMs, name: ask.name })
    } catch (error) {
      aborted.throwIfAborted()
      return this.#threw({ ask, record: before, retry: work.retry }, error)
    }
    await reach('effect.answered')
    const stored = this.#store(ask, value)
    if ('problem' in stored) return { is: 'refused', problem: stored.problem }
    const settled = await this.#notes.settle(this.#done({ ask, record: before }, stored.text))
    await reach('effect.recorded')
    return settled
  }

  /** Before the call: whoever looks after a crash sees that it may have happened. */
  #intend(ask: Ask): Promise<StepRecord> {
    return this.#notes.write({ ask, before: undefined, state: 'open', attempts: 0 })
  }

  async #sleep({ ask, work, record }: Doing<WorkOf<S, 'sleep'>>): Promise<Performed> {
    const dueMs = record?.dueMs ?? work.until(this.#now())
    if (dueMs > this.#now()) return this.#notes.wait(ask, record, dueMs)
    await reach('timer.due')
    return this.#notes.settle(this.#done({ ask, record }, undefined))
  }

  async #signal({ ask, work, record }: Doing<WorkOf<S, 'signal'>>): Promise<Performed> {
    const found = this.#takeSignal(work.signal)
    const change = this.#done({ ask, record }, found?.data)
    if (found !== undefined) return this.#notes.settle(change, { takes: found.number })
    const dueMs = record === undefined ? work.until?.(this.#now()) : record.dueMs
    if (dueMs === undefined || dueMs > this.#now()) return this.#notes.wait(ask, record, dueMs)
    await reach('timer.due')
    // A signal that comes from here on is kept for the next wait: one outcome is recorded.
    return this.#notes.settle(change)
  }

  async #event({ ask, work, record }: Doing<WorkOf<S, 'event'>>): Promise<Performed> {
    const { journal } = this.#with
    const aim = ask.aim ?? ''
    const taken = this.#takenEvents.get(aim) ?? []
    const dueMs = record === undefined ? work.until?.(this.#now()) : record.dueMs
    let before = record
    if (before === undefined) {
      // The wait is stored before the log is read: an event is seen here, or finds the wait.
      const open = { ask, before, state: 'open', attempts: 0, dueMs, aim } as const
      before = await this.#notes.write(open, { waitsFor: { ...work.aim, taken } })
    }
    const event = await journal.findEvent(ask.place)
    if (event !== undefined) {
      this.#takenEvents.set(aim, [...taken, idOf(event)])
      return this.#notes.settle(this.#done({ ask, record: before }, event))
    }
    if (dueMs === undefined || dueMs > this.#now()) return this.#notes.wait(ask, before, dueMs)
    await reach('timer.due')
    return this.#notes.settle(this.#done({ ask, record: before }, undefined))
  }

  async #child({ ask, work, record }: Doing<WorkOf<S, 'child'>>): Promise<Performed> {
    const { journal, newId } = this.#with
    if (record?.aim === undefined) {
      const starts = { id: newId(), ...work.child }
      const change: StepChange = { ask, before: record, state: 'open', attempts: 0, aim: starts.id }
      await this.#notes.write(change, { starts })
      this.#children.add(starts.id)
      return waiting
    }
    const outcome = await journal.childOutcome(record.aim)
    if (outcome === undefined) return waiting
    this.#children.delete(record.aim)
    const done = this.#done({ ask, record }, outcome.result)
    if (outcome.state === 'completed') return this.#notes.settle(done)
    const word = outcome.state === 'failed' ? 'failed' : 'was cancelled'
    const detail = `"${ask.name}" ${word}: ${outcome.error?.detail ?? 'no reason was given.'}`
    return this.#notes.settle({ ...done, state: 'failed', error: { code: 'step_failed', detail } })
  }

  async #threw(
    { ask, record, retry }: Pick<Doing<never>, 'ask' | 'record'> & { readonly retry: Retry },
    thrown: unknown,
  ): Promise<Performed> {
    // A bug of the app is mended, not tried again: nothing is lost meanwhile.
    if (thrown instanceof AssertionError) return { is: 'refused', problem: bug(ask, thrown) }
    const attempts = (record?.attempts ?? 0) + 1
    const error = storedError(thrown)
    const change = { ask, before: record, attempts, error }
    if (attempts >= attemptsMax(retry) || !isWorthRepeating(thrown)) {
      return this.#notes.settle({ ...change, state: 'failed' })
    }
    const dueMs = this.#now() + delayAfter(attempts, retry, this.#with.fraction())
    this.#notes.keep({ ...change, state: 'open', dueMs })
    return this.#notes.waitUntil(dueMs)
  }

  #done(
    { ask, record }: Pick<Doing<never>, 'ask' | 'record'>,
    result: string | undefined,
  ): StepChange {
    const { attempts = 0, aim = ask.aim, dueMs } = record ?? {}
    return { ask, before: record, state: 'done', result, attempts, aim, dueMs }
  }

  /** True where the next attempt is not due yet. */
  #isEarly(record: StepRecord | undefined): boolean {
    return record?.dueMs !== undefined && record.dueMs > this.#now()
  }

  #takeSignal(name: string): KeptSignal | undefined {
    const at = this.#signals.findIndex(({ signal }) => signal === name)
    const [found] = at < 0 ? [] : this.#signals.splice(at, 1)
    if (found !== undefined) this.#takenSignals.add(found.number)
    return found
  }

  /** Signals may have come since the run began. */
  async #lookForSignals(): Promise<void> {
    const kept = await this.#with.journal.signals()
    this.#signals = kept.filter(({ number }) => !this.#takenSignals.has(number))
  }

  #store({ name }: Ask, value: unknown): Stored {
    const stored = storable(value, this.#with.resultBytesMax)
    if ('text' in stored) return stored
    return { problem: `The result of "${name}" cannot be stored: ${stored.problem}.` }
  }

  #now(): number {
    return this.#with.clock.now()
  }
}

function bug({ name }: Ask, { message }: AssertionError): string {
  return `"${name}" found a bug: ${message}`
}

function takenEvents(records: readonly StepRecord[]): Map<string, string[]> {
  const taken = new Map<string, string[]>()
  for (const { kind, aim, result } of records) {
    if (kind !== 'event' || aim === undefined || result === undefined) continue
    taken.set(aim, [...(taken.get(aim) ?? []), idOf(result)])
  }
  return taken
}

function openChildren(records: readonly StepRecord[]): Set<string> {
  const open = records.filter(({ kind, state }) => kind === 'child' && state === 'open')
  return new Set(open.flatMap(({ aim }) => aim ?? []))
}

function idOf(event: string): string {
  return (JSON.parse(event) as { readonly id: string }).id
}
