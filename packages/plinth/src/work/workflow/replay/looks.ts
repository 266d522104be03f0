/** Owns when branches that wait look again, while other branches of the same run are at work. */

const soonMs = 100
const latestMs = 1_000

/** The looks of one run. */
export class Looks {
  readonly #timers = new Set<NodeJS.Timeout>()

  /**
   * Resolves when it is time for the next look, after so many. It never does where `isWorthIt` says
   * no by then: all others wait as well, and the run rests.
   */
  next(
    looks: number,
    { inMs = latestMs, isWorthIt }: { readonly inMs?: number | undefined; isWorthIt(): boolean },
  ): Promise<void> {
    const waitMs = Math.min(latestMs, soonMs * 2 ** looks, inMs)
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => {
          this.#timers.delete(timer)
          if (isWorthIt()) resolve()
        },
        Math.max(1, waitMs),
      )
      this.#timers.add(timer)
    })
  }

  /** Nobody looks any more. */
  end(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }
}
