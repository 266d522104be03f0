/** Owns the rounds of a registered worker: what it looks for and when, one thing at a time. */

import { randomFraction } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import { instantText, monotonicMs } from '../base/time.ts'
import type { DedicatedSession } from '../database/database.ts'
import type { ClaimedJob } from '../effects/jobs/job.ts'
import type { News } from '../engine/logic/effects.ts'
import type { Chore } from './chore.ts'
import type { WorkerParts } from './parts.ts'
import { giveBack, type Hold } from './queue/finish.ts'
import { nextDueMs, promoteDue, settleKeys } from './queue/order.ts'
import { Queues } from './queue/queues.ts'
import { Watch } from './queue/watch.ts'
import { Slots } from './run/slots.ts'

/** What a registered worker has beside its parts. */
export interface RoundsParts extends WorkerParts {
  /** Its own connection: all that is sent here is sent by rounds, in turn. */
  readonly session: DedicatedSession
  readonly number: number
}

const tickMs = 100
const staleMs = 1_000
const eagerMs = 20
// What a round costs does not grow with what it finds: under load the eager chores get a tenth of
// the time, and each of their rounds finds more.
const eagerShare = 10
const eagerMsMax = 100
const soonestMs = 3

/** The rounds of one life of a worker. */
export class Rounds {
  readonly #parts: RoundsParts
  readonly #slots: Slots
  readonly #queues: Queues
  readonly #chores: readonly Chore[]
  readonly #nextAtMs = new Map<Chore, number>()
  #keyed = true
  #eager = true
  #again = false
  #going: Promise<void> | undefined
  #stopped = false
  #claiming = true
  #tick: ReturnType<typeof setInterval> | undefined
  #soon: ReturnType<typeof setTimeout> | undefined
  #soonAtMs = Number.POSITIVE_INFINITY
  #eagerSoon: ReturnType<typeof setTimeout> | undefined
  #eagerAtMs = 0
  #eagerPauseMs = eagerMs
  readonly #look = this.#looking()

  constructor(parts: RoundsParts) {
    this.#parts = parts
    const { runtime, runners, jobsAtOnce: places = limits.jobsAtOnce, number } = parts
    const { database, clock, log, catalog } = runtime
    this.#queues = new Queues(catalog.logic, runners)
    this.#slots = new Slots({
      ...{ database, clock, log, runtime, runners, places },
      keepMs: (queue) => this.#queues.keepMs(queue),
      freed: (keyed) => this.#freed(keyed),
      later: (runAtMs) => this.#lookAt(runAtMs),
    })
    const returned = (): void => parts.runtime.effects.wake()
    const watch = new Watch({ number, log, returned, held: () => this.#slots.held })
    this.#chores = [...watch.chores, this.#look, ...(parts.chores ?? [])]
  }

  /** True where it can take on more at once. */
  get hasRoom(): boolean {
    return this.#slots.free > 0 && this.#claiming
  }

  /** Looks after everything from now on. */
  start(): void {
    this.#tick = setInterval(() => this.#go(), tickMs)
    this.#go()
  }

  /** There is work. */
  wake(news: News): void {
    this.#goEagerly()
    if (news === 'events') return
    this.#keyed = true
    this.#again = true
    this.#go()
  }

  /** A message from another process. */
  hear(message: string): void {
    const [word, id] = message.split(' ')
    if (word === 'cancel') {
      // One that was cancelled before, and goes on for a moment, may have the same id.
      for (const held of this.#slots.held) if (held.job.id === id) held.lose()
    } else if (this.#parts.manual !== true) this.wake(word === 'events' ? 'events' : 'jobs')
  }

  /** Claims nothing more and waits for what runs, at most so long. */
  async drain(timeoutMs: number): Promise<void> {
    this.#claiming = false
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, timeoutMs)
    await Promise.race([this.#slots.idle(), promise])
    clearTimeout(timer)
  }

  /** Ends the rounds; the connection is free for others' words when it resolves. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#tick)
    clearTimeout(this.#soon)
    clearTimeout(this.#eagerSoon)
    await this.#going
  }

  /** Nothing that is held may be stored any more. */
  loseAll(): void {
    this.#slots.loseAll()
  }

  /** Everything that is still held, to be given back: it can no longer be completed here. */
  takeBack(): readonly Hold[] {
    const holds = this.#slots.held.map(({ hold }) => hold)
    this.#slots.loseAll()
    return holds
  }

  /** Does everything that is due at this moment, until nothing is. */
  async runDue(): Promise<number> {
    let attempts = 0
    for (;;) {
      let did = false
      for (const chore of this.#chores) did = (await this.#do(chore)) || did
      await this.#order()
      const claimed = await this.#claim()
      await this.#slots.idle()
      attempts += claimed
      if (!did && claimed === 0) return attempts
    }
  }

  #freed(keyed: boolean): void {
    this.#keyed ||= keyed
    if (this.#parts.manual === true) return
    this.#again = true
    this.#go()
  }

  #go(): void {
    if (this.#going || this.#stopped) return
    this.#going = this.#round()
      .catch((cause: unknown) => {
        const message = 'A round of the worker failed; the next one tries again.'
        if (!this.#stopped) this.#parts.runtime.log({ level: 'warning', message, cause })
      })
      .finally(() => {
        this.#going = undefined
        if ((this.#again || this.#eager) && !this.#stopped) this.#go()
      })
  }

  /** The eager chores see what was just committed: all that comes within a moment at once. */
  #goEagerly(): void {
    if (this.#eagerSoon !== undefined || this.#stopped) return
    const inMs = this.#eagerAtMs + this.#eagerPauseMs - monotonicMs()
    const go = (): void => {
      this.#eagerSoon = undefined
      this.#eager = true
      this.#go()
    }
    if (inMs <= 0) go()
    else this.#eagerSoon = setTimeout(go, inMs)
  }

  async #round(): Promise<void> {
    const eager = this.#eager
    this.#eager = false
    while (this.#again && !this.#stopped) {
      this.#again = false
      await this.#claim()
    }
    const nowMs = monotonicMs()
    if (eager) this.#eagerAtMs = nowMs
    let eagerTookMs = 0
    for (const chore of this.#chores) {
      if (this.#stopped) return
      const dueMs = this.#nextAtMs.get(chore) ?? 0
      if (nowMs < dueMs && !(eager && chore.eager === true)) continue
      this.#nextAtMs.set(chore, nowMs + chore.everyMs * (0.9 + randomFraction() * 0.2))
      // What waits for a place waits for no chore.
      const beganMs = monotonicMs()
      if (await this.#do(chore)) this.#again = true
      if (chore.eager === true) eagerTookMs += monotonicMs() - beganMs
      while (this.#again && !this.#stopped) {
        this.#again = false
        await this.#claim()
      }
    }
    if (eager) {
      this.#eagerPauseMs = Math.min(eagerMsMax, Math.max(eagerMs, eagerTookMs * eagerShare))
    }
  }

  #do(chore: Chore): Promise<boolean> {
    return chore.run(this.#parts.session, this.#parts.runtime.clock.now())
  }

  /** What a poll finds where no word has come: times that are due, keys, queues, stale jobs. */
  #looking(): Chore {
    return {
      name: 'look',
      everyMs: limits.jobPollMs,
      run: async (session) => {
        await this.#queues.discover(session)
        const promoted = await this.#order()
        await this.#giveBackStale()
        this.#again = true
        await this.#planNext()
        return promoted > 0
      },
    }
  }

  async #order(): Promise<number> {
    const { session, runtime } = this.#parts
    const promoted = await promoteDue(session, instantText(runtime.clock.now()))
    this.#keyed = true
    return promoted
  }

  async #giveBackStale(): Promise<void> {
    const stale = this.#slots.takeStale(staleMs)
    await giveBack(
      this.#parts.session,
      stale.map(({ hold }) => hold),
    )
  }

  /** A time that comes before the next look is not missed by up to a look. */
  async #planNext(): Promise<void> {
    const dueMs = await nextDueMs(this.#parts.session)
    if (dueMs !== undefined) this.#lookAt(dueMs)
  }

  /** Looks when something is due, where that is before the next look of all. */
  #lookAt(dueMs: number): void {
    const inMs = dueMs - this.#parts.runtime.clock.now()
    if (inMs <= limits.jobPollMs) this.#lookIn(inMs)
  }

  /** The earliest of all instants counts: each look plans the next one. */
  #lookIn(inMs: number): void {
    if (this.#parts.manual === true) return
    // What is put off for less is perhaps not committed yet.
    const waitMs = Math.max(soonestMs, inMs)
    const atMs = monotonicMs() + waitMs
    if (this.#soonAtMs <= atMs) return
    clearTimeout(this.#soon)
    this.#soonAtMs = atMs
    this.#soon = setTimeout(() => {
      this.#soonAtMs = Number.POSITIVE_INFINITY
      this.#nextAtMs.delete(this.#look)
      this.#go()
    }, waitMs)
  }

  get #heldJobs(): readonly ClaimedJob[] {
    return this.#slots.held.map(({ job }) => job)
  }

  /** Claims what fits. The order of keys travels in front of it: one round trip for both. */
  async #claim(): Promise<number> {
    if (!this.#claiming) return 0
    const { session, runtime, number } = this.#parts
    const count = this.#slots.wanted
    if (count <= 0) return 0
    const nowMs = runtime.clock.now()
    const settling = this.#keyed ? settleKeys(session, this.#queues.keyLimits) : undefined
    this.#keyed = false
    const claim = {
      worker: number,
      nowMs,
      count,
      wanted: () => this.#slots.free,
      held: () => this.#heldJobs,
    }
    const claiming = this.#queues.claim(session, claim, (jobs) => this.#slots.add(jobs))
    const [more, { claimed, againMs }] = await Promise.all([settling, claiming])
    if (more === true) this.#keyed = this.#again = true
    // As many as were asked for: there may be more.
    if (claimed >= count && this.#slots.wanted > 0) this.#again = true
    if (againMs !== undefined) this.#lookIn(againMs - nowMs)
    return claimed
  }
}
