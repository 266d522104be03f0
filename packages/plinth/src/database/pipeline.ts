/** Owns the connections that many callers share: single statements, sent without waiting. */

import { Failure } from '../base/failure.ts'
import { monotonicMs } from '../base/time.ts'
import type { Query, Rows } from './database.ts'
import type { Wire } from './wire/wire.ts'

/** How the pipeline is built. */
export interface PipelineOptions {
  readonly connections: number
  /** How many are opened at once; the others as they are needed. Default: all. */
  readonly connectionsAtOnce?: number
  /** Statements under way per connection. More are refused with `overloaded`. */
  readonly depthMax: number
  readonly connect: (broken: () => void) => Promise<Wire>
}

// A server without room for one more connection is not asked again for so long.
const growthPauseMs = 5_000

const alone = Object.freeze({ stores: true, commits: 'after' })

/** Spreads statements over a few connections; each is a transaction of its own. */
export class Pipeline {
  readonly #options: PipelineOptions
  readonly #wires: Wire[] = []
  #opening: Promise<void> | undefined
  #growing: Promise<void> | undefined
  #growsAfterMs = 0
  #waiting = 0
  #closed = false

  constructor(options: PipelineOptions) {
    this.#options = options
  }

  /** Opens the connections that should be there and are not. */
  open(): Promise<void> {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  /** Runs one statement on the connection with the fewest under way. */
  query(query: Query): Promise<Rows> {
    const wire = this.#idlest()
    if (wire === undefined) return this.#queryLater(query)
    if (wire.inFlight > 0) this.#grow()
    if (wire.inFlight >= this.#depthMax()) return Promise.reject(overloaded())
    return wire.query(query, alone)
  }

  /** Waits for the statements under way, then closes. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#opening?.catch(() => undefined)
    await this.#growing
    await Promise.all(this.#wires.splice(0).map((wire) => wire.finish()))
  }

  /** A burst finds the same room whether all connections are open already or not. */
  #depthMax(): number {
    const { depthMax, connections } = this.#options
    return (depthMax * connections) / this.#wires.length
  }

  #idlest(): Wire | undefined {
    const wires = this.#wires
    let best = wires[0]
    for (let index = 1; index < wires.length; index++) {
      const wire = wires[index]
      if (best === undefined || (wire && wire.inFlight < best.inFlight)) best = wire
    }
    return best
  }

  async #queryLater(query: Query): Promise<Rows> {
    if (this.#closed) throw new Failure('unavailable', { detail: 'The server is stopping.' })
    if (this.#waiting >= this.#options.depthMax) throw overloaded()
    this.#waiting += 1
    try {
      await this.open()
    } finally {
      this.#waiting -= 1
    }
    return this.query(query)
  }

  async #open(): Promise<void> {
    const { connections, connectionsAtOnce = connections } = this.#options
    const missing = Math.max(0, connectionsAtOnce - this.#wires.length)
    await Promise.all(Array.from({ length: missing }, () => this.#add()))
  }

  /** One more connection, where all are busy. Whoever found them busy does not wait for it. */
  #grow(): void {
    const { length } = this.#wires
    if (this.#growing || this.#opening || length >= this.#options.connections) return
    if (this.#closed || monotonicMs() < this.#growsAfterMs) return
    this.#growing = this.#add()
      .catch(() => {
        // Those that are open do the work; a lack of connections shows in what is reported there.
        this.#growsAfterMs = monotonicMs() + growthPauseMs
      })
      .finally(() => {
        this.#growing = undefined
      })
  }

  async #add(): Promise<void> {
    let broken = false
    let wire: Wire | undefined
    wire = await this.#options.connect(() => {
      broken = true
      if (wire) this.#drop(wire)
    })
    if (!broken) this.#wires.push(wire)
  }

  #drop(wire: Wire): void {
    const index = this.#wires.indexOf(wire)
    if (index < 0) return
    this.#wires.splice(index, 1)
    // Replaced at once, so that the other connection does not carry everything; where that fails,
    // the next statement that finds no connection tries again and reports why.
    if (!this.#closed) this.open().catch(() => undefined)
  }
}

function overloaded(): Failure {
  return new Failure('overloaded', {
    detail: 'Too many database calls are under way (pipelineDepthMax). Try again in a moment.',
    retryAfterSeconds: 1,
  })
}
