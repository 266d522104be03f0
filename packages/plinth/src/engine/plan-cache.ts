/** Owns the cache of plans: one plan for each shape of a call, bounded. */

/** Plans by key. When it is full the plan unused for longest goes. */
export class PlanCache {
  readonly #plans = new Map<string, unknown>()
  readonly #sizeMax: number

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  /** The plan of a key, made once. A maker that throws leaves nothing behind. */
  get<P>(key: string, make: () => P): P {
    const known = this.#plans.get(key) as P | undefined
    if (known !== undefined) {
      if (this.#plans.size >= this.#sizeMax) this.#refresh(key, known)
      return known
    }
    const made = make()
    this.#plans.set(key, made)
    if (this.#plans.size > this.#sizeMax) this.#dropOldest()
    return made
  }

  #refresh(key: string, plan: unknown): void {
    this.#plans.delete(key)
    this.#plans.set(key, plan)
  }

  #dropOldest(): void {
    for (const key of this.#plans.keys()) {
      this.#plans.delete(key)
      return
    }
  }
}
