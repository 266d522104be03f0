/** Owns the gate of each piece of logic: how many of its transactions run at once here. */

import { Failure } from '../../../base/failure.ts'
import { limits } from '../../../base/limits.ts'
import type { Database } from '../../../database/database.ts'

const widest = 1_000
const namesMax = 2_000

interface Width {
  /** How many may run at once; grows by fractions. */
  limit: number
  running: number
  readonly waiting: (() => void)[]
}

/**
 * Lets fewer transactions of one name run at once where they stand in each other's way, and more
 * again where they do not. PostgreSQL watches serializable transactions by whole pages of indexes:
 * the more of them are under way, the more are refused that never met. As with a crowded network,
 * less at once is more in all: each refusal narrows the gate by a third, each success widens it.
 */
export class Gates {
  readonly #widths = new Map<string, Width>()

  /** Runs the work when there is room. Fails with `overloaded` where that takes too long. */
  async pass<T>(name: string, work: () => Promise<T>): Promise<T> {
    const width = this.#width(name)
    if (width.running >= Math.floor(width.limit)) await this.#room(width)
    else width.running += 1
    try {
      return await work()
    } finally {
      width.running -= 1
      admit(width)
    }
  }

  /** A transaction was refused because of others that were under way. */
  narrow(name: string): void {
    const width = this.#width(name)
    const now = Math.min(width.limit, width.running + 1)
    width.limit = Math.max(1, now * (2 / 3))
  }

  /** A transaction went through. */
  widen(name: string): void {
    const width = this.#width(name)
    if (width.limit < widest) width.limit += 0.5 / width.limit
    admit(width)
  }

  #width(name: string): Width {
    const known = this.#widths.get(name)
    if (known) return known
    if (this.#widths.size >= namesMax) this.#forget()
    const made: Width = { limit: widest, running: 0, waiting: [] }
    this.#widths.set(name, made)
    return made
  }

  #forget(): void {
    for (const [name, { running, waiting }] of this.#widths) {
      if (running === 0 && waiting.length === 0) this.#widths.delete(name)
    }
  }

  #room(width: Width): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        width.waiting.splice(width.waiting.indexOf(enter), 1)
        reject(
          new Failure('overloaded', {
            detail: 'Too many calls change the same records. Send the call again.',
            retryAfterSeconds: 1,
          }),
        )
      }, limits.acquireTimeoutMs)
      width.waiting.push(enter)
    })
  }
}

function admit(width: Width): void {
  while (width.waiting.length > 0 && width.running < Math.floor(width.limit)) {
    width.running += 1
    width.waiting.shift()?.()
  }
}

const ofDatabase = new WeakMap<Database, Gates>()

/** The gates before a database, as this process keeps them. */
export function gatesOf(database: Database): Gates {
  const known = ofDatabase.get(database) ?? new Gates()
  ofDatabase.set(database, known)
  return known
}
