/** Owns the connections of a lane: opened as they are needed, replaced when they break. */

import { monotonicMs } from '../../base/time.ts'
import type { Exchange } from '../wire/exchange.ts'
import type { Watcher, Wire } from '../wire/wire.ts'

/** Opens a connection. */
export type Connect = (events: {
  readonly broken: () => void
  readonly watcher: Watcher
}) => Promise<Wire>

/** A connection and what the lane knows of it. */
export interface Line {
  readonly wire: Wire
  /** Who holds it alone, by a statement that is slow or has become so. */
  holder: Holder | undefined
  /** What is under way, in expected milliseconds. */
  loadMs: number
  /** What the last look at it saw, and at how many looks in a row nothing had come. */
  answersSeen: number
  busySeen: boolean
  stuckLooks: number
}

/** Who holds a line alone. */
export interface Holder {
  readonly caller: string
  /** True where the statement was sent to run alone; false where it only turned out slow. */
  readonly planned: boolean
}

/** What the lane is told. */
export interface LineEvents {
  readonly opened: () => void
  readonly lost: (line: Line) => void
  readonly long: (line: Line, exchange: Exchange) => void
  readonly answered: (line: Line, exchange: Exchange) => void
}

/** How lines are opened. */
export interface LineOptions {
  /** Opened at the start, and again when they break. */
  readonly connectionsAtOnce: number
  /** In all. */
  readonly connectionsMax: number
  /** Rows that are longer in all are told of while they come. */
  readonly rowBytesTold: number
  readonly connect: Connect
}

// A server without room for one more connection is not asked again for so long.
const growthPauseMs = 5_000

/** The open connections of a lane, the oldest first. */
export class Lines {
  readonly #options: LineOptions
  readonly #events: LineEvents
  readonly #lines: Line[] = []
  #opening: Promise<void> | undefined
  #growing: Promise<void> | undefined
  #growsAfterMs = 0
  #closed = false

  constructor(options: LineOptions, events: LineEvents) {
    this.#options = options
    this.#events = events
  }

  get open(): readonly Line[] {
    return this.#lines
  }

  /** True where one more may come soon. */
  get canGrow(): boolean {
    if (this.#growing || this.#opening) return true
    return this.#lines.length < this.#options.connectionsMax && monotonicMs() >= this.#growsAfterMs
  }

  /** Opens the connections that should be there and are not. */
  openMissing(): Promise<void> {
    this.#opening ??= this.#openMissing().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  /** One more connection. Whoever finds those that are open busy does not wait for it. */
  grow(): void {
    if (this.#growing || this.#opening || this.#closed || !this.canGrow) return
    this.#growing = this.#add()
      .catch(() => {
        // Those that are open do the work; a lack of connections shows in what is reported there.
        this.#growsAfterMs = monotonicMs() + growthPauseMs
      })
      .finally(() => {
        this.#growing = undefined
      })
  }

  /** Waits for the statements under way, then closes. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#opening?.catch(() => undefined)
    await this.#growing
    await Promise.all(this.#lines.splice(0).map(({ wire }) => wire.finish()))
  }

  async #openMissing(): Promise<void> {
    const missing = Math.max(0, this.#options.connectionsAtOnce - this.#lines.length)
    await Promise.all(Array.from({ length: missing }, () => this.#add()))
  }

  async #add(): Promise<void> {
    const { connect, rowBytesTold } = this.#options
    let broken = false
    let line: Line | undefined
    const wire = await connect({
      broken: () => {
        broken = true
        if (line) this.#drop(line)
      },
      watcher: {
        rowBytesTold,
        long: (exchange) => line && this.#events.long(line, exchange),
        answered: (exchange) => line && this.#events.answered(line, exchange),
      },
    })
    if (broken) return
    line = {
      ...{ wire, holder: undefined, loadMs: 0 },
      ...{ answersSeen: 0, busySeen: false, stuckLooks: 0 },
    }
    this.#lines.push(line)
    this.#events.opened()
  }

  #drop(line: Line): void {
    const index = this.#lines.indexOf(line)
    if (index < 0) return
    this.#lines.splice(index, 1)
    this.#events.lost(line)
    // Replaced at once, so that the others do not carry everything; where that fails, the next
    // statement that finds no connection tries again and reports why.
    if (this.#closed || this.#lines.length >= this.#options.connectionsAtOnce) return
    this.openMissing().catch(() => undefined)
  }
}
