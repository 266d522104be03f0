/** Owns the wiring of the worker: who runs which jobs, and what it looks after. */

import { limits } from '../../base/limits.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { laterRunner } from '../../work/action/runner.ts'
import type { Chore } from '../../work/chore.ts'
import { catchUpChore } from '../../work/events/catch-up.ts'
import { keepPartitions } from '../../work/events/partitions.ts'
import { positionChore } from '../../work/events/sequence.ts'
import { subscriptionChore, subscriptionRunners } from '../../work/events/subscription.ts'
import type { Runner } from '../../work/lease.ts'
import { declaredRunners } from '../../work/run/declared.ts'
import { scheduleChore } from '../../work/schedules/schedules.ts'
import type { Waker } from '../../work/waker.ts'
import { Worker } from '../../work/worker.ts'
import { newsChore } from '../../work/workflow/news.ts'
import { workflowRunner } from '../../work/workflow/runner.ts'
import { type MailSettings, mailRunners } from '../delivery/mail.ts'
import { deliveryRunners, hookRunners, type WebhookParts } from '../delivery/webhooks.ts'
import { startAll, together, type Working, workersFor } from './beside.ts'

/**
 * Whether an app runs jobs. `on`: from the start. `manual`: only when told, for tests. `off`:
 * what it enqueues is run by other processes.
 */
export type WorkMode = 'on' | 'manual' | 'off'

/** What the worker is wired from. */
export interface WorkParts {
  readonly runtime: Runtime
  readonly waker: Waker
  readonly mode: WorkMode
  readonly jobsAtOnce?: number | undefined
  readonly mail: MailSettings
  readonly hooks: WebhookParts
}

/** Makes the workers of an app, and starts them where the mode says so. */
export function openWork(parts: WorkParts): Working {
  const { runtime, waker, mode, jobsAtOnce, mail, hooks } = parts
  const manual = mode !== 'on'
  const runners = new Map<string, Runner>([
    ...declaredRunners(runtime, runtime.catalog.logic),
    laterRunner(runtime),
    workflowRunner(runtime),
    ...subscriptionRunners(runtime),
    ...hookRunners(runtime),
  ])
  const main = new Worker({
    ...{ runtime, waker, runners, jobsAtOnce, manual },
    chores: choresOf(runtime),
  })
  const outside = [
    { runners: mailRunners(runtime, mail), atOnce: limits.mailsAtOnce },
    { runners: deliveryRunners(runtime, hooks), atOnce: limits.deliveriesAtOnce },
  ]
  const workers = [main, ...workersFor({ runtime, manual, outside })]
  if (mode === 'on') {
    startAll(workers, waker)
    beginPartitions(runtime)
  }
  return together(workers)
}

/** Housekeeping keeps them later; a first day without them would only be less tidy. */
function beginPartitions({ database, catalog, clock, log }: Runtime): void {
  keepPartitions(database, catalog.logic, clock.now()).catch((cause: unknown) => {
    const message = 'The partitions of the event log were not made; housekeeping tries again.'
    log({ level: 'warning', message, cause })
  })
}

/** What a worker looks after beside its jobs. */
function choresOf(runtime: Runtime): readonly Chore[] {
  const { newId } = runtime
  const { logic } = runtime.catalog
  return [
    scheduleChore({ logic, newId }),
    positionChore,
    catchUpChore({ logic, newId }),
    newsChore(),
    subscriptionChore(runtime),
  ]
}
