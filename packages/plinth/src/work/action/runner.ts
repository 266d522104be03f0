/** Owns the running of calls that are answered later: the action, its answer, one transaction. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { instantText } from '../../base/time.ts'
import type { ActionOperation } from '../../catalog/catalog.ts'
import type { Session } from '../../database/database.ts'
import { endOperation, isOpen, operationInput } from '../../effects/actions/operation.ts'
import { admitAction, runAllowed } from '../../engine/logic/action/action.ts'
import { failureText, laterJob } from '../../engine/logic/action/later.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { Lease, Runner } from '../lease.ts'
import { callerOf, isStillThere } from '../run/callers.ts'
import { whyEnded } from '../run/ended.ts'

const attemptsMax = 5
const cancelPollMs = 500

/** The runner of calls that are answered later, by the name of their jobs. */
export function laterRunner(runtime: Runtime): readonly [string, Runner] {
  const run = (lease: Lease): Promise<void> => new LaterCall(runtime, lease).run()
  const timeoutMs = limits.transactionTimeoutMs * 2
  return [laterJob, { run, retry: { attemptsMax }, timeoutMs, queue: laterJob, shared: true }]
}

/** One attempt at such a call. */
class LaterCall {
  readonly #runtime: Runtime
  readonly #lease: Lease
  readonly #cancelled = new AbortController()

  constructor(runtime: Runtime, lease: Lease) {
    this.#runtime = runtime
    this.#lease = lease
  }

  async run(): Promise<void> {
    const { database } = this.#runtime
    const asked = await operationInput(database, this.#lease.job.id)
    const operation = asked && this.#runtime.catalog.operations.get(asked.action)
    // Cancelled, or cleared away: there is nothing left to do.
    if (asked === undefined) return this.#finish()
    const timer = setInterval(() => void this.#look(), cancelPollMs)
    try {
      if (operation?.type !== 'action') throw gone(asked.action)
      await this.#act(operation, JSON.parse(asked.input) as unknown)
    } catch (error) {
      await this.#failed(error)
    } finally {
      clearInterval(timer)
    }
  }

  /** The action under its caller's rules as they are now; its answer and the job's end with it. */
  async #act(operation: ActionOperation, input: unknown): Promise<void> {
    const runtime = this.#runtime
    const { job, aborted } = this.#lease
    if (!(await isStillThere(runtime, job.caller))) throw suspended()
    await this.#demandStanding(runtime.database)
    const caller = await callerOf(runtime, job.caller)
    const call = {
      ...{ operation: operation.name, as: { caller }, input, remoteAddress: '' },
      ...{ traceId: job.traceId, idempotencyKey: job.id },
    }
    const asked = {
      ...{ runtime, call, caller },
      aborted: AbortSignal.any([aborted, this.#cancelled.signal]),
      progress: (done: number, note?: string) => this.#lease.progress(done, note),
    }
    const values = await admitAction(asked, operation)
    await runAllowed(asked, operation, {
      values,
      before: async (session) => {
        if (!(await isOpen(session, job.id))) throw cancelled()
        await this.#demandStanding(session)
      },
      after: (session, reply) => this.#end(session, { state: 'done', result: reply.body }),
    })
  }

  async #demandStanding(session: Session): Promise<void> {
    const ended = await whyEnded(session, this.#lease.job.caller)
    if (ended !== undefined) throw ended
  }

  async #end(
    session: Session,
    ending: { readonly state: 'done' | 'failed'; readonly result?: string | undefined } & {
      readonly failure?: string
    },
  ): Promise<void> {
    const { id } = this.#lease.job
    const now = instantText(this.#runtime.clock.now())
    const { state, result, failure } = ending
    if (!(await endOperation(session, { id, state, result, failure, now }))) throw cancelled()
    await this.#lease.complete(session)
  }

  /** What may end well later is tried again; anything else is the answer. */
  async #failed(error: unknown): Promise<void> {
    const { job, aborted } = this.#lease
    if (aborted.aborted || (error instanceof Failure && error.code === 'lease_lost')) throw error
    const { database, log } = this.#runtime
    if (!(await isOpen(database, job.id))) return this.#finish()
    const failure =
      error instanceof Failure ? error : new Failure('internal', { cause: error as unknown })
    if (failure.retryable && job.attempt < attemptsMax) throw error
    if (failure.status >= 500) {
      const message = `${job.name} ${job.id} failed.`
      log({ level: 'error', message, cause: error, traceId: job.traceId })
    }
    const text = failureText(failure, job.traceId)
    await database.transaction(
      (session) => this.#end(session, { state: 'failed', failure: text }),
      { isolation: 'read committed' },
    )
  }

  /** Ends the job of a call that has ended otherwise. */
  async #finish(): Promise<void> {
    await this.#runtime.database.transaction((session) => this.#lease.complete(session), {
      isolation: 'read committed',
    })
  }

  async #look(): Promise<void> {
    try {
      const open = await isOpen(this.#runtime.database, this.#lease.job.id)
      if (!open) this.#cancelled.abort(cancelled())
    } catch (cause) {
      const message = 'Whether a call was cancelled could not be seen; it is asked again.'
      this.#runtime.log({ level: 'warning', message, cause, traceId: this.#lease.job.traceId })
    }
  }
}

function cancelled(): Failure {
  return new Failure('conflict', { detail: 'The call was cancelled: nothing was done.' })
}

function suspended(): Failure {
  return new Failure('sign_in_required', {
    detail: 'The account was suspended or deleted before the call was made: nothing was done.',
  })
}

function gone(action: string): Failure {
  return new Failure('not_found', {
    detail: `There is no action ${action} any more: nothing was done.`,
  })
}
