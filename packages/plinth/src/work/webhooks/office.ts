/** Owns what is done with endpoints by name: add, rotate, test, begin again. Past all rules. */

import { present } from '../../base/assert.ts'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { Session } from '../../database/database.ts'
import { insertJobs } from '../../effects/jobs/insert.ts'
import { hasUnfinished, makeDue } from '../../effects/jobs/unfinished.ts'
import { recordAccess } from '../../engine/records.ts'
import type { PlainRecord } from '../../engine/runtime.ts'
import type { NewEndpoint, WebhookOffice } from '../../webhooks/flows.ts'
import { type Rotated, rotated } from '../../webhooks/secrets.ts'
import { messageOf } from './message.ts'
import { testType } from './owner.ts'
import {
  type Delivery,
  type Endpoint,
  nowOf,
  replayingJob,
  sendingJob,
  type WebhookParts,
} from './parts.ts'
import { beginAgain } from './replay.ts'

/** The office of webhooks. `parts` are asked for when they are needed: they know the app. */
export function webhookOffice(parts: () => WebhookParts): WebhookOffice {
  return {
    async find(id) {
      const { runtime } = parts()
      const records = recordAccess(runtime, runtime.database)
      return (await records.find('webhookEndpoint', { filter: { id } }))[0]
    },
    async endpointOf(delivery) {
      const { runtime } = parts()
      const records = recordAccess(runtime, runtime.database)
      const query = { filter: { id: delivery }, include: { endpoint: true } }
      const [found] = await records.find('webhookDelivery', query)
      return found?.endpoint as PlainRecord | undefined
    },
    add: (endpoint) => add(parts(), endpoint),
    rotate: (id, options) => rotate(parts(), id, options),
    test: (id, traceId) => test(parts(), id, traceId),
    redeliver: (id, traceId) => redeliver(parts(), id, traceId),
    async replay(replay, traceId) {
      const { runtime } = parts()
      const job = { id: runtime.newId(), traceId, replay: { ...replay, after: null } }
      const now = nowOf(runtime)
      await within(parts(), (session) => insertJobs(session, [replayingJob(job, now)], now))
    },
  }
}

/** One transaction; then workers learn of it. */
async function within<T>(
  { runtime }: WebhookParts,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const options = { isolation: 'read committed' } as const
  const value = await runtime.database.transaction(work, options)
  runtime.effects.wake()
  return value
}

async function add(
  { runtime, sealer }: WebhookParts,
  { scheme, ...fields }: NewEndpoint,
): Promise<Rotated['shown'] & { readonly id: string }> {
  return runtime.database.transaction(
    async (session) => {
      const records = recordAccess(runtime, session)
      const { ownerId } = fields
      const max = limits.webhookEndpointsPerUserMax
      const known = await records.find('webhookEndpoint', { filter: { ownerId }, limit: max })
      if (known.length >= max) {
        const detail = `A user has at most ${max} endpoints: delete one that is no longer needed.`
        throw new Failure('conflict', { detail })
      }
      const made = await records.create('webhookEndpoint', fields)
      const id = String(made.id)
      const nowMs = runtime.clock.now()
      const { shown, ...patch } = await rotated([], sealer, { endpoint: id, scheme, nowMs })
      await records.update('webhookEndpoint', id, patch)
      return { id, ...shown }
    },
    // Two that are added at once must not both be the last one.
    { isolation: 'serializable' },
  )
}

function rotate(
  { runtime, sealer }: WebhookParts,
  id: string,
  { scheme, overlapMs }: Parameters<WebhookOffice['rotate']>[1],
): Promise<Rotated['shown']> {
  return runtime.database.transaction(
    async (session) => {
      const records = recordAccess(runtime, session)
      const [found] = await records.find('webhookEndpoint', { filter: { id } })
      const { secrets } = present(found, 'the endpoint') as unknown as Endpoint
      const nowMs = runtime.clock.now()
      const about = { endpoint: id, scheme: scheme ?? secrets[0]?.scheme ?? 'hmac', nowMs }
      const { shown, ...patch } = await rotated(secrets, sealer, {
        ...about,
        ...(overlapMs === undefined ? {} : { overlapMs }),
      })
      await records.update('webhookEndpoint', id, patch)
      return shown
    },
    { isolation: 'serializable' },
  )
}

function test(parts: WebhookParts, id: string, traceId: string): Promise<string> {
  const { runtime } = parts
  return within(parts, async (session) => {
    const records = recordAccess(runtime, session)
    const [found] = await records.find('webhookEndpoint', { filter: { id } })
    const endpoint = present(found, 'the endpoint') as unknown as Endpoint
    const now = nowOf(runtime)
    const facts = {
      ...{ id: runtime.newId(), type: testType, source: '/webhooks', subject: null },
      ...{ time: now, data: { message: 'This is a test.' } },
    }
    const content = messageOf(facts, endpoint.format)
    const made = await records.create('webhookDelivery', { endpointId: id, ...content })
    const delivery = String(made.id)
    const job = sendingJob({ id: runtime.newId(), delivery, endpoint, traceId }, now)
    await insertJobs(session, [job], now)
    return delivery
  })
}

const lockText = 'select from webhooks.webhook_delivery where id = $1::uuid for update'

function redeliver(parts: WebhookParts, id: string, traceId: string): Promise<void> {
  const { runtime } = parts
  return within(parts, async (session) => {
    const records = recordAccess(runtime, session)
    // Of two who say so at once, and of an attempt that ends meanwhile, the second sees the first.
    await session.query({ text: lockText, values: [id] })
    const query = { filter: { id }, include: { endpoint: true } }
    const [found] = await records.find('webhookDelivery', query)
    const delivery = present(found, 'the delivery') as unknown as Delivery & {
      readonly endpoint: Endpoint
    }
    const { endpoint } = delivery
    const now = nowOf(runtime)
    const job = sendingJob({ id: runtime.newId(), delivery: id, endpoint, traceId }, now)
    const waits = delivery.status === 'pending'
    // Who has mended their receiver need not wait for the next attempt, which may be a day away.
    if (waits && (await makeDue(session, job, now))) {
      await records.update('webhookDelivery', id, { tries: 0, nextAttemptAt: null })
      return
    }
    // Its job may have been cancelled, or be a dead letter: then nobody delivers it any more.
    if (waits && (await hasUnfinished(session, job))) {
      const detail = 'It is under way already: wait for its end, or look at its attempts.'
      throw new Failure('conflict', { detail })
    }
    await beginAgain(runtime, session, { deliveries: [delivery], endpoint, traceId })
  })
}
