/** Owns what an attempt does ahead of PostgreSQL's answers: what it has foreseen, and what came. */

import { assert } from '../base/assert.ts'
import type { Query, Rows, Session } from '../database/database.ts'
import { asksForRetry, databaseErrorOf } from '../database/errors.ts'
import { appendMade, entriesTogetherMax, type NewRecordEntry } from '../effects/audit.ts'

/** Statements that nobody has waited for. More would keep the process from everybody else. */
const underWayMax = 16

/**
 * The session of an attempt that does not wait for what it foresees. Statements go out in the order
 * in which they were asked for, so whatever is read sees what was written before; where one of them
 * fails, PostgreSQL refuses the commit. What was told too early was told for nothing: all of the
 * attempt is thrown away, and made again by waiting for each answer, so that each failure is thrown
 * where it is awaited.
 */
export class Ahead implements Session {
  readonly #session: Session
  readonly #underWay = new Set<Promise<void>>()
  /** Entries of the audit that go with the next statement. */
  #entries: NewRecordEntry[] = []
  #failures: unknown[] = []

  constructor(session: Session) {
    this.#session = session
  }

  /** Anything that is waited for. */
  query(query: Query): Promise<Rows> {
    this.flush()
    return this.#session.query(query)
  }

  /** Sends a statement whose outcome is foreseen, with its entry in the audit. */
  go(query: Query, entry: NewRecordEntry | undefined): void {
    const answer = this.#session.query(query).then(
      ({ count }) => assert(count === 1, 'one record was foreseen, and one is stored'),
      (error: unknown) => void this.#failures.push(error),
    )
    this.#underWay.add(answer)
    const done = (): void => void this.#underWay.delete(answer)
    answer.then(done, done)
    if (entry !== undefined && this.#entries.push(entry) >= entriesTogetherMax) this.flush()
  }

  /** True where one more can go; otherwise wait for `settle`. */
  get hasRoom(): boolean {
    return this.#underWay.size < underWayMax
  }

  /** Sends what goes with the next statement. A failure of it fails the transaction. */
  flush(): void {
    if (this.#entries.length === 0) return
    const entries = this.#entries
    this.#entries = []
    appendMade(this.#session, entries).catch(ignore)
  }

  /** Waits for everything that is under way. Fails with the first failure of it. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay)
    if (this.#failures.length > 0) throw this.#failures[0]
  }

  /** The first failure of what was foreseen, once nothing is under way; undefined: none. */
  async failure(): Promise<unknown> {
    await Promise.allSettled(this.#underWay)
    return this.#failures[0]
  }

  /**
   * True where what was foreseen has not come true, for a reason that lies in the values: the same
   * has to be done again, with every answer waited for. Asked after the transaction has ended.
   */
  async isBelied(): Promise<boolean> {
    const cause = databaseErrorOf(await this.failure())
    if (cause === undefined || asksForRetry(cause)) return false
    return !['08', '57'].includes(cause.sqlState.slice(0, 2))
  }
}

function ignore(): void {
  // Told where it counts.
}
