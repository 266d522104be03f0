/** Owns those who wait for a connection: each caller's in their order, and the callers in turn. */

/** Who waits; `caller` is empty for the app itself. */
export interface Waiting {
  readonly caller: string
}

/** A queue in which nobody who asks for much stands before somebody who asks for little. */
export class Waiters<W extends Waiting> {
  // The caller whose turn is next stands first.
  readonly #queues = new Map<string, Set<W>>()
  #size = 0

  /** How many wait. */
  get size(): number {
    return this.#size
  }

  /** Puts one behind the others of its caller. */
  add(waiter: W): void {
    const queue = this.#queues.get(waiter.caller) ?? new Set()
    queue.add(waiter)
    this.#queues.set(waiter.caller, queue)
    this.#size += 1
  }

  /** The first of the next caller; that caller goes to the end. */
  next(): W | undefined {
    for (const [caller, queue] of this.#queues) {
      const [first] = queue
      if (first === undefined) continue
      this.remove(first)
      if (this.#queues.delete(caller)) this.#queues.set(caller, queue)
      return first
    }
    return undefined
  }

  /** Takes out one who waits no longer. */
  remove(waiter: W): void {
    const queue = this.#queues.get(waiter.caller)
    if (!queue?.delete(waiter)) return
    this.#size -= 1
    if (queue.size === 0) this.#queues.delete(waiter.caller)
  }

  /**
   * Takes out the last one of the caller who waits the most, where that is by more than one more.
   * Never one of the app itself.
   */
  makeRoomFor(caller: string): W | undefined {
    let longest: ReadonlySet<W> = new Set()
    for (const [whose, queue] of this.#queues) {
      if (whose !== '' && queue.size > longest.size) longest = queue
    }
    if (longest.size <= (this.#queues.get(caller)?.size ?? 0) + 1) return undefined
    const last = [...longest].at(-1)
    if (last !== undefined) this.remove(last)
    return last
  }
}
