/** Owns the queue at hot rows: who wants the same waits here, and holds no connection. */

import { Failure } from '../../../base/failure.ts'
import { limits } from '../../../base/limits.ts'
import { monotonicMs } from '../../../base/time.ts'
import type { Database } from '../../../database/database.ts'

const hotForMs = 5_000
const hotMax = 10_000

/**
 * Remembers what calls have collided at, and lets those that want the same run one after another.
 * This is never what makes anything correct: PostgreSQL decides. It saves the attempts that would
 * be lost, and the connections on which they would wait.
 */
export class HotRows {
  /** Names by the id that stands in inputs, and until when they count as hot. */
  readonly #hot = new Map<string, { readonly names: Set<string>; untilMs: number }>()
  readonly #lines = new Map<string, Promise<void>>()

  /** Notes that calls have collided at these names: `product/<id>`. */
  note(names: Iterable<string>): void {
    const untilMs = monotonicMs() + hotForMs
    for (const name of names) {
      const id = name.slice(name.indexOf('/') + 1)
      const known = this.#hot.get(id) ?? { names: new Set(), untilMs }
      known.names.add(name)
      known.untilMs = untilMs
      // Set anew, so that the oldest stands first.
      this.#hot.delete(id)
      this.#hot.set(id, known)
    }
    while (this.#hot.size > hotMax) this.#hot.delete(this.#hot.keys().next().value ?? '')
  }

  /** The hot names that values speak of. */
  namesIn(values: unknown): readonly string[] {
    if (this.#hot.size === 0) return []
    const names: string[] = []
    const nowMs = monotonicMs()
    const look = (value: unknown): void => {
      if (typeof value === 'string') {
        const known = this.#hot.get(value)
        if (known && known.untilMs > nowMs) names.push(...known.names)
        else if (known) this.#hot.delete(value)
      } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(look)
    }
    look(values)
    return names
  }

  /**
   * Waits until nobody before is at these names any more, then runs the work. All queue in one
   * order, so that no two wait for each other. Fails with `overloaded` where it takes too long.
   */
  inLine<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    return names.length === 0 ? work() : this.#behind(names, work)
  }

  async #behind<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    const places: (() => void)[] = []
    const endsAtMs = monotonicMs() + limits.acquireTimeoutMs
    try {
      for (const name of [...new Set(names)].sort()) places.push(await this.#enter(name, endsAtMs))
      return await work()
    } finally {
      for (const leave of places) leave()
    }
  }

  async #enter(name: string, endsAtMs: number): Promise<() => void> {
    const before = this.#lines.get(name)
    const { promise: left, resolve } = Promise.withResolvers<void>()
    const line = before ? before.then(() => left) : left
    this.#lines.set(name, line)
    const leave = (): void => {
      resolve()
      if (this.#lines.get(name) === line) this.#lines.delete(name)
    }
    if (before && !(await inTime(before, endsAtMs - monotonicMs()))) {
      leave()
      throw new Failure('overloaded', {
        detail: 'Too many calls change the same records. Send the call again.',
        retryAfterSeconds: 1,
      })
    }
    return leave
  }
}

async function inTime(turn: Promise<void>, leftMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.max(0, leftMs))
  })
  try {
    return await Promise.race([turn.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}

const ofDatabase = new WeakMap<Database, HotRows>()

/** The hot rows of a database, as this process knows them. */
export function hotRowsOf(database: Database): HotRows {
  const known = ofDatabase.get(database) ?? new HotRows()
  ofDatabase.set(database, known)
  return known
}
