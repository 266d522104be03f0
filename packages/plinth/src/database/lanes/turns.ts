/** Owns the statements that wait: each caller's in their order, and the callers in turn. */

import type { Exchange } from '../wire/exchange.ts'

/** Who asks for an exchange; the app itself is the empty name. */
export function callerOf({ query }: Exchange): string {
  return query.caller ?? ''
}

/** Waiting statements. Taking one costs the same however many wait. */
export class Turns {
  readonly #queues = new Map<string, Exchange[]>()
  #size = 0

  /** How many wait. */
  get size(): number {
    return this.#size
  }

  /** How many of a caller wait. */
  countOf(caller: string): number {
    return this.#queues.get(caller)?.length ?? 0
  }

  /** Puts a statement behind the others of its caller. */
  add(exchange: Exchange): void {
    this.#queueOf(exchange).push(exchange)
    this.#size += 1
  }

  /** Puts a statement that was under way already before the others of its caller. */
  addFirst(exchange: Exchange): void {
    this.#queueOf(exchange).unshift(exchange)
    this.#size += 1
  }

  /** The first statement of the next caller whose turn it may be; that caller goes to the end. */
  take(mayGo: (exchange: Exchange) => boolean): Exchange | undefined {
    for (const [caller, queue] of this.#queues) {
      const [first] = queue
      if (first === undefined || !mayGo(first)) continue
      queue.shift()
      this.#size -= 1
      this.#queues.delete(caller)
      if (queue.length > 0) this.#queues.set(caller, queue)
      return first
    }
    return undefined
  }

  /** The last statement of the caller with the most, where that is more than so many. */
  dropOfLongest(longerThan: number): Exchange | undefined {
    let longest: Exchange[] = []
    for (const queue of this.#queues.values()) if (queue.length > longest.length) longest = queue
    if (longest.length <= longerThan) return undefined
    this.#size -= 1
    return longest.pop()
  }

  /** Takes out whatever has waited since before then. */
  dropWaitingSince(beforeMs: number): readonly Exchange[] {
    const dropped: Exchange[] = []
    for (const [caller, queue] of this.#queues) {
      while (queue[0] !== undefined && queue[0].waitsSinceMs < beforeMs) {
        dropped.push(queue[0])
        queue.shift()
      }
      if (queue.length === 0) this.#queues.delete(caller)
    }
    this.#size -= dropped.length
    return dropped
  }

  #queueOf(exchange: Exchange): Exchange[] {
    const caller = callerOf(exchange)
    const known = this.#queues.get(caller)
    if (known) return known
    const queue: Exchange[] = []
    this.#queues.set(caller, queue)
    return queue
  }
}
