/** Owns the running of declared jobs: the world first, then one transaction with the completion. */

import { Failure } from '../../base/failure.ts'
import { type CatalogLogic, logicName } from '../../catalog/logic/logic.ts'
import type { Job } from '../../define/logic/logic.ts'
import { type LogicAttempt, logicTransaction } from '../../engine/logic/transaction.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { Lease, Runner } from '../lease.ts'
import { callerOf } from './callers.ts'
import { callOutside } from './external.ts'

/** A declared job with everything that its logic is given beside the transaction. */
export interface DeclaredRunner extends Runner {
  readonly declared: Job
}

/** Runners of every declared job, handler and schedule, by name. */
export function declaredRunners(
  runtime: Runtime,
  { jobs }: Pick<CatalogLogic, 'jobs'>,
): ReadonlyMap<string, DeclaredRunner> {
  return new Map(
    [...jobs].map(([name, declared]) => {
      const { retry, queue } = declared
      const timeoutMs = timeOf(declared)
      const run = (lease: Lease): Promise<void> => runDeclared(runtime, declared, lease)
      return [name, { declared, run, retry, timeoutMs, queue: queue && logicName(queue) }]
    }),
  )
}

/** How long an attempt may take, where the job or its queue says so. */
function timeOf({ timeoutMs, queue }: Job): number | undefined {
  return timeoutMs ?? queue?.timeoutMs
}

async function runDeclared(runtime: Runtime, job: Job, lease: Lease): Promise<void> {
  const { database } = runtime
  const input: unknown = JSON.parse(lease.job.input)
  const outside = { database, lease, job, input }
  const [caller, result] = await Promise.all([
    callerOf(runtime, lease.job.caller),
    job.external ? askOutside(outside) : undefined,
  ])
  if (result === unknown) return
  await logicTransaction(
    runtime,
    {
      ...{ caller, traceId: lease.job.traceId, name: lease.job.name, aborted: lease.aborted },
      isolation: job.isolation,
      longMs: timeOf(job),
      after: (session) => lease.complete(session),
    },
    (attempt) => runLogic(attempt, { job, lease, input, result }),
  )
}

const unknown = Symbol('nobody knows what became of the effect')

/** Where nobody knows whether the effect happened, and somebody is to be asked: a dead letter. */
async function askOutside(outside: Parameters<typeof callOutside>[0]): Promise<unknown> {
  try {
    return await callOutside(outside)
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'effect_unknown') throw error
    await outside.lease.fail(error)
    return unknown
  }
}

/** What the logic of a job is given beside its transaction. */
export interface Running {
  readonly job: Job
  readonly lease: Lease
  readonly input: unknown
  readonly result: unknown
}

/** Runs the logic of a job in an attempt at its transaction. What it returns is dropped. */
export async function runLogic(
  { scope, time }: Pick<LogicAttempt, 'scope' | 'time'>,
  { job, lease, input, result }: Running,
): Promise<void> {
  const { id: jobId, attempt: number } = lease.job
  const run = job.run as (scope: object) => Promise<unknown>
  await run({
    ...{ ...scope, input, result },
    // A handler's input is its event, a schedule's its tick.
    ...{ event: input, tick: tickOf(input) },
    attempt: { jobId, number, aborted: time.aborted },
    progress: (done: number, note?: string) => lease.progress(done, note),
  })
}

function tickOf(input: unknown): unknown {
  return typeof input === 'object' && input !== null && 'tick' in input ? input.tick : undefined
}
