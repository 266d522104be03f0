/** Owns one attempt at a job from its claim to its end, whoever ends it first. */

import { isSabotaged, reach } from '../../base/failpoint.ts'
import { Failure } from '../../base/failure.ts'
import { randomFraction } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import { type Clock, instantText, sleep } from '../../base/time.ts'
import type { Database, Session } from '../../database/database.ts'
import type { Retry } from '../../define/logic/logic.ts'
import type { ClaimedJob } from '../../effects/jobs/job.ts'
import { writeProgress } from '../../effects/jobs/progress.ts'
import type { Log } from '../../engine/runtime.ts'
import type { Lease, Runner } from '../lease.ts'
import {
  completeJobs,
  type Finished,
  failJob,
  fence,
  type Hold,
  leaseLost,
  runLater,
} from '../queue/finish.ts'

/** What an attempt stands on. */
export interface HeldJobParts {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds that a done job of a queue is kept. */
  readonly keepMs: (queue: string) => number
  /** Called with the instant, in milliseconds since 1970, at which a job is due again. */
  readonly later: (runAtMs: number) => void
}

const dbPauseMs = 100
const dbPauseMsMax = 2_000

/** One attempt. It is over once: done, put off, failed, timed out, cancelled or lost. */
export class HeldJob implements Lease {
  readonly job: ClaimedJob
  readonly runner: Runner
  readonly #parts: HeldJobParts
  readonly #controller = new AbortController()
  readonly #over = Promise.withResolvers<void>()
  #ending: 'none' | 'ended' | 'handedOver' = 'none'

  constructor(job: ClaimedJob, runner: Runner, parts: HeldJobParts) {
    this.job = job
    this.runner = runner
    this.#parts = parts
  }

  /** Its token: whoever took the job away has another one. */
  get hold(): Hold {
    const { id, place, worker, claim } = this.job
    return { id, place, worker, claim }
  }

  get aborted(): AbortSignal {
    return this.#controller.signal
  }

  /** What the job's completion stores. */
  get finished(): Finished {
    const { clock, keepMs } = this.#parts
    const keepUntil = instantText(clock.now() + keepMs(this.job.queue))
    return { hold: this.hold, keepUntil }
  }

  /** Runs the attempt to its end. Never fails. */
  async run(): Promise<void> {
    const timeoutMs = this.runner.timeoutMs ?? limits.jobTimeoutMs
    const timer = setTimeout(() => void this.#timeOut(timeoutMs), timeoutMs)
    try {
      await Promise.race([this.#attempt(), this.#over.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  async #attempt(): Promise<void> {
    const { job, runner } = this
    const most = runner.retry?.attemptsMax ?? limits.jobAttemptsMax
    // Counted when it is claimed: what takes its process down is not tried for ever.
    if (job.attempt > most) return this.fail(new Error('Its process ended in every attempt.'))
    try {
      await reach('lease.taken')
      await runner.run(this)
      if (this.#ending === 'none') throw new Error(`The runner of ${job.name} did not end its job.`)
    } catch (error) {
      if (this.aborted.aborted) return
      if (error instanceof Failure && error.code === 'lease_lost') this.lose()
      else await this.retry(error)
    }
  }

  fence(session: Session): Promise<void> {
    return fence(session, this.hold)
  }

  async complete(session: Session): Promise<void> {
    const finished = await this.completion()
    await completeJobs(session, [finished], instantText(this.#parts.clock.now()))
    this.#ending = 'ended'
  }

  async completion(): Promise<Finished> {
    await reach('lease.lost')
    if (this.aborted.aborted) throw leaseLost()
    return this.finished
  }

  async postpone(session: Session, runAt: string): Promise<void> {
    if (this.aborted.aborted) throw leaseLost()
    if (!(await runLater(session, this.hold, { runAt, anew: true }))) throw leaseLost()
    this.#parts.later(Date.parse(runAt))
    this.#ending = 'ended'
  }

  /** It was ended by a statement of whoever runs it, alone or several in one transaction. */
  noteEnded(): void {
    this.#ending = 'ended'
  }

  async retry(error: unknown, retry: Retry = this.runner.retry ?? {}): Promise<void> {
    const { job } = this
    const { log, clock, database } = this.#parts
    const { attempt, name, traceId } = job
    if (attempt >= (retry.attemptsMax ?? limits.jobAttemptsMax)) return this.fail(error)
    const delayMs = retryDelayMs(retry, attempt)
    const again = `attempt ${attempt} failed and is repeated in ${Math.ceil(delayMs / 100) / 10} s`
    log({ level: 'warning', message: `${name} ${job.id}: ${again}`, traceId, cause: error })
    const later = { runAt: instantText(clock.now() + delayMs), error: reasonOf(error) }
    await this.#surely(() => runLater(database, this.hold, later))
  }

  async fail(error: unknown): Promise<void> {
    const { job } = this
    const { log, clock, database } = this.#parts
    const message = `${job.name} ${job.id} is a dead letter after attempt ${job.attempt}`
    log({ level: 'error', message, traceId: job.traceId, cause: error })
    const ending = { error: reasonOf(error), now: instantText(clock.now()) }
    await this.#surely(() => failJob(database, this.hold, ending))
  }

  progress(done: number, note?: string): void {
    const { database, clock, log } = this.#parts
    const now = instantText(clock.now())
    writeProgress(database, { job: this.job.id, done, note, now }).catch((cause: unknown) => {
      log({ level: 'warning', message: `The progress of ${this.job.id} was not stored.`, cause })
    })
  }

  /** The job belongs to somebody else: nothing of this attempt may be stored. */
  lose(reason: Failure = leaseLost()): void {
    if (this.#ending === 'ended' || isSabotaged('lease-without-fence')) return
    this.#ending = 'handedOver'
    this.#controller.abort(reason)
    this.#over.resolve()
  }

  async #timeOut(timeoutMs: number): Promise<void> {
    const failure = new Failure('deadline_exceeded', {
      detail: `The attempt took longer than ${timeoutMs} ms: nothing of it is stored.`,
    })
    // First the signal: from now on this attempt completes nothing, whatever it still does.
    this.#controller.abort(failure)
    await this.retry(failure)
    this.#over.resolve()
  }

  /**
   * A word that is not stored would leave the job with us for ever: it is said until the database
   * takes it, or the leases are lost.
   */
  async #surely(work: () => Promise<unknown>): Promise<void> {
    for (let pauseMs = dbPauseMs; ; pauseMs = Math.min(dbPauseMsMax, pauseMs * 2)) {
      try {
        await work()
        this.#ending = 'ended'
        return
      } catch (cause) {
        if (this.#ending === 'handedOver') return
        const message = `The end of an attempt at ${this.job.name} was not stored; once more.`
        this.#parts.log({ level: 'warning', message, cause })
        await sleep(pauseMs)
      }
    }
  }
}

/** Milliseconds before the attempt that follows on this one: half the delay, and a random half. */
export function retryDelayMs(retry: Retry, attempt: number): number {
  const { delayMs = limits.jobRetryDelayMs, factor = 2 } = retry
  const { delayMsMax = limits.jobRetryDelayMsMax } = retry
  const whole = Math.min(delayMsMax, delayMs * factor ** (attempt - 1))
  return Math.round(whole / 2 + (randomFraction() * whole) / 2)
}

function reasonOf(error: unknown): string {
  if (error instanceof Failure) return `${error.code}: ${error.detail}`
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
