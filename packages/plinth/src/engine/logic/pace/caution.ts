/** Owns the caution of each piece of logic: after it foresaw wrongly, it waits for a while. */

import type { Database } from '../../../database/database.ts'

/** How many runs wait for every answer after one that was wrong. */
const carefulRuns = 16
const namesMax = 2_000

/**
 * Where what logic foresees is often wrong (nothing is left, a name is taken), to do everything
 * twice costs more than to wait. This is never what makes anything correct.
 */
export class Caution {
  /** By name: how many more runs wait. */
  readonly #left = new Map<string, number>()

  /** Whether the next run of this name waits for every answer. */
  waits(name: string): boolean {
    const left = this.#left.get(name)
    if (left === undefined) return false
    if (left <= 1) this.#left.delete(name)
    else this.#left.set(name, left - 1)
    return true
  }

  /** Begins anew. */
  forget(): void {
    this.#left.clear()
  }

  /** What a run of this name had foreseen was wrong. */
  note(name: string): void {
    if (this.#left.size >= namesMax) this.#left.clear()
    this.#left.set(name, carefulRuns)
  }
}

const ofDatabase = new WeakMap<Database, Caution>()

/** The caution of logic on a database, as this process keeps it. */
export function cautionOf(database: Database): Caution {
  const known = ofDatabase.get(database) ?? new Caution()
  ofDatabase.set(database, known)
  return known
}
