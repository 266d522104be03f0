/** Owns the running of subscriptions: batches of the log in its order, each with its position. */

import { present } from '../../base/assert.ts'
import { limits } from '../../base/limits.ts'
import { instantText, monotonicMs } from '../../base/time.ts'
import { type CatalogLogic, logicName } from '../../catalog/logic/logic.ts'
import type { Database } from '../../database/database.ts'
import type { Subscription } from '../../define/logic/logic.ts'
import type { LoggedEvent } from '../../effects/events/event.ts'
import { headPosition, readEvents } from '../../effects/events/log.ts'
import {
  type DroppedEvents,
  droppedFor,
  findSubscription,
  forgotten,
  moveSubscription,
  openSubscription,
  type SubscriptionState,
} from '../../effects/events/subscriptions.ts'
import { insertJobs } from '../../effects/jobs/insert.ts'
import type { NewJob } from '../../effects/jobs/job.ts'
import { logicTransaction } from '../../engine/logic/transaction.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { Chore } from '../chore.ts'
import type { Lease, Runner } from '../lease.ts'

/** The queue of the jobs by which subscriptions read. */
export const subscriptionQueue = 'plinth.subscription'

const ahead = 1_000
const turnMs = 5_000
const attemptsMax = 1_000_000_000
const delayMsMax = 60_000

// One that has nothing to read for now is still moved on now and then, so that what it is behind
// by stays short.
const behindText = `select s.name from plinth.event_head h, plinth.event_subscription s
  join unnest($1::text[], $2::text[]) as w(name, types) on w.name = s.name
  where s.position < h.position
    and not exists (select from plinth.job j where j.name = $3 || s.name and j.dedupe = s.name
      and j.state in ('ready', 'waiting', 'delayed', 'retrying', 'running'))
    and (h.position - s.position > $4::integer or exists (select from plinth.event e
      where e.position > s.position and e.position <= s.position + $4::integer
        and e.type = any(string_to_array(w.types, ' '))))`

/**
 * Gives every subscription that is behind a job. Its key lets one of them run at a time over all
 * nodes, its word lets one be there: what kills a reader is noticed as for every job.
 */
export function subscriptionChore({ catalog, database, newId }: Runtime): Chore {
  const subscriptions = [...catalog.logic.subscriptions]
  const names = subscriptions.map(([name]) => name)
  const types = subscriptions.map(([, one]) => typesOf(one).join(' '))
  let opened = false
  return {
    name: 'subscriptions',
    everyMs: limits.jobPollMs,
    eager: true,
    async run(session, nowMs) {
      if (names.length === 0) return false
      const now = instantText(nowMs)
      if (!opened) await openAll(database, catalog.logic, now)
      opened = true
      const query = { name: 'plinth_subscriptions_behind', text: behindText }
      const { rows } = await session.query({ ...query, values: [names, types, jobPrefix, ahead] })
      if (rows.length === 0) return false
      const jobs = rows.map(([name]) => readingJob({ id: newId(), name: name ?? '', now }))
      await insertJobs(session, jobs, now)
      return true
    },
  }
}

/** Where one begins is decided once, and durably: this is no connection of a worker. */
async function openAll(
  database: Database,
  { subscriptions }: Pick<CatalogLogic, 'subscriptions'>,
  now: string,
): Promise<void> {
  for (const [name, subscription] of subscriptions) {
    const subscriber = { name, types: typesOf(subscription) }
    await openSubscription(database, { subscriber, from: subscription.from, now })
  }
}

const jobPrefix = 'plinth.subscription.'

function readingJob(of: { readonly id: string; readonly name: string; now: string }): NewJob {
  const { id, name, now } = of
  return {
    ...{ id, job: `${jobPrefix}${name}`, queue: subscriptionQueue, input: '{}', priority: 0 },
    ...{ runAt: now, key: name, dedupe: name, caller: { is: 'anonymous' }, traceId: id },
  }
}

/** The types that a subscription reads. */
export function typesOf({ events }: Pick<Subscription, 'events'>): readonly string[] {
  return [...new Set(events.map(logicName))]
}

/** The runners of the jobs by which subscriptions read, by name. */
export function subscriptionRunners(runtime: Runtime): readonly (readonly [string, Runner])[] {
  return [...runtime.catalog.logic.subscriptions].map(([name, subscription]) => {
    // It never ends by itself: what comes later must not go first.
    const retry = { delayMsMax, ...subscription.retry, attemptsMax }
    const run = (lease: Lease): Promise<void> => follow({ runtime, name, subscription, lease })
    return [`${jobPrefix}${name}`, { queue: subscriptionQueue, retry, run }]
  })
}

interface Following {
  readonly runtime: Runtime
  readonly name: string
  readonly subscription: Subscription
  readonly lease: Lease
}

/**
 * Reads batch by batch until there is nothing more, or its turn is over. After a failure events
 * are handed over one by one for a while, so that those before a bad one get through.
 */
async function follow(following: Following): Promise<void> {
  const { subscription, lease } = following
  const endMs = monotonicMs() + turnMs
  let single = lease.job.attempt > 1 ? subscription.batch : 0
  for (;;) {
    const batch = await nextBatch(following, single > 0 ? 1 : subscription.batch)
    single -= 1
    const ending = !batch.more ? 'complete' : monotonicMs() >= endMs ? 'postpone' : 'goOn'
    await handOver(following, batch, ending)
    if (ending !== 'goOn') return
  }
}

interface Batch {
  readonly events: readonly LoggedEvent[]
  readonly state: SubscriptionState
  readonly gap: DroppedEvents | undefined
  /** The position that it is through with then. */
  readonly to: number
  readonly more: boolean
}

async function nextBatch(following: Following, limit: number): Promise<Batch> {
  const { runtime, name, subscription } = following
  const { database } = runtime
  const types = typesOf(subscription)
  const state = present(await findSubscription(database, name), `the subscription ${name}`)
  // First the end, then what is before it: what comes between the two is for the next batch.
  const head = await headPosition(database)
  const events = await readEvents(database, { after: state.position, limit, types })
  const gap = await droppedFor(database, types, state)
  if (gap && subscription.onGap === 'stop') throw forgotten(name, gap)
  const more = events.length >= limit
  const last = events.at(-1)?.position ?? state.position
  return { events, state, gap, to: more ? last : Math.max(head, last), more }
}

type Ending = 'complete' | 'postpone' | 'goOn'

/** The effects of a batch, the position behind it and the end of the job are one commit. */
async function handOver(following: Following, batch: Batch, ending: Ending): Promise<void> {
  const { runtime, name, subscription, lease } = following
  const { events, state, gap, to } = batch
  const { id: jobId, attempt: number, traceId } = lease.job
  const run = subscription.run as (scope: object) => Promise<unknown>
  await logicTransaction(
    runtime,
    {
      ...{ caller: { is: 'anonymous' }, traceId, name, aborted: lease.aborted },
      isolation: subscription.isolation,
      async after(session) {
        const now = instantText(runtime.clock.now())
        const accepted = gap?.upTo ?? 0
        await moveSubscription(session, { name, from: state.position, to, accepted, now })
        if (ending === 'complete') await lease.complete(session)
        else if (ending === 'postpone') await lease.postpone(session, now)
        else await lease.fence(session)
      },
    },
    async ({ scope, time }) => {
      if (events.length === 0 && gap === undefined) return
      await run({
        ...{ ...scope, events: events.map(shown), gap: gap ?? null, is: isOf },
        attempt: { jobId, number, aborted: time.aborted },
      })
    },
  )
}

function shown({ id, type, source, subject, time, data, position }: LoggedEvent): object {
  return { id, type, source, subject, time, data: JSON.parse(data) as unknown, position }
}

function isOf(
  { type }: { readonly type: string },
  event: { readonly kit: string; readonly name: string },
): boolean {
  return type === logicName(event)
}
