/** Owns running work in a transaction: begin, commit, roll back, and again where asked to. */

import { assert } from '../base/assert.ts'
import { Failure } from '../base/failure.ts'
import { randomFraction } from '../base/ids.ts'
import { sleep } from '../base/time.ts'
import type { Query, Rows, Session, TransactionOptions } from './database.ts'
import { asksForRetry, databaseErrorOf } from './errors.ts'
import type { Pool } from './pool.ts'
import type { Wire } from './wire/wire.ts'

const backoffBaseMs = 5
const backoffMaxMs = 250
const none: readonly unknown[] = Object.freeze([])
const commit: Query = Object.freeze({ text: 'commit', values: none, name: 'commit' })
const rollback: Query = Object.freeze({ text: 'rollback', values: none, name: 'rollback' })
const stores = Object.freeze({ stores: true })

/** Runs the work in a transaction, at most `attemptsMax` times. */
export async function runTransaction<T>(
  pool: Pool,
  work: (session: Session) => Promise<T>,
  options: Required<TransactionOptions>,
): Promise<T> {
  const begin = beginOf(options)
  for (let attempt = 1; ; attempt++) {
    const outcome = await runOnce(pool, work, begin)
    if (outcome.kind === 'done') return outcome.value
    if (outcome.kind === 'failed' || attempt >= options.attemptsMax) throw outcome.reason
    // Full jitter: two that collided do not meet again at the same instant.
    await sleep(randomFraction() * Math.min(backoffMaxMs, backoffBaseMs * 2 ** attempt))
  }
}

type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly reason: unknown }
  | { readonly kind: 'again'; readonly reason: unknown }

async function runOnce<T>(
  pool: Pool,
  work: (session: Session) => Promise<T>,
  begin: Query,
): Promise<Outcome<T>> {
  const wire = await pool.acquire()
  const transaction = new Transaction(wire, begin)
  try {
    const value = await work(transaction)
    await transaction.commit()
    return { kind: 'done', value }
  } catch (reason) {
    await transaction.rollback()
    return outcomeOf(transaction, reason)
  } finally {
    pool.release(wire)
  }
}

/**
 * A conflict that the database reported counts even where the work caught it and threw something
 * else: the transaction was lost either way.
 */
function outcomeOf(transaction: Transaction, reason: unknown): Outcome<never> {
  const { conflict } = transaction
  if (conflict === undefined) return { kind: 'failed', reason }
  return { kind: 'again', reason: conflict }
}

class Transaction implements Session {
  readonly #wire: Wire
  readonly #begin: Query
  #begun = false
  #ended = false
  #conflict: Failure | undefined
  #firstFailure: unknown

  constructor(wire: Wire, begin: Query) {
    this.#wire = wire
    this.#begin = begin
  }

  /** The failure with which PostgreSQL asked for a retry. */
  get conflict(): Failure | undefined {
    return this.#conflict
  }

  async query(query: Query): Promise<Rows> {
    assert(!this.#ended, 'a statement runs inside its transaction')
    try {
      // BEGIN travels with the first statement: it costs no round trip, and where it fails the
      // server skips the statement, so that nothing can run outside of the transaction.
      if (this.#begun) return await this.#wire.query(query)
      this.#begun = true
      return await this.#wire.query(query, { before: this.#begin })
    } catch (error) {
      this.#note(error)
      throw error
    }
  }

  async commit(): Promise<void> {
    assert(!this.#ended, 'a transaction ends once')
    if (!this.#begun) {
      this.#ended = true
      return
    }
    this.#ended = true
    try {
      const { tag } = await this.#wire.query(commit, stores)
      // The work went on after a failed statement: PostgreSQL answers COMMIT by rolling back.
      if (tag !== 'COMMIT') throw this.#firstFailure ?? new Failure('internal')
    } catch (error) {
      this.#note(error)
      throw error
    } finally {
      this.#begun = false
    }
  }

  async rollback(): Promise<void> {
    this.#ended = true
    if (!this.#begun || !this.#wire.isOpen) return
    this.#begun = false
    try {
      await this.#wire.query(rollback)
    } catch {
      // The state of the connection is not known: the server rolls back when it is gone.
      this.#wire.destroy('a rollback failed')
    }
  }

  #note(error: unknown): void {
    this.#firstFailure ??= error
    const cause = databaseErrorOf(error)
    if (cause && asksForRetry(cause) && error instanceof Failure) this.#conflict ??= error
  }
}

function beginOf(options: Required<TransactionOptions>): Query {
  const access = options.readOnly ? ' read only' : ''
  const text = `begin isolation level ${options.isolation}${access}`
  return { text, values: none, name: text }
}
