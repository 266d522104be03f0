/** Owns running work in a transaction: begin, commit, roll back, and again where asked to. */

import { assert } from '../base/assert.ts'
import { isArmed, reach } from '../base/failpoint.ts'
import { Failure } from '../base/failure.ts'
import { randomFraction } from '../base/ids.ts'
import { monotonicMs, sleep } from '../base/time.ts'
import { Gathered } from './appending.ts'
import type { Appending, Query, Rows, Session, TransactionOptions } from './database.ts'
import { asksForRetry, behindFailed, databaseErrorOf } from './errors.ts'
import type { Pool } from './pool.ts'
import type { Answer, SendOptions } from './wire/exchange.ts'
import type { Wire } from './wire/wire.ts'

const backoffBaseMs = 5
const backoffMaxMs = 250
const none: readonly unknown[] = Object.freeze([])
const commit: Query = Object.freeze({ text: 'commit', values: none, name: 'commit' })
const rollback: Query = Object.freeze({ text: 'rollback', values: none, name: 'rollback' })
const commits: SendOptions = Object.freeze({ stores: true, commits: 'itself', joins: true })
// What is asked for in one turn goes out as one message, and comes back as one: each exchange of
// messages costs both sides more than most statements do.
const together: SendOptions = Object.freeze({ joins: true })

/** How a transaction runs, every choice made. */
export interface TransactionRun {
  readonly isolation: NonNullable<TransactionOptions['isolation']>
  readonly readOnly: boolean
  readonly attemptsMax: number
  readonly statementTimeoutMs: number | undefined
  readonly timeoutMs: number | undefined
  readonly queueAt?: readonly string[]
  readonly begins?: readonly Query[]
  readonly caller?: string | undefined
}

/** Runs the work in a transaction, at most `attemptsMax` times. */
export async function runTransaction<T>(
  pool: Pool,
  work: (session: Session) => Promise<T>,
  options: TransactionRun,
): Promise<T> {
  const start: Start = {
    begin: [...beginOf(options), ...(options.begins ?? [])],
    endsAtMs: options.timeoutMs === undefined ? undefined : monotonicMs() + options.timeoutMs,
    queueAt: options.queueAt ?? [],
    caller: options.caller,
  }
  for (let attempt = 1; ; attempt++) {
    const outcome = await runOnce(pool, work, start)
    if (outcome.kind === 'done') return outcome.value
    if (outcome.kind === 'failed' || attempt >= options.attemptsMax) throw outcome.reason
    // Full jitter: two that collided do not meet again at the same instant.
    await sleep(randomFraction() * Math.min(backoffMaxMs, backoffBaseMs * 2 ** attempt))
  }
}

/** How a transaction begins. */
export interface Start {
  /** BEGIN and what belongs to it. */
  readonly begin: readonly Query[]
  /** When its time is over, on the monotonic counter. */
  readonly endsAtMs: number | undefined
  readonly queueAt: readonly string[]
  readonly caller: string | undefined
}

type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly reason: unknown }
  | { readonly kind: 'again'; readonly reason: unknown }

async function runOnce<T>(
  pool: Pool,
  work: (session: Session) => Promise<T>,
  start: Start,
): Promise<Outcome<T>> {
  const wire = await pool.acquire(start.caller)
  const transaction = new Transaction(wire, start)
  try {
    await queueUp(wire, start.queueAt)
    const value = await work(transaction)
    await transaction.commit()
    return { kind: 'done', value }
  } catch (reason) {
    await transaction.rollback()
    return outcomeOf(transaction, reason)
  } finally {
    if (start.queueAt.length > 0) leaveQueue(wire)
    pool.release(wire)
  }
}

// In one order for all, so that two that queue at the same names cannot wait for each other.
const queueText = `select pg_catalog.pg_advisory_lock(q.place) from (
  select distinct pg_catalog.hashtextextended(n, 8) as place from unnest($1::text[]) as n
  order by place) as q`
const leaveText = 'select pg_catalog.pg_advisory_unlock_all()'

/**
 * A lock of the connection, not of the transaction: a transaction's own first statement would take
 * its snapshot, and then wait with a view of the past.
 */
async function queueUp(wire: Wire, names: readonly string[]): Promise<void> {
  if (names.length > 0) await wire.query({ name: 'queue_up', text: queueText, values: [names] })
}

/** Goes out behind COMMIT or ROLLBACK, and ahead of whoever gets the connection next. */
function leaveQueue(wire: Wire): void {
  if (!wire.isOpen) return
  wire.query({ name: 'leave_queue', text: leaveText, values: none }).catch(() => {
    wire.destroy('a queue could not be left')
  })
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

/** A statement that waits until the server has begun the transaction. */
interface Early {
  readonly send: () => void
  readonly reject: (reason: unknown) => void
}

/** A transaction on a connection that nobody else uses meanwhile. */
export class Transaction implements Session {
  readonly #wire: Wire
  readonly #start: Start
  #state: 'new' | 'beginning' | 'begun' | 'ended' = 'new'
  readonly #early: Early[] = []
  readonly #gathered = new Gathered()
  #beginFailed = false
  #conflict: Failure | undefined
  #firstFailure: unknown

  constructor(wire: Wire, start: Start) {
    this.#wire = wire
    this.#start = start
  }

  /** The failure with which PostgreSQL asked for a retry. */
  get conflict(): Failure | undefined {
    return this.#conflict
  }

  /** The first failure of any statement; undefined: none so far. */
  get failure(): unknown {
    return this.#firstFailure
  }

  /** Runs a statement, behind those that are sent before it: they return no rows. */
  query(query: Query, before: readonly Query[] = []): Promise<Rows> {
    assert(this.#state !== 'ended', 'a statement runs inside its transaction')
    if (query.repeatable !== true && query.apart !== true) this.#storeGathered()
    return this.#run(query, before.length === 0 ? together : { before, joins: true })
  }

  append(to: Appending, row: readonly unknown[]): void {
    assert(this.#state !== 'ended', 'a row is added inside its transaction')
    const due = this.#gathered.add(to, row)
    if (due !== undefined) this.#run(due, together)
  }

  /** A failure of them fails the commit, which is sent behind them. */
  #storeGathered(): void {
    for (const query of this.#gathered.take()) this.#run(query, together)
  }

  #run(query: Query, options: SendOptions): Promise<Answer> {
    const answer = this.#ask(query, options)
    // Whoever does not wait for it learns of its failure all the same: the commit fails.
    answer.catch(ignore)
    return answer
  }

  /** Stores everything. Fails where any statement has failed, waited for or not. */
  async commit(): Promise<void> {
    assert(this.#state !== 'ended', 'a transaction ends once')
    this.#storeGathered()
    if (this.#state !== 'new') await reach('commit.sending')
    const answer = this.#state === 'new' ? undefined : this.#ask(commit, commits)
    this.#state = 'ended'
    if (answer === undefined) return
    if (isArmed('commit.sent')) await this.#dieBeforeReply(answer)
    const { tag } = await answer
    // The work went on after a failed statement: PostgreSQL answers COMMIT by rolling back.
    if (tag !== 'COMMIT') throw this.#firstFailure ?? new Failure('internal')
    await reach('commit.acknowledged')
  }

  async #dieBeforeReply(answer: Promise<Answer>): Promise<void> {
    answer.catch(ignore)
    // The statement leaves at the end of this turn.
    await new Promise((resolve) => setImmediate(resolve))
    await reach('commit.sent', () => this.#wire.destroy('the reply to COMMIT was dropped'))
  }

  /** Takes back what is not committed. Never fails. */
  async rollback(): Promise<void> {
    this.#state = 'ended'
    for (const { reject } of this.#early.splice(0)) reject(new Failure('internal'))
    const wire = this.#wire
    if (!wire.isOpen || (wire.inFlight === 0 && !wire.isInTransaction)) return
    try {
      // Answers come in their order: behind this one nothing of the transaction is under way.
      await wire.query(rollback)
    } catch {
      // The state of the connection is not known: the server rolls back when it is gone.
      wire.destroy('a rollback failed')
    }
  }

  async #ask(query: Query, options: SendOptions): Promise<Answer> {
    try {
      if (this.#beginFailed) throw this.#firstFailure
      if (!this.#inTime()) throw outOfTime()
      return await this.#send(query, options)
    } catch (error) {
      throw this.#note(error)
    }
  }

  #send(query: Query, options: SendOptions): Promise<Answer> {
    if (this.#state === 'new') return this.#sendFirst(query, options.before)
    if (this.#state === 'begun') return this.#wire.query(query, options)
    return new Promise((resolve, reject) => {
      const send = (): void => {
        this.#wire.query(query, options).then(resolve, reject)
      }
      this.#early.push({ send, reject })
    })
  }

  /**
   * BEGIN travels with the first statement: it costs no round trip, and where it fails the server
   * skips the statement. What is asked for meanwhile waits for that answer, because without BEGIN
   * it would run outside of the transaction.
   */
  #sendFirst(query: Query, more: readonly Query[] = []): Promise<Answer> {
    this.#state = 'beginning'
    const before = [...this.#start.begin, ...more]
    const sent = this.#wire.query(query, { before, joins: true })
    const answer = isArmed('transaction.begun') ? passBegun(sent) : sent
    answer.then(
      () => {
        if (this.#state === 'beginning') this.#state = 'begun'
        for (const { send } of this.#early.splice(0)) send()
      },
      (reason: unknown) => {
        if (this.#state === 'beginning') this.#state = 'begun'
        this.#beginFailed = !this.#wire.isInTransaction
        for (const { reject } of this.#early.splice(0)) reject(reason)
      },
    )
    return answer
  }

  #inTime(): boolean {
    const { endsAtMs } = this.#start
    return endsAtMs === undefined || monotonicMs() < endsAtMs
  }

  /** What is thrown for an error: a statement behind a failed one fails like it. */
  #note(error: unknown): unknown {
    const cause = databaseErrorOf(error)
    if (cause?.sqlState === behindFailed.sqlState && this.#firstFailure !== undefined) {
      return this.#firstFailure
    }
    this.#firstFailure ??= error
    if (cause && asksForRetry(cause) && error instanceof Failure) this.#conflict ??= error
    return error
  }
}

/** BEGIN, and what it sets. */
export function beginOf({
  isolation,
  readOnly,
  statementTimeoutMs,
}: TransactionRun): readonly Query[] {
  const text = `begin isolation level ${isolation}${readOnly ? ' read only' : ''}`
  const begin = { text, values: none, name: text }
  if (statementTimeoutMs === undefined) return [begin]
  assert(Number.isSafeInteger(statementTimeoutMs) && statementTimeoutMs > 0, 'a number of ms')
  return [begin, { text: `set local statement_timeout = ${statementTimeoutMs}`, values: none }]
}

async function passBegun(sent: Promise<Answer>): Promise<Answer> {
  const answer = await sent
  await reach('transaction.begun')
  return answer
}

/** The failure of a statement that comes after the end of its transaction's time. */
export function outOfTime(): Failure {
  return new Failure('deadline_exceeded', {
    detail: 'The time for the change was over before it was stored: nothing was stored.',
  })
}

function ignore(): void {
  // Told where it counts.
}
