/** Owns what the parts of outgoing webhooks share: their records, their jobs, their transaction. */

import type { Sealer } from '../../base/secret/sealer.ts'
import { instantText } from '../../base/time.ts'
import type { Session } from '../../database/database.ts'
import type { NewJob } from '../../effects/jobs/job.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { OutboundPolicy } from '../../outbound/target.ts'
import type { StoredSecret } from '../../webhooks/secrets.ts'
import type { Lease } from '../lease.ts'

/** What webhooks are sent with. */
export interface WebhookParts {
  readonly runtime: Runtime
  readonly policy: OutboundPolicy
  readonly sealer: Sealer
}

/** An endpoint, past all rules. */
export interface Endpoint {
  readonly id: string
  readonly ownerId: string
  readonly url: string
  readonly events: readonly string[]
  readonly format: 'standard' | 'cloudevents'
  readonly order: 'any' | 'fifo'
  readonly concurrency: number
  readonly perMinute: number | null
  readonly status: 'on' | 'off'
  readonly failingSince: string | null
  readonly secrets: readonly StoredSecret[]
}

/** A delivery, past all rules. */
export interface Delivery {
  readonly id: string
  readonly endpointId: string
  readonly messageId: string
  readonly type: string
  readonly contentType: string
  readonly body: string
  readonly status: 'pending' | 'delivered' | 'dead'
  readonly attempts: number
  readonly tries: number
}

/** The names of the jobs that deliver, and that begin deliveries again; and of their queue. */
export const deliveryJob = 'plinth.webhook'
export const replayJob = 'plinth.webhook.replay'

/** The first part of the names of the jobs that find out who gets an event. */
export const fanOutKit = 'webhooks'

const caller = Object.freeze({ is: 'unrestricted', reason: 'webhooks' } as const)

interface Sending {
  readonly id: string
  readonly delivery: string
  readonly endpoint: Pick<Endpoint, 'id' | 'ownerId' | 'order' | 'concurrency'>
  readonly traceId: string
}

/**
 * The job of a delivery. Its key begins with the owner, among whom places are shared out, and is
 * what limits an endpoint: one lane where order counts, else as many as calls may run at once; jobs
 * of one lane run one after another, over all nodes.
 */
export function sendingJob({ id, delivery, endpoint, traceId }: Sending, runAt: string): NewJob {
  const { ownerId, concurrency } = endpoint
  const lane = Number.parseInt(delivery.slice(-6), 16) % concurrency
  const line = `${ownerId}/${endpoint.id}`
  return {
    ...{ id, job: deliveryJob, queue: deliveryJob, priority: 0, runAt, caller, traceId },
    input: JSON.stringify({ delivery }),
    key: endpoint.order === 'fifo' ? line : `${line}/${lane}`,
  }
}

/** Which deliveries of an endpoint begin again. */
export interface Replay {
  readonly endpoint: string
  /** RFC 3339, included. */
  readonly from: string
  /** RFC 3339, not included. */
  readonly to: string
  /** `dead`: what could not be delivered. `all`: everything, also events that were never sent. */
  readonly only: 'dead' | 'all'
  /** Where it goes on: the last delivery that was begun again; null: at the beginning. */
  readonly after: string | null
  /** Present where those are through: the event up to which missed ones were looked for. */
  readonly missedAfter?: { readonly time: string; readonly seq: string }
}

/** The job that begins deliveries again. */
export function replayingJob(
  {
    id,
    traceId,
    replay,
  }: { readonly id: string; readonly traceId: string; readonly replay: Replay },
  runAt: string,
): NewJob {
  return {
    ...{ id, job: replayJob, queue: replayJob, priority: 0, runAt, caller, traceId },
    ...{ input: JSON.stringify(replay), key: replay.endpoint },
  }
}

/** The moment by the app's clock, RFC 3339. */
export function nowOf({ clock }: Runtime): string {
  return instantText(clock.now())
}

/** Ends an attempt together with what it has brought. */
export function finish(
  lease: Lease,
  { database }: Runtime,
  work: (session: Session) => Promise<'postponed' | undefined>,
): Promise<void> {
  return database.transaction(
    async (session) => {
      await lease.fence(session)
      if ((await work(session)) === undefined) await lease.complete(session)
    },
    { isolation: 'read committed' },
  )
}
