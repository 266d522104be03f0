/** Owns how many followed reads are asked again at once: the calls of people come first. */

/** A place for so many at once; the others wait in their order. */
export class Turns {
  readonly #atOnce: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(atOnce: number) {
    this.#atOnce = atOnce
  }

  /** Runs work as soon as there is a place. */
  readonly take = async <T>(work: () => Promise<T>): Promise<T> => {
    if (this.#running >= this.#atOnce) await new Promise<void>((go) => this.#waiting.push(go))
    else this.#running += 1
    try {
      return await work()
    } finally {
      // A place that is free goes to whoever waits, without being free in between.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }
}
