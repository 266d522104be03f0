/** Owns how well works of one name share transactions: how many at once, and whether at all. */

/** How many share at first. */
const membersAtFirst = 4
const wider = 0.1
const narrower = 0.7
const aloneRuns = 16

/**
 * The more works are in one transaction, the more PostgreSQL refuses that never met: it watches
 * whole pages. So each refusal takes a third of those that share, and each success widens it by a
 * little. Work that fails, or that is slow, costs the others: it goes alone for a while. This is
 * never what makes anything correct.
 */
export class SharingPace {
  readonly #most: number
  #members: number
  #alone = 0

  constructor(most: number) {
    this.#most = most
    this.#members = Math.min(most, membersAtFirst)
  }

  /** How many may share now. */
  get members(): number {
    return Math.floor(this.#members)
  }

  /** Whether the next work goes alone. */
  goesAlone(): boolean {
    if (this.#alone === 0) return false
    this.#alone -= 1
    return true
  }

  /** Several were committed together. */
  widen(): void {
    this.#members = Math.min(this.#most, this.#members + wider)
  }

  /** PostgreSQL refused several because of others that were under way. */
  narrow(): void {
    this.#members = Math.max(1, this.#members * narrower)
  }

  /** One of them failed, or took its time. */
  part(): void {
    this.#alone = aloneRuns
  }
}
