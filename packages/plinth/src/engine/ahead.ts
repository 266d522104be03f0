/** Owns what an attempt does ahead of PostgreSQL's answers: what it has foreseen, and what came. */

import { AssertionError } from '../base/assert.ts'
import { append } from '../database/appending.ts'
import type { Appending, Query, Rows, Session } from '../database/database.ts'
import { asksForRetry, databaseErrorOf } from '../database/errors.ts'
import { appendMade, type NewRecordEntry } from '../effects/audit.ts'

/** Statements that nobody has waited for. More would keep the process from everybody else. */
const underWayMax = 16
const notOne = 'one record was foreseen, and one is stored'

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
  #failures: unknown[] = []

  constructor(session: Session) {
    this.#session = session
  }

  /** Anything that is waited for. */
  query(query: Query): Promise<Rows> {
    return this.#session.query(query)
  }

  /** A row that is stored behind what was asked for before. A failure fails the transaction. */
  append(to: Appending, row: readonly unknown[]): void {
    append(this.#session, to, [row]).catch(ignore)
  }

  /**
   * Sends a statement (`apart`) whose outcome is foreseen, and adds its entry to the audit: entries
   * stand in the order of the deeds, for what tells the audit by itself is never sent ahead.
   */
  go(query: Query, entry: NewRecordEntry | undefined): void {
    const answer: Promise<void> = this.#session.query(query).then(
      ({ count }) => {
        this.#underWay.delete(answer)
        if (count !== 1) this.#failures.push(new AssertionError(notOne))
      },
      (error: unknown) => {
        this.#underWay.delete(answer)
        this.#failures.push(error)
      },
    )
    this.#underWay.add(answer)
    if (entry !== undefined) appendMade(this, entry).catch(ignore)
  }

  /** True where one more can go; otherwise wait for `settle`. */
  get hasRoom(): boolean {
    return this.#underWay.size < underWayMax
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
