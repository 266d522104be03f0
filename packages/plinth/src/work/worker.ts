/** Owns a worker: its life in the database, its rounds, its end. */

import { hostname } from 'node:os'
import { present } from '../base/assert.ts'
import { Failure } from '../base/failure.ts'
import { randomFraction } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import { instantText, sleep } from '../base/time.ts'
import type { DedicatedSession } from '../database/database.ts'
import type { News } from '../engine/logic/effects.ts'
import type { WorkerParts } from './parts.ts'
import { giveBack } from './queue/finish.ts'
import { register, signOff } from './queue/sweep.ts'
import { Rounds } from './rounds.ts'
import { type WakeTarget, workChannel } from './waker.ts'

/**
 * The settings of a worker's own connection.
 * A claim is not worth a turn of the disk: what is lost with it is only that a job was claimed,
 * and everything that follows from it is stored behind it. Plans must not depend on statistics
 * that lag behind a queue.
 */
export const workerSettings = `set synchronous_commit = off; set enable_seqscan = off;
  set enable_bitmapscan = off; set enable_hashjoin = off; set enable_mergejoin = off;
  set plan_cache_mode = force_generic_plan`

const againMs = 50
const againMsMax = 2_000

/** Claims jobs and runs them until it is drained. */
export class Worker implements WakeTarget {
  readonly #parts: WorkerParts
  readonly #stopping = Promise.withResolvers<'stop'>()
  #rounds: Rounds | undefined
  #life: Promise<void> | undefined
  #registered = Promise.withResolvers<void>()
  #draining = false

  constructor(parts: WorkerParts) {
    this.#parts = parts
  }

  /** Begins to work. Where the database is away it tries again by itself. */
  start(): void {
    this.#life ??= this.#live()
    this.#parts.waker.attach(this)
  }

  takes(news: News): boolean {
    if (this.#draining || this.#rounds === undefined) return false
    return news === 'events' || this.#rounds.hasRoom
  }

  wake(news: News): void {
    if (this.#parts.manual !== true) this.#rounds?.wake(news)
  }

  /** Resolves when it has registered, at the latest with the next try. */
  get registered(): Promise<void> {
    return this.#registered.promise
  }

  /** Runs everything that is due, until nothing is. Returns how many attempts were made. */
  async runDue(): Promise<number> {
    this.start()
    await this.#registered.promise
    return present(this.#rounds, 'a registered worker').runDue()
  }

  /**
   * Ends it: nothing new is claimed, what runs may end in its time, what is left then is given
   * back and begins anew elsewhere.
   */
  async drain(timeoutMs: number = limits.drainTimeoutMs): Promise<void> {
    this.#draining = true
    this.#parts.waker.attach(undefined)
    await this.#rounds?.drain(timeoutMs)
    this.#stopping.resolve('stop')
    await this.#life
  }

  async #live(): Promise<void> {
    const { runtime } = this.#parts
    for (let pauseMs = againMs; !this.#draining; pauseMs = Math.min(againMsMax, pauseMs * 2)) {
      try {
        await runtime.database.dedicated((session) => this.#hold(session))
        pauseMs = againMs
      } catch (cause) {
        if (this.#draining) return
        const message = 'The worker has no connection of its own; it tries again.'
        runtime.log({ level: 'warning', message, cause })
      }
      if (!this.#draining) await sleep(pauseMs * (0.5 + randomFraction()))
    }
  }

  /** One connection is one life: with it go the lock and every lease. */
  async #hold(session: DedicatedSession): Promise<void> {
    const { runtime } = this.#parts
    const place = `${hostname()}:${process.pid}`
    const number = await register(session, place, instantText(runtime.clock.now()))
    await session.script(workerSettings)
    const rounds = new Rounds({ ...this.#parts, session, number })
    await session.listen(workChannel, (message) => rounds.hear(message))
    this.#rounds = rounds
    this.#registered.resolve()
    if (this.#parts.manual !== true) rounds.start()
    const end = await Promise.race([session.lost, this.#stopping.promise])
    await rounds.stop()
    this.#rounds = undefined
    if (end instanceof Failure) {
      this.#registered = Promise.withResolvers()
      // Others may have the jobs already: nothing that still runs here can commit.
      rounds.loseAll()
      runtime.log({ level: 'warning', message: 'The worker lost its leases.', cause: end })
      return
    }
    const left = rounds.takeBack()
    await giveBack(session, left)
    await signOff(session, number)
  }
}
