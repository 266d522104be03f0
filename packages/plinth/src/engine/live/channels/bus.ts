/** Owns the words between nodes: short texts by NOTIFY, in transactions of their own. */

import { limits } from '../../../base/limits.ts'
import { sleep } from '../../../base/time.ts'
import type { Database } from '../../../database/database.ts'

/** The channel of PostgreSQL on which nodes hear each other. */
const heard = 'plinth_channels'
const notifyText = `select pg_catalog.pg_notify($2, word)
  from unnest($1::text[]) with ordinality as w(word, place) order by place`

/** PostgreSQL takes less than 8,000 bytes at once. */
export const wordBytesMax = 7_900

/** What a node hears. Neither may throw. */
export interface BusEvents {
  word(text: string): void
  /** Words may have been missed: it hears again from now on. */
  standing(): void
}

/**
 * Says words to all nodes, and hears theirs. NOTIFY makes commits wait for one another, so no
 * transaction of a caller holds one: what is to be said leaves in statements of its own, one at a
 * time, each with all that has gathered.
 */
export class Bus {
  readonly #database: Database
  readonly #events: BusEvents
  #waiting: string[] = []
  #saying: Promise<void> | undefined
  #generation = 0
  #stop: (() => void) | undefined
  #listening: Promise<void> = Promise.resolve()

  constructor(database: Database, events: BusEvents) {
    this.#database = database
    this.#events = events
  }

  /** Begins to hear, unless it does. */
  start(): void {
    if (this.#stop) return
    const generation = ++this.#generation
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#stop = resolve
    this.#listening = this.#listen(generation, promise)
  }

  /** Says what waits, then hears and says nothing more. */
  async stop(): Promise<void> {
    this.#generation += 1
    await this.#saying
    this.#stop?.()
    this.#stop = undefined
    await this.#listening
  }

  async #listen(generation: number, stopped: Promise<void>): Promise<void> {
    while (generation === this.#generation) {
      try {
        await this.#database.dedicated(async (session) => {
          await session.listen(heard, (text) => {
            if (generation === this.#generation) this.#events.word(text)
          })
          if (generation === this.#generation) this.#events.standing()
          await Promise.race([session.lost, stopped])
        })
      } catch {
        // Away: it is tried again, and whoever was heard by it is asked anew.
      }
      if (generation === this.#generation) {
        await Promise.race([sleep(limits.feedRetryMs), stopped])
      }
    }
  }

  /** Says a word to all nodes, this one included. Lost where the database is away. */
  say(word: string): void {
    this.#waiting.push(word)
    if (this.#waiting.length > limits.channelWordsWaitingMax) this.#waiting.shift()
    this.#saying ??= this.#sayAll()
  }

  async #sayAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const words = this.#waiting
      this.#waiting = []
      const query = { name: 'plinth_channel_word', text: notifyText, values: [words, heard] }
      await this.#database.query(query).catch(() => undefined)
    }
    this.#saying = undefined
  }
}
