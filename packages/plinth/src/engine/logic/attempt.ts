/** Owns one attempt at a transaction: what it has started, what it will cause, whether it lives. */

import type { Caller } from '../../access/caller.ts'
import { keptCaller } from '../../access/kept-caller.ts'
import { assert } from '../../base/assert.ts'
import { instantText } from '../../base/time.ts'
import type { Session } from '../../database/database.ts'
import { asksForRetry, databaseErrorOf } from '../../database/errors.ts'
import type { JobCaller } from '../../effects/jobs/job.ts'
import { Ahead } from '../ahead.ts'
import type { Runtime } from '../runtime.ts'
import type { TwoSteps } from './data/two-steps.ts'
import { PendingEffects } from './effects.ts'
import { Started } from './started.ts'

/** The time of an attempt. Its signal is made for whoever asks for it. */
export interface AttemptTime {
  /** Aborted when the time is over, or the run was. */
  readonly aborted: AbortSignal
}

/** What an attempt is made for. */
export interface AttemptSetting {
  readonly runtime: Runtime
  readonly session: Session
  readonly caller: Caller
  readonly traceId: string
  /** In whose course: `shop.checkout`. */
  readonly name: string
  /** Rows and names that others may want at the same time, for the next attempt to queue at. */
  readonly touched: Set<string>
  /** Watches for takes in two steps; undefined in production. */
  readonly twoSteps?: TwoSteps | undefined
  readonly time: AttemptTime
  /** Whoever follows from outside how far it is. */
  readonly progress: (done: number, note?: string) => void
}

/** One attempt at some logic, or at an action that it calls. Nothing is shared with other ones. */
export class Attempt {
  readonly setting: AttemptSetting
  readonly effects: PendingEffects
  /** RFC 3339: the moment at which it began. */
  readonly now: string
  readonly nowMs: number
  /** How many actions have called one another up to here. */
  readonly depth: number
  readonly #parent: Attempt | undefined
  readonly #started = new Started()
  #count = 0
  #lastCall: Promise<unknown> = Promise.resolve()
  #ended: string | undefined
  #doom: { readonly reason: unknown } | undefined

  constructor(setting: AttemptSetting, parent?: Attempt) {
    this.setting = setting
    this.#parent = parent
    this.effects = parent?.effects ?? new PendingEffects()
    this.depth = parent === undefined ? 0 : parent.depth + 1
    this.nowMs = parent?.nowMs ?? setting.runtime.clock.now()
    this.now = parent?.now ?? instantText(this.nowMs)
  }

  /** Who acts, as jobs and events keep it. */
  get actor(): JobCaller {
    return keptCaller(this.setting.caller)
  }

  /** Runs work of the scope and keeps track of it. Fails where the scope has ended. */
  readonly start = <T>(what: string, work: () => T | Promise<T>): Promise<T> => {
    this.demandOpen(what)
    this.#count += 1
    return this.#started.run(work)
  }

  /** Fails as a bug of the app where the scope is used after its end. */
  demandOpen(what: string): void {
    const { name } = this.setting
    assert(
      this.#ended === undefined,
      `${name} used its scope (${what}) after ${this.#ended}: await everything inside of run.`,
    )
  }

  /**
   * Runs an action that this one calls, after those called before. Where it fails, what it did is
   * undone, and this one can go on, unless it has done other things meanwhile: then nobody can
   * tell what belongs to whom, and the whole transaction fails. `caller` is who calls it, where
   * that is another one than here.
   */
  callInTurn<T>(
    what: string,
    work: (inner: Attempt) => Promise<T>,
    caller: Caller = this.setting.caller,
  ): Promise<T> {
    this.demandOpen(what)
    const before = this.#lastCall
    const called = before.then(() => this.#undoable(work, { ...this.setting, caller }))
    this.#lastCall = called.catch(ignore)
    return this.#started.track(called)
  }

  async #undoable<T>(work: (inner: Attempt) => Promise<T>, setting: AttemptSetting): Promise<T> {
    const { session } = setting
    const inner = new Attempt(setting, this)
    const mark = this.effects.mark()
    const count = this.#count
    const point = `call_${inner.depth}`
    // Not waited for: in front of the first statement of the callee it costs no round trip.
    send(session, `savepoint ${point}`)
    try {
      const value = await work(inner)
      await inner.settle()
      send(session, `release savepoint ${point}`)
      return value
    } catch (error) {
      await inner.drain()
      // What it had foreseen was wrong: it would have failed earlier, and perhaps in another way.
      const belied = session instanceof Ahead ? await session.failure() : undefined
      if (belied !== undefined) this.#condemn(belied)
      send(session, `rollback to savepoint ${point}`)
      this.effects.backTo(mark)
      const cause = databaseErrorOf(error)
      if (this.#count !== count || (cause && asksForRetry(cause))) this.#condemn(error)
      throw error
    }
  }

  /** The transaction cannot commit any more, whoever catches the failure. */
  #condemn(reason: unknown): void {
    this.#doom ??= { reason }
    if (this.#parent) this.#parent.#condemn(reason)
  }

  /** Waits for everything that was started, then ends the scope. */
  async settle(): Promise<void> {
    await this.#started.settle()
    this.end('it had ended')
    this.#started.demandWatched()
    if (this.#doom) throw this.#doom.reason
  }

  /** Ends the scope; what is under way may still come back. */
  end(why: string): void {
    this.#ended ??= why
  }

  /** Ends the scope and waits for what is under way, whatever comes of it. */
  async drain(): Promise<void> {
    this.end('it had failed')
    await this.#started.settle()
  }
}

function send(session: Session, text: string): void {
  // A failure stops everything behind it, the commit included.
  session.query({ text, values: [], name: text.replaceAll(' ', '_') }).catch(ignore)
}

function ignore(): void {
  // Told where it counts.
}
