/** Owns the end of the log of one type of events: read once for all who follow it there. */

import { assert } from '../../../base/assert.ts'
import { limits } from '../../../base/limits.ts'
import type { LoggedEvent } from '../../../effects/events/event.ts'

/** Who is told of what is new. Must not fail. */
export interface TailMember {
  take(events: readonly LoggedEvent[]): Promise<void>
}

/** Reads the log behind a position. */
export type ReadTail = (after: number) => Promise<readonly LoggedEvent[]>

/** The end of the log, for one type. */
export class Tail {
  readonly #read: ReadTail
  readonly #members = new Set<TailMember>()
  /** Its members were told of everything up to here. */
  #at = 0
  #reading = false
  #again = false

  constructor(read: ReadTail) {
    this.#read = read
  }

  /** True for who has had everything up to a position: they may come in. */
  reaches(position: number): boolean {
    return this.#members.size === 0 || position >= this.#at
  }

  /** Takes in who has had everything up to a position that reaches the end. */
  join(member: TailMember, position: number): void {
    assert(this.reaches(position), 'who comes in has missed nothing')
    if (this.#members.size === 0) this.#at = position
    this.#members.add(member)
    // What was stored since they have looked.
    this.wake()
  }

  leave(member: TailMember): void {
    this.#members.delete(member)
  }

  /** Something may be new. */
  wake(): void {
    this.#again = true
    if (this.#reading || this.#members.size === 0) return
    this.#reading = true
    void this.#follow()
  }

  async #follow(): Promise<void> {
    try {
      while (this.#again && this.#members.size > 0) {
        this.#again = false
        const events = await this.#read(this.#at)
        const last = events.at(-1)
        if (last === undefined) continue
        // Before anybody is told: who comes in meanwhile has to have had these.
        this.#at = last.position
        if (events.length >= limits.eventsPerFollow) this.#again = true
        await Promise.all([...this.#members].map((member) => member.take(events)))
      }
    } catch {
      // The database is away: it is looked again, and nothing is lost.
      setTimeout(() => this.wake(), limits.feedRetryMs).unref()
    } finally {
      this.#reading = false
    }
  }
}
