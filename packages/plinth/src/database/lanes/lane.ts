/** Owns a lane: statements of many callers on few connections, fairly, none blocked by another. */

import { Failure } from '../../base/failure.ts'
import { monotonicMs } from '../../base/time.ts'
import type { Query, Rows } from '../database.ts'
import { type Exchange, exchangeOf, isTooLong, renew } from '../wire/exchange.ts'
import { type Line, type LineOptions, Lines } from './lines.ts'
import { type Paces, slowPace } from './paces.ts'
import { callerOf, Turns } from './turns.ts'

/** How a lane is built. */
export interface LaneOptions extends LineOptions {
  /** Connections that carry several statements at a time. */
  readonly connections: number
  /** Statements under way on each of them, and what they may be expected to take together. */
  readonly depthMax: number
  readonly loadMaxMs: number
  /** Statements that may run alone at a time, each on a connection of its own. */
  readonly aloneMax: number
  /** Connections that one caller may hold by slow statements; the app itself is not counted. */
  readonly heldPerCallerMax: number
  /** Statements that may wait, in all and of one caller, and for how long. */
  readonly waitingMax: number
  readonly waitingPerCallerMax: number
  readonly waitMs: number
  /** After so many looks without an answer, what a connection works on counts as slow. */
  readonly stuckLooksMax: number
  /** Present where statements are reads: how long each takes, and that some may be run again. */
  readonly paces?: Paces
}

const lookEveryMs = 20
const alone = Object.freeze({ stores: true, commits: 'after' })

/**
 * Sends statements as soon as a connection has room, in turn between callers where not all have.
 *
 * Reads that are known to be quick share connections, back to back. Any other read has a connection
 * to itself while it runs; one that turns out slow keeps its connection, and those behind it are
 * sent elsewhere. So the wait of a caller does not depend on what another one asks for.
 */
export class Lane {
  readonly #options: LaneOptions
  readonly #lines: Lines
  readonly #quick = new Turns()
  readonly #alone = new Turns()
  readonly #held = new Map<string, number>()
  #aloneRunning = 0
  #looking: NodeJS.Timeout | undefined
  #closed = false
  #emptied: (() => void) | undefined

  constructor(options: LaneOptions) {
    this.#options = options
    this.#lines = new Lines(options, {
      opened: () => this.#pump(),
      lost: (line) => this.#release(line),
      long: (line, exchange) => this.#long(line, exchange),
      answered: (line, exchange) => this.#answered(line, exchange),
    })
  }

  /** Opens the connections that should be there and are not. */
  open(): Promise<void> {
    return this.#lines.openMissing()
  }

  /** Runs one statement, as its own transaction. */
  query(query: Query): Promise<Rows> {
    return new Promise((resolve, reject) => {
      const exchange = exchangeOf(query, alone, { resolve, reject })
      exchange.paceMs = this.#paceOf(query)
      const line = this.#roomAtOnce(exchange)
      if (line) this.#send(line, exchange)
      else this.#wait(exchange)
    })
  }

  /** Waits for all statements, then closes. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#waiting > 0 && this.#lines.open.length > 0) {
      await new Promise<void>((resolve) => {
        this.#emptied = resolve
      })
    }
    await this.#lines.close()
    clearInterval(this.#looking)
  }

  get #waiting(): number {
    return this.#quick.size + this.#alone.size
  }

  #paceOf(query: Query): number {
    return this.#options.paces?.of(query) ?? 0
  }

  #roomAtOnce(exchange: Exchange): Line | undefined {
    if (this.#closed || exchange.paceMs === slowPace || this.#quick.size > 0) return undefined
    return this.#mayGo(exchange) ? this.#carrier() : undefined
  }

  /** What is stored cannot be sent elsewhere: whoever holds many connections by it has to wait. */
  #mayGo(exchange: Exchange): boolean {
    if (this.#held.size === 0 || this.#options.paces) return true
    return this.#mayHold(callerOf(exchange))
  }

  #mayHold(caller: string): boolean {
    return caller === '' || (this.#held.get(caller) ?? 0) < this.#options.heldPerCallerMax
  }

  /** The connection with the fewest statements under way, where it has room for one more. */
  #carrier(): Line | undefined {
    const { connections, depthMax, loadMaxMs } = this.#options
    let best: Line | undefined
    let usable = 0
    for (const line of this.#lines.open) {
      if (line.holder !== undefined) continue
      if (usable === connections) break
      usable += 1
      if (best === undefined || line.wire.inFlight < best.wire.inFlight) best = line
    }
    if (best?.wire.inFlight === 0) return best
    if (usable < connections) this.#lines.grow()
    if (best === undefined || best.wire.inFlight >= depthMax) return undefined
    return best.loadMs < loadMaxMs ? best : undefined
  }

  /**
   * A connection for a statement alone: the last one, for the first ones carry the quick. Where
   * there are several, one stays free of slow statements, or the quick would wait for a new one.
   */
  #idle(): Line | undefined {
    const free = this.#lines.open.filter(({ holder }) => holder === undefined)
    const idle = free.findLast(({ wire }) => wire.inFlight === 0)
    if (idle && (free.length > 1 || this.#options.connections === 1)) return idle
    this.#lines.grow()
    return undefined
  }

  #send(line: Line, exchange: Exchange): void {
    if (line.wire.inFlight === 0) {
      line.loadMs = 0
      exchange.sentAtMs = monotonicMs()
    }
    line.loadMs += exchange.paceMs
    this.#look()
    line.wire.send(exchange)
  }

  #sendAlone(line: Line, exchange: Exchange): void {
    exchange.paceMs = 0
    this.#hold(line, callerOf(exchange), true)
    this.#send(line, exchange)
  }

  #wait(exchange: Exchange): void {
    const refusal = this.#refusal(exchange)
    if (refusal) {
      exchange.reject(refusal)
      return
    }
    exchange.waitsSinceMs = monotonicMs()
    this.#turnsOf(exchange).add(exchange)
    this.#look()
    this.#pump()
  }

  #turnsOf({ paceMs }: Exchange): Turns {
    return paceMs === slowPace ? this.#alone : this.#quick
  }

  #refusal(exchange: Exchange): Failure | undefined {
    if (this.#closed) return new Failure('unavailable', { detail: 'The server is stopping.' })
    const { waitingMax, waitingPerCallerMax } = this.#options
    const turns = this.#turnsOf(exchange)
    const caller = callerOf(exchange)
    const count = turns.countOf(caller)
    if (caller !== '' && count >= waitingPerCallerMax) return tooManyOfOne(waitingPerCallerMax)
    if (this.#waiting < waitingMax) return undefined
    // Whoever waits with the most makes room for those who wait with less.
    const dropped = turns.dropOfLongest(count + 1)
    dropped?.reject(overloaded('statementsWaitingMax'))
    return dropped ? undefined : overloaded('statementsWaitingMax')
  }

  /** Sends what waits, as far as there is room. */
  #pump(): void {
    if (this.#lines.open.length === 0) {
      // Nobody is left to answer: who waits is told why no new connection can be had.
      this.#lines.openMissing().catch((error: unknown) => this.#failWaiting(error))
      return
    }
    this.#pumpQuick()
    this.#pumpAlone()
    if (this.#waiting === 0) this.#emptied?.()
  }

  #pumpQuick(): void {
    while (this.#quick.size > 0) {
      const line = this.#carrier()
      const exchange = line && this.#quick.take((first) => this.#mayGo(first))
      if (line === undefined || exchange === undefined) return
      // It may have become slow while it waited.
      exchange.paceMs = this.#paceOf(exchange.query)
      if (exchange.paceMs === slowPace) this.#alone.add(exchange)
      else this.#send(line, exchange)
    }
  }

  #pumpAlone(): void {
    while (this.#alone.size > 0) {
      const full = this.#aloneRunning >= this.#options.aloneMax
      let line: Line | undefined
      const exchange = this.#alone.take((first) => {
        // It may have become quick: the first of many alike shows how long they take.
        const quick = this.#paceOf(first.query) !== slowPace
        if (quick) line = this.#carrier()
        else line = !full && this.#mayHold(callerOf(first)) ? this.#idle() : undefined
        return line !== undefined
      })
      if (exchange === undefined || line === undefined) return
      exchange.paceMs = this.#paceOf(exchange.query)
      if (exchange.paceMs === slowPace) this.#sendAlone(line, exchange)
      else this.#send(line, exchange)
    }
  }

  #answered(line: Line, exchange: Exchange): void {
    line.loadMs -= exchange.paceMs
    if (exchange.sentAtMs > 0) {
      const tookMs = monotonicMs() - exchange.sentAtMs
      this.#options.paces?.note(exchange.query, tookMs, exchange.rowBytes)
    }
    if (line.holder && line.wire.inFlight === 0) this.#release(line)
    if (this.#waiting > 0) this.#pump()
  }

  #long(line: Line, exchange: Exchange): void {
    this.#options.paces?.noteLong(exchange.query)
    if (!line.holder) this.#becomeSlow(line, exchange)
    // The server finds nobody to send the rest to, and stops reading it. Nothing innocent is
    // under way here any more, which could not be said of a request to cancel.
    if (isTooLong(exchange)) line.wire.destroy('the rows are longer than their statement takes')
  }

  #hold(line: Line, caller: string, planned: boolean): void {
    line.holder = { caller, planned }
    this.#held.set(caller, (this.#held.get(caller) ?? 0) + 1)
    if (planned) this.#aloneRunning += 1
  }

  #release(line: Line): void {
    const { holder } = line
    if (holder === undefined) return
    line.holder = undefined
    const left = (this.#held.get(holder.caller) ?? 0) - 1
    if (left > 0) this.#held.set(holder.caller, left)
    else this.#held.delete(holder.caller)
    if (holder.planned) this.#aloneRunning -= 1
  }

  /** A statement that shared its connection takes long: those behind it go elsewhere. */
  #becomeSlow(line: Line, exchange: Exchange): void {
    this.#hold(line, callerOf(exchange), false)
    if (this.#options.paces === undefined) return
    const behind = line.wire.handOver('followers')
    for (const follower of behind.toReversed()) this.#again(follower)
    this.#pump()
  }

  #again(exchange: Exchange): void {
    renew(exchange)
    exchange.waitsSinceMs = monotonicMs()
    exchange.paceMs = this.#paceOf(exchange.query)
    this.#turnsOf(exchange).addFirst(exchange)
  }

  /** Looks at the connections now and then, as long as anything is under way. */
  #look(): void {
    if (this.#looking) return
    this.#looking = setInterval(() => this.#lookAround(), lookEveryMs)
    this.#looking.unref()
  }

  #lookAround(): void {
    const suspects = this.#lines.open.filter((line) => isStuck(line, this.#options.stuckLooksMax))
    // What has arrived while the process itself was busy is read before anything is concluded.
    if (suspects.length > 0) setImmediate(() => this.#concludeStuck(suspects))
    this.#dropOverdue()
    if (this.#quick.size > 0 && !this.#lines.canGrow) this.#makeRoom()
    if (this.#waiting > 0) this.#pump()
    if (this.#waiting > 0 || this.#lines.open.some(({ wire }) => wire.inFlight > 0)) return
    clearInterval(this.#looking)
    this.#looking = undefined
  }

  #concludeStuck(suspects: readonly Line[]): void {
    for (const line of suspects) {
      const { head, answers, isOpen } = line.wire
      if (line.holder || !isOpen || head === undefined || answers !== line.answersSeen) continue
      // From here on it is measured, so that its next run is expected to take as long.
      head.sentAtMs ||= monotonicMs() - this.#options.stuckLooksMax * lookEveryMs
      this.#becomeSlow(line, head)
    }
  }

  #dropOverdue(): void {
    const since = monotonicMs() - this.#options.waitMs
    for (const turns of [this.#quick, this.#alone]) {
      for (const exchange of turns.dropWaitingSince(since)) {
        exchange.reject(overloaded('acquireTimeoutMs'))
      }
    }
  }

  /** Where slow reads hold every connection, one that passed for quick starts anew, alone. */
  #makeRoom(): void {
    const { open } = this.#lines
    if (this.#options.paces === undefined || open.some(({ holder }) => !holder)) return
    const line = open.find(({ holder }) => holder?.planned === false)
    const [head] = line?.wire.handOver('head') ?? []
    if (line === undefined || head === undefined) return
    this.#options.paces.noteLong(head.query)
    this.#again(head)
    line.wire.destroy('quick reads need the connection')
    this.#pump()
  }

  #failWaiting(reason: unknown): void {
    for (const turns of [this.#quick, this.#alone]) {
      for (const exchange of turns.dropWaitingSince(Infinity)) exchange.reject(reason)
    }
    this.#emptied?.()
  }
}

/** Looks at a line: true where nothing has come from it for so many looks although it works. */
function isStuck(line: Line, looksMax: number): boolean {
  const { answers, inFlight } = line.wire
  const stuck = inFlight > 0 && line.busySeen && answers === line.answersSeen
  line.stuckLooks = stuck ? line.stuckLooks + 1 : 0
  line.answersSeen = answers
  line.busySeen = inFlight > 0
  return line.stuckLooks >= looksMax && line.holder === undefined
}

function tooManyOfOne(most: number): Failure {
  return new Failure('rate_limited', {
    detail:
      `${most} of your calls wait for the database already (statementsWaitingPerCallerMax): ` +
      'let some be answered before you send more.',
    retryAfterSeconds: 1,
  })
}

function overloaded(limit: string): Failure {
  return new Failure('overloaded', {
    detail: `Too many calls wait for the database (${limit}). Try again in a moment.`,
    retryAfterSeconds: 1,
  })
}
