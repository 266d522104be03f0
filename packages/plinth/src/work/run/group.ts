/** Owns several short jobs in one transaction: one turn of the disk for all, and all or none. */

import { present } from '../../base/assert.ts'
import { reach } from '../../base/failpoint.ts'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { instantText } from '../../base/time.ts'
import type { Session } from '../../database/database.ts'
import { Attempt } from '../../engine/logic/attempt.ts'
import { type News, PendingEffects } from '../../engine/logic/effects.ts'
import { scopeOf } from '../../engine/logic/scope.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { completeJobs } from '../queue/finish.ts'
import { type Caller, callersOf } from './callers.ts'
import { type DeclaredRunner, runLogic } from './declared.ts'
import type { HeldJob } from './held-job.ts'

/** A job whose logic can share a transaction with others. */
export interface Grouped {
  readonly held: HeldJob
  readonly runner: DeclaredRunner
}

/**
 * Runs jobs one after another in one transaction and completes them together: as strong as each by
 * itself, because nothing runs between a job and its commit that it could not see. False where one
 * of them failed: then nothing of any of them is stored, and each is run by itself.
 */
export async function runGroup(runtime: Runtime, jobs: readonly Grouped[]): Promise<boolean> {
  try {
    const callers = await callersOf(
      runtime,
      jobs.map(({ held }) => held.job.caller),
    )
    const news = await runtime.database.transaction(
      (session) => inTime((aborted) => runAll({ runtime, session, jobs, callers, aborted })),
      { isolation: isolationOf(jobs), attemptsMax: 2 },
    )
    for (const { held } of jobs) held.noteEnded()
    if (news) runtime.effects.wake(news)
    return true
  } catch {
    // Which one it was, and why, shows when each runs by itself.
    return false
  }
}

interface RunningAll {
  readonly runtime: Runtime
  readonly session: Session
  readonly jobs: readonly Grouped[]
  readonly callers: readonly Caller[]
  readonly aborted: AbortSignal
}

async function runAll({
  runtime,
  session,
  jobs,
  callers,
  aborted,
}: RunningAll): Promise<News | undefined> {
  const effects = new PendingEffects()
  for (const [index, { held, runner }] of jobs.entries()) {
    await reach('lease.taken')
    const { name, traceId } = held.job
    const caller = present(callers[index], 'a caller for each job')
    const time = { aborted }
    const setting = { runtime, session, caller, traceId, name, time, touched: new Set<string>() }
    const attempt = new Attempt({ ...setting, progress: ignore })
    try {
      const input: unknown = JSON.parse(held.job.input)
      const running = { job: runner.declared, lease: held, input, result: undefined }
      await runLogic({ scope: scopeOf(attempt), time }, running)
      await attempt.settle()
    } catch (error) {
      await attempt.drain()
      throw error
    }
    gather(effects, attempt.effects)
  }
  await reach('lease.lost')
  const now = instantText(runtime.clock.now())
  const finished = jobs.map(({ held }) => held.finished)
  await Promise.all([
    effects.store(runtime.effects, session, now),
    completeJobs(session, finished, now),
  ])
  return effects.newsFor(runtime.catalog.logic)
}

function gather(all: PendingEffects, one: PendingEffects): void {
  const { events, jobs, workflows, mails } = one
  all.storedAtOnce ||= one.storedAtOnce
  all.events.push(...events)
  all.jobs.push(...jobs)
  all.workflows.push(...workflows)
  all.mails.push(...mails)
}

/** One that hangs must not hold up the others: the group is given up early. */
async function inTime<T>(work: (aborted: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const { promise: over, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const failure = new Failure('deadline_exceeded')
    controller.abort(failure)
    reject(failure)
  }, limits.jobGroupTimeoutMs)
  const working = work(controller.signal)
  working.catch(ignore)
  try {
    return await Promise.race([working, over])
  } finally {
    clearTimeout(timer)
  }
}

const strengths = ['read committed', 'repeatable read', 'serializable'] as const

/** The strongest that one of them asks for. */
function isolationOf(jobs: readonly Grouped[]): (typeof strengths)[number] {
  const wanted = new Set(jobs.map(({ runner }) => runner.declared.isolation))
  return strengths.findLast((one) => wanted.has(one)) ?? 'serializable'
}

function ignore(): void {
  // Told where it counts.
}
