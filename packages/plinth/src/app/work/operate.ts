/** Owns what operators do with jobs, queues, events and schedules. */

import { Failure } from '../../base/failure.ts'
import { instantText } from '../../base/time.ts'
import { suggestion } from '../../catalog/mistakes.ts'
import type { LoggedEvent } from '../../effects/events/event.ts'
import { readEvents } from '../../effects/events/log.ts'
import { defaultQueue, type JobState } from '../../effects/jobs/job.ts'
import {
  countQueues,
  findJob,
  type JobQuestion,
  listJobs,
  type SeenJob,
  type SeenQueue,
} from '../../effects/jobs/look.ts'
import {
  cancelJob,
  clearDead,
  type DeadQuestion,
  deadJobs,
  pauseQueue,
  resumeQueue,
  retryJobs,
} from '../../effects/jobs/manage.ts'
import { mailJob } from '../../effects/mails.ts'
import { workflowJob } from '../../effects/workflows/start.ts'
import { laterJob } from '../../engine/logic/action/later.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { type Replay, replayEvents } from '../../work/events/replay.ts'
import { tellWorkers } from '../../work/waker.ts'
import { deliveryJob } from '../../work/webhooks/parts.ts'
import { type Scheduling, type SeenSchedule, scheduling } from './schedules.ts'
import { type Rewinding, type SeenSubscription, subscribing } from './subscriptions.ts'

export type { JobState, LoggedEvent, Rewinding, SeenJob, SeenQueue, SeenSchedule, SeenSubscription }

/** What operators can do. All of it works beside a running server. */
export interface Operating extends Scheduling {
  jobs(question: JobQuestion): Promise<readonly SeenJob[]>
  /** Fails with `not_found`. */
  job(id: string): Promise<SeenJob>
  queues(): Promise<readonly SeenQueue[]>
  /** Fails with `not_found`, and with `conflict` where it had ended before. */
  cancel(id: string): Promise<void>
  /** Runs it anew, or at once. Fails with `not_found` and `conflict`. */
  retry(id: string): Promise<void>
  /** Runs dead letters anew. Returns how many. */
  redrive(question: DeadQuestion): Promise<number>
  /** Forgets dead letters. Returns how many. */
  clearDead(question: DeadQuestion): Promise<number>
  /** Fails with `not_found` where there is no such queue. */
  pause(queue: string): Promise<void>
  /** False where it was not paused. */
  resume(queue: string): Promise<boolean>
  events(question: Parameters<typeof readEvents>[1]): Promise<readonly LoggedEvent[]>
  /** New runs of a handler. Returns how many. */
  replay(replay: Replay): Promise<number>
  /** Durable subscriptions: those that are declared, and those that were. */
  subscriptions(): Promise<readonly SeenSubscription[]>
  /**
   * Lets a subscription go on elsewhere. Returns the position that it is set to. Fails with
   * `not_found`, and with `forgotten` where events from there on are no longer kept.
   */
  rewind(rewinding: Rewinding): Promise<number>
  /** Forgets a subscription that is declared no more. Fails with `not_found` and `conflict`. */
  forgetSubscription(name: string): Promise<void>
}

/** The operating of an app. */
export function operatingOf(runtime: Runtime): Operating {
  const { database, clock } = runtime
  const now = (): string => instantText(clock.now())
  const job = async (id: string): Promise<SeenJob> => {
    const found = await findJob(database, id)
    if (found) return found
    throw new Failure('not_found', { detail: `There is no job ${id}, or it is forgotten already.` })
  }
  const retry = async (ids: readonly string[]): Promise<readonly string[]> => {
    const again = await retryJobs(database, ids, now())
    if (again.length > 0) runtime.effects.wake()
    return again
  }
  return {
    jobs: (question) => listJobs(database, question),
    job,
    queues: () => countQueues(database),
    async cancel(id) {
      const { state } = await job(id)
      if (!(await cancelJob(database, id, now()))) throw ended(id, state)
      tellWorkers(database, `cancel ${id}`)
    },
    async retry(id) {
      const { state } = await job(id)
      if ((await retry([id])).length === 0) throw ended(id, state)
    },
    redrive: async (question) => (await retry(await deadJobs(database, question))).length,
    clearDead: async (question) => clearDead(database, await deadJobs(database, question)),
    async pause(queue) {
      await demandQueue(runtime, queue)
      await pauseQueue(database, queue, now())
    },
    async resume(queue) {
      const resumed = await resumeQueue(database, queue)
      if (resumed) runtime.effects.wake()
      return resumed
    },
    events: (question) => readEvents(database, question),
    replay: (replay) => replayEvents(runtime, replay),
    ...scheduling(runtime),
    ...subscribing(runtime),
  }
}

// A word that was mistyped would be paused as well, and the queue that was meant would go on.
async function demandQueue({ catalog, database }: Runtime, queue: string): Promise<void> {
  const own = [defaultQueue, workflowJob, mailJob, deliveryJob, laterJob]
  const known = [...new Set([...catalog.logic.queues.keys(), ...own])]
  if (known.includes(queue)) return
  // One that is declared no more may still hold jobs.
  if ((await countQueues(database)).some((one) => one.queue === queue)) return
  const near = suggestion(queue, known) || `. There are: ${known.join(', ')}.`
  throw new Failure('not_found', { detail: `There is no queue "${queue}"${near}` })
}

function ended(id: string, state: JobState): Failure {
  return new Failure('conflict', { detail: `The job ${id} is ${state}: this changes nothing.` })
}
