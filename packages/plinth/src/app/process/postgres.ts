/** Owns the embedded PostgreSQL of a supervisor: started, announced, started again if it dies. */

import { monotonicMs, sleep } from '../../base/time.ts'
import { announceServer } from '../../database/embedded/running.ts'
import { type EmbeddedServer, startEmbedded } from '../../database/embedded/server.ts'
import type { Log } from '../log.ts'

const settledMs = 30_000
const pauseMs = 500

/** PostgreSQL as long as the supervisor lives. */
export class KeptPostgres {
  readonly #directory: string
  readonly #log: Log
  /** Called where it ended and cannot be started again. */
  readonly #lost: (cause: unknown) => void
  #server: EmbeddedServer | undefined
  #retract: (() => Promise<void>) | undefined
  #starting: Promise<void> | undefined
  #startedMs = 0
  #stopping = false

  constructor(options: { directory: string; log: Log; lost: (cause: unknown) => void }) {
    this.#directory = options.directory
    this.#log = options.log
    this.#lost = options.lost
  }

  /** Starts it, and tells the worker and other commands where it is. Fails as `startEmbedded`. */
  start(): Promise<void> {
    this.#starting = this.#start()
    return this.#starting
  }

  async #start(): Promise<void> {
    const server = await startEmbedded({
      directory: this.#directory,
      log: (line) => this.#log({ level: 'warning', message: `PostgreSQL: ${line}` }),
    })
    this.#server = server
    this.#startedMs = monotonicMs()
    this.#retract = await announceServer(this.#directory, server.address)
    void server.exited.then(({ how }) => this.#ended(how))
  }

  /** Stops it in order. */
  async stop(): Promise<void> {
    this.#stopping = true
    // A start under way has made a server that would stay.
    await this.#starting?.catch(() => undefined)
    await this.#retract?.()
    await this.#server?.stop()
  }

  #ended(how: string): void {
    if (this.#stopping) return
    this.#log({ level: 'error', message: `PostgreSQL ended (${how}); it is started again.` })
    const again = async (): Promise<void> => {
      // One that dies at once would only be started for ever.
      if (monotonicMs() - this.#startedMs < settledMs) await sleep(pauseMs)
      if (!this.#stopping) await this.start()
    }
    again().catch(this.#lost)
  }
}
