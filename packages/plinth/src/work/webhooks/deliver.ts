/** Owns the delivering of one message: sign, send, and store what came of it. */

import { onItsWay, reach } from '../../base/failpoint.ts'
import { limits } from '../../base/limits.ts'
import { instantText } from '../../base/time.ts'
import type { Session } from '../../database/database.ts'
import { takeWithinLimit } from '../../effects/allowance.ts'
import { insertJobs } from '../../effects/jobs/insert.ts'
import { recordAccess } from '../../engine/records.ts'
import { type PostOutcome, post } from '../../outbound/post.ts'
import { openSecrets } from '../../webhooks/secrets.ts'
import { signatureHeaders } from '../../webhooks/signature.ts'
import type { Lease, Runner } from '../lease.ts'
import { type DeliveryStep, isGivenUp, stepAfter } from './course.ts'
import { type OwnedEndpoint, withheld } from './owner.ts'
import {
  type Delivery,
  deliveryJob,
  type Endpoint,
  finish,
  nowOf,
  sendingJob,
  type WebhookParts,
} from './parts.ts'

interface Delivering {
  readonly parts: WebhookParts
  readonly lease: Lease
  readonly delivery: Delivery
  readonly endpoint: Endpoint
}

const minuteMs = 60_000

/** The runner of the jobs that deliver. */
export function deliveryRunner(parts: WebhookParts): Runner {
  return {
    queue: deliveryJob,
    shared: true,
    timeoutMs: 2 * limits.outboundTimeoutMs,
    // It counts answers itself; a process that dies on the way is not the fault of what it sent.
    retry: { attemptsMax: 1_000, delayMsMax: 60_000 },
    run: (lease) => run(parts, lease),
  }
}

async function run(parts: WebhookParts, lease: Lease): Promise<void> {
  const { runtime } = parts
  const { delivery: id } = JSON.parse(lease.job.input) as { readonly delivery: string }
  const records = recordAccess(runtime, runtime.database)
  const include = { endpoint: { include: { owner: true } } }
  const query = { filter: { id, status: 'pending' }, include }
  const [found] = await records.find('webhookDelivery', query)
  // Delivered by an attempt whose lease was lost, or deleted with its endpoint.
  if (!found) return finish(lease, runtime, async () => undefined)
  const delivery = found as unknown as Delivery & { readonly endpoint: OwnedEndpoint }
  const delivering = { parts, lease, delivery, endpoint: delivery.endpoint }
  const reason = withheld(runtime, delivery.endpoint, delivery)
  if (reason !== undefined) return drop(delivering, reason)
  if (await changeLane(delivering)) return
  if (await putOff(delivering)) return
  const outcome = await send(delivering)
  if (outcome === undefined) {
    return drop(delivering, 'Its secret cannot be opened: the app’s own has changed. Rotate it.')
  }
  await reach('effect.answered')
  await store(delivering, outcome)
}

/** Its endpoint may have asked for fewer calls at once since, or for an order: its lanes count. */
async function changeLane({ parts, lease, delivery, endpoint }: Delivering): Promise<boolean> {
  const { runtime } = parts
  const { traceId, key } = lease.job
  const now = nowOf(runtime)
  const sending = { id: runtime.newId(), delivery: delivery.id, endpoint, traceId }
  const job = sendingJob(sending, now)
  if (job.key === key) return false
  await finish(lease, runtime, async (session) => {
    await insertJobs(session, [job], now)
    return undefined
  })
  return true
}

/** Puts a delivery off where its endpoint has had its calls of this minute. */
async function putOff({ parts, lease, endpoint }: Delivering): Promise<boolean> {
  const { perMinute, id } = endpoint
  if (perMinute === null) return false
  const { database, clock } = parts.runtime
  const allowance = { key: `webhook:${id}`, limit: perMinute, windowMs: minuteMs }
  const taken = await takeWithinLimit(database, allowance, nowOf(parts.runtime))
  if (taken.granted) return false
  const runAt = instantText(clock.now() + taken.retryAfterSeconds * 1_000)
  await finish(lease, parts.runtime, async (session) => {
    await lease.postpone(session, runAt)
    return 'postponed'
  })
  return true
}

/** Calls the endpoint; undefined where its secrets cannot be opened. */
async function send(delivering: Delivering): Promise<PostOutcome | undefined> {
  const { parts, lease, delivery, endpoint } = delivering
  const nowMs = parts.runtime.clock.now()
  const secrets = await openSecrets(endpoint.secrets, parts.sealer, {
    endpoint: endpoint.id,
    nowMs,
  })
  if (secrets === undefined) return undefined
  const body = new TextEncoder().encode(delivery.body)
  const content = { id: delivery.messageId, timestamp: Math.floor(nowMs / 1_000), body }
  const headers = {
    ...(await signatureHeaders(content, secrets)),
    'content-type': delivery.contentType,
    'user-agent': 'Plinth-Webhooks/1.0',
  }
  const outcome = await onItsWay(
    post({ url: endpoint.url, headers, body, aborted: lease.aborted }, parts.policy),
  )
  if (outcome.why !== undefined) {
    const message = `The endpoint ${endpoint.id} was not called. ${outcome.why}`
    parts.runtime.log({ level: 'warning', message, traceId: lease.job.traceId })
  }
  return outcome
}

/** Stores an attempt with everything that follows from it. */
async function store(delivering: Delivering, outcome: PostOutcome): Promise<void> {
  const { parts, lease, delivery } = delivering
  const { runtime } = parts
  const nowMs = runtime.clock.now()
  const step = stepAfter(outcome, delivery.tries + 1, nowMs)
  await finish(lease, runtime, async (session) => {
    const records = recordAccess(runtime, session)
    const again = step.is === 'again' ? instantText(nowMs + step.afterMs) : null
    await Promise.all([
      records.create('webhookAttempt', {
        ...{ deliveryId: delivery.id, number: delivery.attempts + 1, outcome: outcome.is },
        ...{ status: outcome.status ?? null, latencyMs: outcome.latencyMs },
        ...{ detail: outcome.detail.slice(0, 300), answer: outcome.answer },
      }),
      records.update('webhookDelivery', delivery.id, {
        ...{ attempts: delivery.attempts + 1, tries: delivery.tries + 1 },
        ...{ lastStatus: outcome.status ?? null, detail: outcome.detail.slice(0, 300) },
        ...{ nextAttemptAt: again, status: statusAfter(step) },
        ...(step.is === 'delivered' ? { deliveredAt: instantText(nowMs) } : {}),
      }),
      noteEndpoint(delivering, session, step),
    ])
    return again === null ? undefined : repeat(delivering, session, again)
  })
}

function statusAfter({ is }: DeliveryStep): Delivery['status'] {
  if (is === 'again') return 'pending'
  return is === 'delivered' ? 'delivered' : 'dead'
}

/** Where order counts the job keeps its place; else it makes room for those behind it. */
async function repeat(
  { parts, lease, delivery, endpoint }: Delivering,
  session: Session,
  runAt: string,
): Promise<'postponed' | undefined> {
  if (endpoint.order === 'fifo') {
    await lease.postpone(session, runAt)
    return 'postponed'
  }
  const { runtime } = parts
  const { traceId } = lease.job
  const sending = { id: runtime.newId(), delivery: delivery.id, endpoint, traceId }
  await insertJobs(session, [sendingJob(sending, runAt)], nowOf(runtime))
  return undefined
}

/** Notes whether the endpoint works, and switches it off where it has failed for days. */
async function noteEndpoint(
  { parts, endpoint }: Delivering,
  session: Session,
  step: DeliveryStep,
): Promise<void> {
  const { runtime } = parts
  const records = recordAccess(runtime, session)
  const { id, failingSince } = endpoint
  if (step.is === 'delivered') {
    if (failingSince !== null) await records.update('webhookEndpoint', id, { failingSince: null })
    return
  }
  const givenUp = isGivenUp(failingSince, runtime.clock.now())
  if (step.is !== 'gone' && !givenUp) {
    const since = failingSince ?? nowOf(runtime)
    if (failingSince === null) await records.update('webhookEndpoint', id, { failingSince: since })
    return
  }
  if (!(await isStillOn(session, id))) return
  const reason = givenUp
    ? `It failed for ${limits.webhookDisableAfterDays} days.`
    : 'It answered 410: it is gone.'
  const off = { status: 'off', offReason: reason, failingSince: null }
  await records.update('webhookEndpoint', id, off)
  await tell({ parts, endpoint, reason }, session)
}

const lockText = 'select status from webhooks.webhook_endpoint where id = $1::uuid for update'

/** Of several calls that fail at once, one switches the endpoint off. */
async function isStillOn(session: Session, id: string): Promise<boolean> {
  const query = { name: 'plinth_webhook_endpoint', text: lockText, values: [id] }
  return (await session.query(query)).rows[0]?.[0] === 'on'
}

interface Telling {
  readonly parts: WebhookParts
  readonly endpoint: Endpoint
  readonly reason: string
}

async function tell({ parts, endpoint, reason }: Telling, session: Session): Promise<void> {
  const { runtime } = parts
  const { id, ownerId, url } = endpoint
  const data = JSON.stringify({ endpoint: id, owner: ownerId, url: url.slice(0, 4_096), reason })
  const event = {
    ...{ id: runtime.newId(), type: 'webhooks.endpointDisabled', subject: id, data },
    ...{ caller: { is: 'unrestricted', reason: 'webhooks' } as const, traceId: '' },
  }
  await runtime.effects.appendEvents(session, [event], nowOf(runtime))
  const message = `The webhook endpoint ${id} was switched off: ${reason}`
  runtime.log({ level: 'warning', message })
}

/** Ends a delivery that cannot be made; it can be begun again later. */
function drop({ parts, lease, delivery }: Delivering, detail: string): Promise<void> {
  return finish(lease, parts.runtime, async (session) => {
    const patch = { status: 'dead', detail, nextAttemptAt: null }
    await recordAccess(parts.runtime, session).update('webhookDelivery', delivery.id, patch)
    return undefined
  })
}
