/** Owns the look at what a blow meets: how many transactions had written and were not ended. */

import pg from 'pg'
import { pause } from '../harness/processes.ts'

const openText = `select count(*) as open from pg_stat_activity
  where backend_xid is not null and pid <> pg_backend_pid()`
const patienceMs = 250

/** A connection of its own, past the framework, the network of a run and its faults. */
export class Witness {
  readonly #socket: string
  #client: pg.Client | undefined

  constructor(socket: string) {
    this.#socket = socket
  }

  /**
   * Waits a moment for a transaction that has written something and is not ended, so that a blow
   * hits one. Returns how many there are; 0 also where PostgreSQL does not say.
   */
  async untilOpen(): Promise<number> {
    const endMs = performance.now() + patienceMs
    for (;;) {
      const open = await this.open()
      if (open > 0 || performance.now() > endMs) return open
      await pause(1)
    }
  }

  /** How many transactions have written something and are not ended. */
  async open(): Promise<number> {
    try {
      const client = await this.#connected()
      const { rows } = await client.query<{ open: string }>(openText)
      return Number(rows[0]?.open ?? 0)
    } catch {
      // It died, or is about to start: nothing is open.
      this.#client = undefined
      return 0
    }
  }

  async close(): Promise<void> {
    await this.#client?.end().catch(() => undefined)
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client) return this.#client
    const place = { host: this.#socket, port: 5432, user: 'plinth', database: 'postgres' }
    const client = new pg.Client({ ...place, connectionTimeoutMillis: patienceMs })
    client.on('error', () => undefined)
    client.on('end', () => {
      if (this.#client === client) this.#client = undefined
    })
    await client.connect()
    this.#client = client
    return client
  }
}
