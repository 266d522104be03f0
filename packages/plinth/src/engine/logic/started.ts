/** Owns what logic has started inside its transaction: waited for before it commits. */

/** A promise that knows whether anybody waits for it. */
class Watched<T> extends Promise<T> {
  /** Kept in the promise: a weak set of all of them costs each collection. */
  isWatched = false

  // What is made of it by `then` is an ordinary promise.
  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }
}

Object.defineProperty(Watched.prototype, 'then', {
  value(this: Watched<unknown>, ...handlers: Parameters<Promise<unknown>['then']>) {
    this.isWatched = true
    return Promise.prototype.then.apply(this, handlers)
  },
})

/**
 * The work that one attempt has under way. A forgotten `await` must neither lose a failure nor let
 * the transaction end while its statements are still to come.
 */
export class Started {
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #unwatched: unknown[] = []

  /** Does some work, and keeps track of it where it is not done at once. */
  run<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      const done = work()
      return done instanceof Promise ? this.track(done) : Promise.resolve(done)
    } catch (reason) {
      return this.track(Promise.reject(reason))
    }
  }

  /** Keeps track of some work. */
  track<T>(work: Promise<T>): Promise<T> {
    const tracked: Watched<T> = new Watched<T>((resolve, reject) => {
      work.then(
        (value) => {
          this.#underWay.delete(work)
          resolve(value)
        },
        (reason: unknown) => {
          this.#underWay.delete(work)
          if (!tracked.isWatched) this.#unwatched.push(reason)
          // Told by `demandWatched`; the process must not end for a rejection that nobody has seen.
          Promise.prototype.then.call(tracked, undefined, ignore)
          reject(reason)
        },
      )
    })
    this.#underWay.add(work)
    return tracked
  }

  /** Waits until nothing is under way, what that starts included. */
  async settle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay)
  }

  /** Fails with the first failure that nobody waited for. */
  demandWatched(): void {
    if (this.#unwatched.length > 0) throw this.#unwatched[0]
  }
}

function ignore(): void {
  // Told where it counts.
}
