/** Owns what is known of how long statements take: learned from each that ran undisturbed. */

import { limits } from '../../base/limits.ts'
import type { Query } from '../database.ts'

interface Pace {
  ms: number
  /** Runs that must be quick in a row before it counts as quick again. */
  quickRunsWanted: number
}

/** After rows that blocked others: the same text is quick and slow by turns, as values differ. */
const quickRunsAfterLong = 16

/** A statement that is not known to be quick. */
export const slowPace = Infinity

/**
 * The paces of named statements that may be run again elsewhere. Anything else, and what nobody
 * has seen yet, counts as slow: it costs a connection of its own while it runs, and nobody else.
 */
export class Paces {
  readonly #paces = new Map<string, Pace>()

  /** Expected milliseconds; `slowPace`: it must run alone. */
  of({ name, repeatable }: Query): number {
    if (name === undefined || repeatable !== true) return slowPace
    const pace = this.#paces.get(name)
    if (pace === undefined || pace.quickRunsWanted > 0) return slowPace
    return pace.ms > limits.quickReadMs ? slowPace : pace.ms
  }

  /** A statement ran undisturbed and took so long. */
  note({ name, repeatable }: Query, ms: number, bytes: number): void {
    if (name === undefined || repeatable !== true) return
    const pace = this.#paces.get(name)
    if (pace === undefined) {
      const quickRunsWanted = bytes > limits.quickReadBytes ? quickRunsAfterLong : 0
      this.#add(name, { ms, quickRunsWanted })
      return
    }
    // One bad moment of the machine counts half, one good moment says what is possible.
    pace.ms = Math.min(ms, (pace.ms + ms) / 2)
    if (bytes > limits.quickReadBytes) pace.quickRunsWanted = quickRunsAfterLong
    else if (pace.quickRunsWanted > 0 && ms <= limits.quickReadMs) pace.quickRunsWanted -= 1
  }

  /** A statement that passed for quick has blocked others by its rows. */
  noteLong({ name }: Query): void {
    const pace = this.#paces.get(name ?? '')
    if (pace) pace.quickRunsWanted = quickRunsAfterLong
  }

  #add(name: string, pace: Pace): void {
    this.#paces.set(name, pace)
    if (this.#paces.size <= limits.statementCacheMax * 4) return
    for (const first of this.#paces.keys()) {
      this.#paces.delete(first)
      return
    }
  }
}
