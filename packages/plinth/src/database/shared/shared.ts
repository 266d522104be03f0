/** Owns transactions that several works share: one after another, one commit, all or none. */

import { assert } from '../../base/assert.ts'
import { monotonicMs } from '../../base/time.ts'
import type { Appending, Query, Rows, Session } from '../database.ts'
import { databaseErrorOf } from '../errors.ts'
import { overloaded, type Pool } from '../pool.ts'
import {
  beginOf,
  outOfTime,
  runTransaction,
  Transaction,
  type TransactionRun,
} from '../transaction.ts'
import { Waiters } from '../waiters.ts'
import { SharingPace } from './pace.ts'

/** Caps of what is shared. */
export interface SharingLimits {
  /** Transactions of one name at once; what comes meanwhile shares the next ones. */
  readonly sharedTransactionsMax: number
  /** Works in one transaction. */
  readonly sharedWorksMax: number
  /** One that takes longer keeps no others waiting: its name goes alone for a while. */
  readonly sharedWorkMs: number
  readonly acquireQueueMax: number
}

type Work = (session: Session) => Promise<unknown>

/** What became of one work; `alone`: nothing, it is to be run by itself. */
type Outcome =
  | { readonly is: 'done'; readonly value: unknown }
  | { readonly is: 'failed'; readonly reason: unknown }
  | { readonly is: 'alone' }

const alone: Outcome = Object.freeze({ is: 'alone' })

interface Member {
  readonly caller: string
  readonly work: Work
  readonly options: TransactionRun
  readonly tell: (outcome: Outcome) => void
}

/**
 * Lets works of one name that wait for one another share a transaction. They run one after
 * another, each after the one before has asked for everything, and all of them came before the
 * transaction began: so each sees what was committed before it was asked for, and what it does is
 * as if it had been committed by itself. Nobody is told anything before the commit. Where it does
 * not come to that, nothing of any of them is stored, and each is run by itself.
 */
export class SharedTransactions {
  readonly #pool: Pool
  readonly #limits: SharingLimits
  readonly #lines = new Map<string, Line>()

  constructor(pool: Pool, limits: SharingLimits) {
    this.#pool = pool
    this.#limits = limits
  }

  /** Runs the work in a transaction of its own, or in one with others of its name. */
  async run<T>(
    name: string,
    work: (session: Session) => Promise<T>,
    options: TransactionRun,
  ): Promise<T> {
    const line = this.#lineOf(`${options.isolation} ${name}`)
    if (!line.pace.goesAlone()) {
      const outcome = await line.enter(work, options)
      if (outcome.is === 'done') return outcome.value as T
      if (outcome.is === 'failed') throw outcome.reason
    }
    return runTransaction(this.#pool, work, options)
  }

  #lineOf(name: string): Line {
    const known = this.#lines.get(name)
    if (known) return known
    const made = new Line(this.#pool, this.#limits)
    this.#lines.set(name, made)
    return made
  }
}

/** Those of one name: who waits, and the transactions under way. */
class Line {
  readonly pace: SharingPace
  readonly #pool: Pool
  readonly #limits: SharingLimits
  readonly #waiting = new Waiters<Member>()
  /** When each of them began, on the monotonic counter; the oldest stands first. */
  readonly #running = new Map<object, number>()
  #looking: ReturnType<typeof setTimeout> | undefined

  constructor(pool: Pool, limits: SharingLimits) {
    this.#pool = pool
    this.#limits = limits
    this.pace = new SharingPace(limits.sharedWorksMax)
  }

  /** Waits for what becomes of the work. */
  enter(work: Work, options: TransactionRun): Promise<Outcome> {
    return new Promise((tell) => {
      const { caller = '' } = options
      if (this.#waiting.size >= this.#limits.acquireQueueMax) {
        const failed: Outcome = { is: 'failed', reason: overloaded('acquireQueueMax') }
        const last = this.#waiting.makeRoomFor(caller)
        if (last === undefined) {
          tell(failed)
          return
        }
        last.tell(failed)
      }
      this.#waiting.add({ caller, work, options, tell })
      this.#begin()
    })
  }

  #begin(): void {
    while (this.#waiting.size > 0 && this.#hasRoom()) {
      const first = this.#waiting.next()
      assert(first !== undefined, 'somebody waits')
      const run = {}
      this.#running.set(run, monotonicMs())
      this.#share(first).finally(() => {
        this.#running.delete(run)
        this.#begin()
      })
    }
    if (this.#waiting.size > 0) this.#lookLater()
  }

  /** What takes long is not waited for: others begin beside it. */
  #hasRoom(): boolean {
    // Where nobody may share, nobody waits for the next one to be shared.
    if (this.pace.members === 1) return true
    if (this.#running.size < this.#limits.sharedTransactionsMax) return true
    const sinceMs = monotonicMs() - this.#patienceMs
    let quick = 0
    for (const beganMs of this.#running.values()) if (beganMs > sinceMs) quick += 1
    return quick < this.#limits.sharedTransactionsMax
  }

  #lookLater(): void {
    if (this.#looking !== undefined) return
    this.#looking = setTimeout(() => {
      this.#looking = undefined
      this.#begin()
    }, this.#patienceMs)
  }

  /** Never fails: whoever takes part is told. */
  async #share(first: Member): Promise<void> {
    const members = [first]
    try {
      const wire = await this.#pool.acquire(first.caller)
      // Nobody who comes later: its snapshot would be older than the call.
      members.push(...this.#followers())
      try {
        tellAll(await this.#runAll(new Transaction(wire, startOf(first)), members))
      } finally {
        this.#pool.release(wire)
      }
    } catch (reason) {
      for (const { tell } of members) tell({ is: 'failed', reason })
    }
  }

  #followers(): readonly Member[] {
    const followers: Member[] = []
    while (followers.length + 1 < this.pace.members) {
      const next = this.#waiting.next()
      if (next === undefined) break
      followers.push(next)
    }
    return followers
  }

  /** Runs those that have not gone back into the line by the time at which they could begin. */
  async #runAll(transaction: Transaction, members: Member[]): Promise<Told> {
    const told: [Member, Outcome][] = []
    let begun = 0
    const impatience = setTimeout(() => this.#goBack(members.splice(begun)), this.#patienceMs)
    try {
      for (let member = members[0]; member !== undefined; member = members[begun]) {
        begun += 1
        told.push([member, await this.#runOne(transaction, member)])
      }
      await transaction.commit()
      this.pace.widen()
      return told
    } catch (reason) {
      await transaction.rollback()
      return this.#undone(transaction, { members, told, reason })
    } finally {
      clearTimeout(impatience)
    }
  }

  get #patienceMs(): number {
    return this.#limits.sharedWorkMs
  }

  /** Who has waited behind one that is slow waits for it no longer. */
  #goBack(members: readonly Member[]): void {
    for (const member of members) this.#waiting.add(member)
    this.#begin()
  }

  /** Fails where nothing can be committed any more. */
  async #runOne(transaction: Transaction, { work, options }: Member): Promise<Outcome> {
    const beganMs = monotonicMs()
    const part = new Part(transaction, options)
    try {
      return { is: 'done', value: await work(part) }
    } catch (reason) {
      // What it saw may be taken back as well: it is told so after the commit.
      if (part.onlyLooked && transaction.failure === undefined) return { is: 'failed', reason }
      throw reason
    } finally {
      part.end()
      if (monotonicMs() - beganMs > this.#patienceMs) this.pace.part()
    }
  }

  #undone({ conflict }: Transaction, { members, told, reason }: Undone): Told {
    const inDoubt = databaseErrorOf(reason)?.outcomeUnknown === true
    if (conflict !== undefined) this.pace.narrow()
    else if (!inDoubt) this.pace.part()
    const failed: Outcome = { is: 'failed', reason: conflict ?? reason }
    if (members.length === 1) return members.map((member) => [member, failed])
    if (!inDoubt) return members.map((member) => [member, alone])
    // Who would have been told of a failure has nothing stored, and can be run anew.
    return told.map(([member, outcome]) => [member, outcome.is === 'done' ? failed : alone])
  }
}

type Told = readonly (readonly [Member, Outcome])[]

interface Undone {
  readonly members: readonly Member[]
  readonly told: Told
  readonly reason: unknown
}

function tellAll(told: Told): void {
  for (const [{ tell }, outcome] of told) tell(outcome)
}

/** Each of them has its own end, who begins with it has its own claims. */
function startOf({ options }: Member) {
  return { begin: beginOf(options), endsAtMs: undefined, queueAt: [], caller: options.caller }
}

/** One work's part of a transaction. */
class Part implements Session {
  readonly #transaction: Transaction
  readonly #endsAtMs: number
  #begins: readonly Query[]
  #onlyLooked = true
  #ended = false

  constructor(transaction: Transaction, { begins = [], timeoutMs = Infinity }: TransactionRun) {
    this.#transaction = transaction
    this.#begins = begins
    this.#endsAtMs = monotonicMs() + timeoutMs
  }

  /** True where nothing that it has asked for leaves a trace. */
  get onlyLooked(): boolean {
    return this.#onlyLooked
  }

  query(query: Query): Promise<Rows> {
    assert(!this.#ended, 'a statement runs inside its transaction')
    if (monotonicMs() >= this.#endsAtMs) return Promise.reject(outOfTime())
    if (query.repeatable !== true) this.#onlyLooked = false
    const before = this.#begins
    this.#begins = []
    return this.#transaction.query(query, before)
  }

  append(to: Appending, row: readonly unknown[]): void {
    assert(!this.#ended, 'a row is added inside its transaction')
    if (monotonicMs() >= this.#endsAtMs) throw outOfTime()
    this.#onlyLooked = false
    this.#transaction.append(to, row)
  }

  end(): void {
    this.#ended = true
  }
}
