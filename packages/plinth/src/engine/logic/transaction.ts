/** Owns the transactions of logic: everything that some logic does and causes, or none of it. */

import type { Caller } from '../../access/caller.ts'
import { isArmed, isSabotaged, reach } from '../../base/failpoint.ts'
import { randomFraction } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import { monotonicMs, sleep } from '../../base/time.ts'
import type { Query, Session, TransactionOptions } from '../../database/database.ts'
import { asksForRetry, databaseErrorOf } from '../../database/errors.ts'
import type { Models } from '../../define/infer.ts'
import type { LogicScope } from '../../define/logic/scope.ts'
import { isStoredMeanwhile } from '../../effects/idempotency.ts'
import { Ahead } from '../ahead.ts'
import { looking } from '../idempotent.ts'
import type { Runtime } from '../runtime.ts'
import { Attempt, type AttemptTime } from './attempt.ts'
import { TwoSteps } from './data/two-steps.ts'
import type { News, Storing } from './effects.ts'
import { longer } from './long.ts'
import { cautionOf } from './pace/caution.ts'
import { gatesOf } from './pace/gate.ts'
import { hotRowsOf } from './pace/hot-rows.ts'
import { scopeOf } from './scope.ts'
import { Time, tooLate } from './time.ts'

/** How some logic runs. */
export interface LogicRun<T = unknown> {
  /** Whose rules `data` obeys. */
  readonly caller: Caller
  /** Who takes turns with others for a connection. Default: the app itself. */
  readonly turn?: string | undefined
  readonly traceId: string
  /** In whose course things happen: `shop.checkout`. Named in the audit and in the log. */
  readonly name: string
  /** Default `serializable`. */
  readonly isolation?: TransactionOptions['isolation']
  /** What the logic is given: the hot rows that it names are waited for before it begins. */
  readonly input?: unknown
  /** True: whatever it writes is refused by PostgreSQL. Default false. */
  readonly readOnly?: boolean
  /** How long all attempts may take together. Default and most: `transactionTimeoutMs`. */
  readonly timeoutMs?: number | undefined
  /** The same where a job asks for more; at most `jobTransactionTimeoutMsMax`. */
  readonly longMs?: number | undefined
  /** Ends the run, e.g. where a job's worker has lost its lease. Its reason is thrown. */
  readonly aborted?: AbortSignal | undefined
  /** Whoever follows from outside how far it is. */
  readonly progress?: ((done: number, note?: string) => void) | undefined
  /** Runs first in every attempt, in the same transaction, e.g. a fence. */
  readonly before?: ((session: Session) => Promise<void>) | undefined
  /** Sent with BEGIN; where one fails, nothing runs. */
  readonly begins?: readonly Query[] | undefined
  /** True: where others wait as well, they may share one transaction. Default false. */
  readonly shares?: boolean
  /** Passed beside every attempt; where it fails, nothing is committed. */
  readonly look?: (() => Promise<void>) | undefined
  /**
   * Runs after everything else. Its statements are sent at once, together with COMMIT; where one
   * fails, the commit does.
   */
  readonly last?: ((session: Session, value: T) => Promise<void>) | undefined
  /** Runs last in every attempt, beside the storing of the effects, e.g. a job's completion. */
  readonly after?: ((session: Session, value: T) => Promise<void>) | undefined
}

/** What the logic of one attempt gets. */
export interface LogicAttempt {
  readonly scope: LogicScope<Models>
  readonly attempt: Attempt
  readonly session: Session
  readonly time: AttemptTime
}

/**
 * Runs logic in one transaction: `before`, the logic, whatever it started and did not wait for, its
 * effects (events, jobs, workflows, signals, mails) and `after`, COMMIT. It runs again, from the
 * beginning and with a scope of its own, where PostgreSQL asks for it: at most
 * `logicAttemptsMax` times, with jitter; from the second attempt on, those that want the same
 * rows queue up. Then workers are woken.
 *
 * Fails with whatever the logic fails with, `overloaded` after too many conflicts,
 * `deadline_exceeded` when the time is over, and `unavailable` where a commit is in doubt: then
 * `outcomeUnknown` stands on its cause.
 *
 * @example
 * await logicTransaction(runtime, { caller, traceId, name }, ({ scope }) => run(scope))
 */
export async function logicTransaction<T>(
  runtime: Runtime,
  run: LogicRun<T>,
  work: (attempt: LogicAttempt) => Promise<T>,
): Promise<T> {
  const endsAtMs = monotonicMs() + timeOf(run)
  const hot = hotRowsOf(runtime.database)
  const gates = gatesOf(runtime.database)
  const caution = cautionOf(runtime.database)
  let queueAt = hot.namesIn(run.input)
  // A test that stands behind a single write waits for it.
  let waits = run.readOnly === true || isArmed('row.written') || caution.waits(run.name)
  for (let number = 1; ; number++) {
    const touched = new Set<string>()
    const ahead: AheadOf = { is: undefined, waits }
    const attempting = { runtime, run, work, touched, endsAtMs, queueAt, ahead, number }
    try {
      const { value, news, late } = await hot.inLine(queueAt, () =>
        gates.pass(run.name, () => attemptOnce(attempting)),
      )
      gates.widen(run.name)
      if (late) await runtime.database.transaction(late)
      if (news) runtime.effects.wake(news)
      return value
    } catch (error) {
      if (error instanceof QueuesFirst) {
        queueAt = error.names
        number -= 1
        continue
      }
      if (!isInDoubt(error) && (await ahead.is?.isBelied())) {
        if (monotonicMs() >= endsAtMs) throw tooLate()
        caution.note(run.name)
        waits = true
        continue
      }
      if (!goesAgain(error, number)) throw error
      if (meetsAtRows(error)) {
        queueAt = [...touched]
        hot.note(touched)
      } else gates.narrow(run.name)
      await sleep(pauseMs(number))
      if (monotonicMs() >= endsAtMs) throw error
    }
  }
}

/** Whether an attempt goes ahead of answers, and by what. */
interface AheadOf {
  is: Ahead | undefined
  /** True: every answer is waited for. */
  readonly waits: boolean
}

function isInDoubt(error: unknown): boolean {
  return databaseErrorOf(error)?.outcomeUnknown === true
}

/** While it waited for a connection, what it wants has become hot: it gives the connection back. */
class QueuesFirst extends Error {
  readonly names: readonly string[]

  constructor(names: readonly string[]) {
    super('It queues before it begins.')
    this.names = names
  }
}

const backoffBaseMs = 4
const backoffMaxMs = 100

/** Full jitter: two that collided do not meet again at the same instant. */
function pauseMs(attempt: number): number {
  return randomFraction() * Math.min(backoffMaxMs, backoffBaseMs * 2 ** attempt)
}

/**
 * A unique value that was taken is tried once more: of two that looked and then created, the
 * second is told so by the unique index before it is told that its look was out of date.
 */
function goesAgain(error: unknown, number: number): boolean {
  const cause = databaseErrorOf(error)
  if (cause === undefined || cause.outcomeUnknown) return false
  if (asksForRetry(cause)) return number < limits.logicAttemptsMax
  // A partition of the log was made between the routing of an event and its storing. No check of
  // an app stands in our own schema.
  if (cause.sqlState === '23514' && cause.schema === 'plinth')
    return number < limits.logicAttemptsMax
  // A call that was answered before is not done again.
  return cause.sqlState === '23505' && number === 1 && !isStoredMeanwhile(error)
}

/**
 * True where calls have met at a row. What PostgreSQL refuses because of reads and writes that
 * only might have crossed (it watches whole pages) says nothing about rows: it is just tried again.
 */
function meetsAtRows(error: unknown): boolean {
  const cause = databaseErrorOf(error)
  return cause !== undefined && !cause.message.includes('read/write dependencies')
}

interface Attempting<T> {
  readonly runtime: Runtime
  readonly run: LogicRun<T>
  readonly work: (attempt: LogicAttempt) => Promise<T>
  readonly touched: Set<string>
  readonly endsAtMs: number
  readonly queueAt: readonly string[]
  readonly ahead: AheadOf
  /** Which attempt it is, from 1. */
  readonly number: number
}

interface Done<T> {
  readonly value: T
  /** What workers are told. */
  readonly news: News | undefined
  /** Only where a test has planted it: stores the effects after the commit. */
  readonly late?: (session: Session) => Promise<void>
}

function attemptOnce<T>(attempting: Attempting<T>): Promise<Done<T>> {
  const { runtime, run, touched, endsAtMs, queueAt, ahead } = attempting
  const leftMs = Math.max(1, Math.ceil(endsAtMs - monotonicMs()))
  const { caller, traceId, name } = run
  return runtime.database.transaction(
    async (transaction) => {
      const hot = queueAt.length === 0 ? hotRowsOf(runtime.database).namesIn(run.input) : []
      if (hot.length > 0) throw new QueuesFirst(hot)
      const time = new Time(run.aborted, endsAtMs - monotonicMs())
      const { progress = ignore } = run
      const { isolation = 'serializable' } = run
      const { log, watchful } = runtime
      const twoSteps = watchful ? new TwoSteps({ name, isolation, log }) : undefined
      ahead.is = ahead.waits ? undefined : new Ahead(transaction)
      const session = ahead.is ?? transaction
      const setting = {
        ...{ runtime, session, caller, traceId, name, touched, progress, twoSteps, time },
      }
      const attempt = new Attempt(setting)
      try {
        return await inTime(attempting, { attempt, session, time })
      } catch (error) {
        // What is still under way ends before the rollback: no attempt reaches into the next one.
        await attempt.drain()
        throw error
      } finally {
        time.end()
      }
    },
    {
      isolation: run.isolation ?? 'serializable',
      readOnly: run.readOnly ?? false,
      attemptsMax: 1,
      timeoutMs: leftMs,
      queueAt,
      caller: run.turn,
      begins: [...(run.begins ?? []), ...(isLong(run) ? longer(leftMs) : [])],
      ...statementTime(run, leftMs),
      shares: sharesWith(attempting, leftMs),
    },
  )
}

/**
 * The name under which an attempt may share its transaction with others; undefined: with nobody.
 * One that was refused before, that waits for rows or for answers, or that has time limits of its
 * own would keep the others.
 */
function sharesWith<T>(
  { run, queueAt, ahead, number }: Attempting<T>,
  leftMs: number,
): string | undefined {
  if (run.shares !== true || number > 1 || ahead.waits || queueAt.length > 0) return undefined
  const hasOwnTime = statementTime(run, leftMs).statementTimeoutMs !== undefined
  return hasOwnTime || run.readOnly === true ? undefined : run.name
}

type Timed = Pick<LogicRun, 'timeoutMs' | 'longMs'>

function timeOf({ timeoutMs = Number.MAX_VALUE, longMs }: Timed): number {
  // What is shorter is ended by its attempt, which says so in its own words.
  if (isLong({ longMs })) return Math.min(longMs ?? 0, limits.jobTransactionTimeoutMsMax)
  return Math.min(timeoutMs, limits.transactionTimeoutMs)
}

function isLong({ longMs = 0 }: Timed): boolean {
  return longMs > limits.transactionTimeoutMs
}

function statementTime(run: Timed, leftMs: number): Pick<TransactionOptions, 'statementTimeoutMs'> {
  const most = isLong(run) ? limits.jobStatementTimeoutMs : limits.statementTimeoutMs
  if (!isLong(run) && leftMs >= most) return {}
  return { statementTimeoutMs: Math.min(leftMs, most) }
}

interface InTime {
  readonly attempt: Attempt
  readonly session: Session
  readonly time: Time
}

async function inTime<T>(
  { runtime, run, work }: Attempting<T>,
  { attempt, session, time }: InTime,
): Promise<Done<T>> {
  const value = await looking(run.look ? { look: run.look } : undefined, async () => {
    await run.before?.(session)
    const working = work({ scope: scopeOf(attempt), attempt, session, time })
    // Where the time is over first, nobody waits for it any more.
    working.catch(ignore)
    const done = await Promise.race([working, time.over])
    await attempt.settle()
    return done
  })
  await reach('rows.written')
  const { effects, now } = attempt
  const news = effects.newsFor(runtime.catalog.logic)
  const store = (where: Session): Storing => effects.store(runtime.effects, where, now)
  if (isSabotaged('event-after-commit')) {
    await run.after?.(session, value)
    await run.last?.(session, value)
    const late = async (where: Session): Promise<void> => {
      const { waitedFor, together } = store(where)
      await Promise.all([waitedFor, ...together])
    }
    return { value, news, late }
  }
  const { waitedFor, together } = store(session)
  // Where what is waited for fails, nobody comes to these: the transaction fails for all of them.
  for (const work of together) work.catch(ignore)
  await Promise.all([waitedFor, run.after?.(session, value)])
  await sent([...together, run.last?.(session, value)])
  return { value, news }
}

/**
 * Lets statements travel with COMMIT: fails with what was refused before they were sent, and does
 * not wait for their answers. Where PostgreSQL refuses one of them, COMMIT fails with that.
 */
async function sent(works: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  const refused: unknown[] = []
  for (const work of works) work?.catch((reason: unknown) => refused.push(reason))
  // What is refused by now is told before this goes on.
  await undefined
  if (refused.length > 0) throw refused[0]
}

function ignore(): void {
  // Raced against where it counts.
}
