/** Owns what one run of a workflow writes down of its steps: at once, or when it rests. */

import { reach } from '../../base/failpoint.ts'
import type { Clock } from '../../base/time.ts'
import type { Beside, Journal, StepChange, Written } from './journal.ts'
import type { Ask, StepRecord } from './replay/record.ts'
import type { Performed } from './replay/setting.ts'

/** The notes of one run. */
export class Notes<S> {
  readonly #journal: Journal<S>
  readonly #clock: Clock
  readonly #open = new Map<string, StepRecord>()
  #changes: StepChange[] = []
  #written: Promise<void> = Promise.resolve()
  #wakeMs: number | undefined

  constructor(journal: Journal<S>, clock: Clock) {
    this.#journal = journal
    this.#clock = clock
  }

  /** Open steps that are not stored yet. */
  get changes(): readonly StepChange[] {
    return this.#changes
  }

  /** When the first of all waits is due. */
  get wakeMs(): number | undefined {
    return this.#wakeMs
  }

  /** The latest that is known of a step: what this run has written, or what it began with. */
  latest({ place }: Ask, before: StepRecord | undefined): StepRecord | undefined {
    return this.#open.get(place) ?? before
  }

  /** Stores a step that stays open. */
  async write(change: StepChange, beside?: Beside): Promise<StepRecord> {
    const { record } = await this.#journal.write(change, beside)
    this.#open.set(record.place, record)
    return record
  }

  /** Stores how a step ended. */
  async settle(change: StepChange, beside?: Beside): Promise<Performed> {
    const written: Written = await this.#journal.write(change, beside)
    await reach('step.recorded')
    return { is: 'settled', ...written }
  }

  /** With the rest that follows, or before something else of this run takes its time. */
  keep(change: StepChange): void {
    this.#changes.push(change)
  }

  /** Stores what was to be stored with the rest: there will be none for a while. */
  store(): Promise<void> {
    const changes = this.#changes
    if (changes.length > 0) {
      this.#changes = []
      this.#written = this.#written.then(async () => {
        for (const change of changes) await this.write(change)
      })
    }
    return this.#written
  }

  /** A step waits until an instant, or for news alone. */
  wait(ask: Ask, record: StepRecord | undefined, dueMs: number | undefined): Performed {
    if (record === undefined) {
      const { aim } = ask
      this.keep({ ask, before: undefined, state: 'open', attempts: 0, dueMs, aim })
    }
    return this.waitUntil(dueMs)
  }

  /** The run wakes at an instant, at the latest. */
  waitUntil(dueMs: number | undefined): Performed {
    if (dueMs === undefined) return { is: 'waiting' }
    this.#wakeMs = Math.min(this.#wakeMs ?? dueMs, dueMs)
    return { is: 'waiting', inMs: dueMs - this.#clock.now() }
  }
}
