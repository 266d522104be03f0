/** Owns the way from an event to its endpoints: a delivery for each that asked, and may know. */

import type { Catalog } from '../../catalog/catalog.ts'
import { logicName } from '../../catalog/logic/logic.ts'
import type { Event, Handler, Job } from '../../define/logic/logic.ts'
import { insertJobs } from '../../effects/jobs/insert.ts'
import { recordAccess } from '../../engine/records.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { Lease, Runner } from '../lease.ts'
import { audienceOf, type EventFacts, filtersOf, messageOf } from './message.ts'
import { allOf } from './pages.ts'
import { type Endpoint, fanOutKit, finish, nowOf, sendingJob } from './parts.ts'

/** True for apps that have the kit of webhooks. */
export function hasWebhooks({ models }: Catalog): boolean {
  return models.has('webhookEndpoint')
}

/**
 * A catalog in which every event has one more handler: the one that finds its endpoints. So what
 * holds for handlers holds for webhooks: the job commits with the event, once, on every node.
 */
export function withFanOut(catalog: Catalog): Catalog {
  if (!hasWebhooks(catalog)) return catalog
  const { logic } = catalog
  const added = [...logic.events.values()].map(fanOutHandler)
  const handlers = new Map(logic.handlers)
  const jobs = new Map(logic.jobs)
  const handlersOf = new Map(logic.handlersOf)
  for (const handler of added) {
    handlers.set(logicName(handler), handler)
    jobs.set(logicName(handler.job), handler.job)
    const type = logicName(handler.event)
    handlersOf.set(type, [...(handlersOf.get(type) ?? []), handler])
  }
  return Object.freeze({
    ...catalog,
    logic: Object.freeze({ ...logic, handlers, jobs, handlersOf }),
  })
}

/** The runners of the added handlers, by the names of their jobs. */
export function fanOutRunners(runtime: Runtime): readonly (readonly [string, Runner])[] {
  return [...runtime.catalog.logic.events.values()].map((event) => {
    const retry = { attemptsMax: 1_000, delayMsMax: 60_000 }
    const runner: Runner = { retry, run: (lease) => run({ runtime, event, lease }) }
    return [logicName(fanOutHandler(event).job), runner]
  })
}

function fanOutHandler(event: Event): Handler {
  const name = `deliver.${logicName(event)}`
  const job: Job = Object.freeze({
    ...{ is: 'job', kit: fanOutKit, name, input: {}, queue: undefined, priority: 0, retry: {} },
    ...{ timeoutMs: undefined, external: undefined, description: undefined },
    ...{ isolation: 'read committed', onUnknown: 'repeat' },
    // By its subject, as for every handler: events about one thing keep their order.
    key: undefined,
    run: async () => undefined,
  } as const)
  return Object.freeze({ is: 'handler', kit: fanOutKit, name, event, job })
}

interface FanningOut {
  readonly runtime: Runtime
  readonly event: Event
  readonly lease: Lease
}

const knownText = `select endpoint_id from webhooks.webhook_delivery
  where endpoint_id = any($1::uuid[]) and message_id = $2`

async function run({ runtime, event, lease }: FanningOut): Promise<void> {
  const facts = JSON.parse(lease.job.input) as EventFacts
  const endpoints = await endpointsFor(runtime, event, facts)
  const now = nowOf(runtime)
  await finish(lease, runtime, async (session) => {
    const records = recordAccess(runtime, session)
    // An earlier run, or a replay of an endpoint, may have been quicker.
    const ids = endpoints.map(({ id }) => id)
    const { rows } = await session.query({ text: knownText, values: [ids, facts.id] })
    const known = new Set(rows.map(([id]) => id))
    const asking = endpoints.filter(({ id }) => !known.has(id))
    const made = await Promise.all(
      asking.map((endpoint) => {
        const content = messageOf(facts, endpoint.format)
        return records.create('webhookDelivery', { endpointId: endpoint.id, ...content })
      }),
    )
    const jobs = asking.map((endpoint, index) => {
      const delivery = String(made[index]?.id)
      const { traceId } = lease.job
      return sendingJob({ id: runtime.newId(), delivery, endpoint, traceId }, now)
    })
    if (jobs.length > 0) await insertJobs(session, jobs, now)
    return undefined
  })
  if (endpoints.length > 0) runtime.effects.wake()
}

/** The endpoints that asked for an event and whose owners may know of it. */
export async function endpointsFor(
  runtime: Runtime,
  event: Event | undefined,
  facts: EventFacts,
): Promise<readonly Endpoint[]> {
  const audience = audienceOf(event, facts.data)
  const owners = [
    { owner: { roles: { has: 'admin' } } },
    ...(audience.length === 0 ? [] : [{ ownerId: { in: audience } }]),
  ]
  const found = await allOf(runtime, 'webhookEndpoint', {
    filter: {
      ...{ status: 'on', owner: { suspended: false } },
      and: [
        { or: owners },
        { or: filtersOf(facts.type).map((filter) => ({ events: { has: filter } })) },
      ],
    },
    sort: ['createdAt', 'id'],
  })
  return found as unknown as readonly Endpoint[]
}
