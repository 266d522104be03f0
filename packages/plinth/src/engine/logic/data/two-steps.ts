/** Owns the watch over two-step takes: a number that is read, judged, and then written. */

import { isCounted } from '../../../catalog/advice/advice.ts'
import type { Model } from '../../../catalog/catalog.ts'
import type { Log } from '../../runtime.ts'

/** Whose logic is watched. */
export interface Watched {
  /** `shop.checkout`. */
  readonly name: string
  readonly isolation: string
  readonly log: Log
}

const told = new WeakMap<Log, Set<string>>()

/**
 * Watches one attempt, in development and in tests. A number or an instant of a record that was
 * read without a lock, and is written afterwards, may have been changed by others in between: with
 * `read committed` their change is lost, otherwise the transaction is repeated for nothing.
 */
export class TwoSteps {
  readonly #watched: Watched
  /** By record: the fields that were read before anything held it. */
  readonly #read = new Map<string, ReadonlySet<string>>()
  readonly #held = new Set<string>()

  constructor(watched: Watched) {
    this.#watched = watched
  }

  /** Records were read. */
  read(model: Model, records: readonly unknown[]): void {
    for (const record of records) {
      if (typeof record !== 'object' || record === null || !('id' in record)) continue
      const key = `${model.name}/${String(record.id)}`
      if (!this.#held.has(key)) this.#read.set(key, new Set(Object.keys(record)))
    }
  }

  /** A record cannot change any more: it was locked, written, or is new. */
  hold(model: Model, id: unknown): void {
    const key = `${model.name}/${String(id)}`
    this.#held.add(key)
    this.#read.delete(key)
  }

  /** A record is about to be written, whatever its version. */
  write(model: Model, id: string, patch: object): void {
    const fields = this.#read.get(`${model.name}/${id}`)
    const field = Object.keys(patch).find((name) => fields?.has(name) && isCounted(model, name))
    this.hold(model, id)
    if (field !== undefined) this.#tell(`${model.name}.${field}`)
  }

  #tell(place: string): void {
    const { name, isolation, log } = this.#watched
    const known = told.get(log) ?? new Set()
    told.set(log, known)
    const key = `${name} ${place}`
    if (known.has(key)) return
    known.add(key)
    const loses = isolation === 'read committed'
    const outcome = loses
      ? 'what others change in between is lost'
      : 'the action is repeated whenever others change it in between'
    log({
      level: loses ? 'error' : 'warning',
      message:
        `${name} reads ${place} and then writes it: ${outcome}. Use takeWithinLimit, giveBack or ` +
        'consumeOnce, read it by lock, or write it with { version }.',
    })
  }
}
