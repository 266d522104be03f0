/** Owns incoming webhooks: verified, stored with their job, then processed, each once. */

import { createHash } from 'node:crypto'
import { limits } from '../../base/limits.ts'
import { networkOf } from '../../base/network.ts'
import { instantText } from '../../base/time.ts'
import { logicName } from '../../catalog/logic/logic.ts'
import type { Session } from '../../database/database.ts'
import { databaseErrorOf } from '../../database/errors.ts'
import type { Webhook } from '../../define/logic/logic.ts'
import type { WebhookMessage, WebhookRequest } from '../../define/logic/specs.ts'
import type { NewJob } from '../../effects/jobs/job.ts'
import { findMessage, noteProcessed, storeMessage } from '../../effects/webhooks.ts'
import { logicTransaction } from '../../engine/logic/transaction.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { Lease, Runner } from '../lease.ts'

/** A request to a webhook, as its door hands it on. */
export interface Incoming {
  /** `<kit>.<webhook>`. */
  readonly webhook: string
  readonly body: Uint8Array
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly remoteAddress: string
  readonly traceId: string
}

/** `stored`: it is kept, and will be processed once; also where it came before. */
export type Received = 'stored' | 'refused' | 'unknown'

/**
 * Takes a request in. When it answers `stored`, the message and its job are committed. Why a
 * request was refused is told to the log, never to the sender. Fails with `rate_limited` where a
 * network sends too much that is not genuine.
 */
export async function receive(runtime: Runtime, incoming: Incoming): Promise<Received> {
  const webhook = runtime.catalog.logic.webhooks.get(incoming.webhook)
  if (!webhook) return 'unknown'
  const now = instantText(runtime.clock.now())
  const verdict = await verified({ webhook, incoming, now })
  if (!('message' in verdict)) return refused(runtime, incoming, verdict)
  const { message } = verdict
  const stored = {
    message: {
      ...{ webhook: incoming.webhook, id: message.id, key: message.key ?? null },
      ...{ data: JSON.stringify(message.data), body: incoming.body },
    },
    job: jobOf({ webhook, message, id: runtime.newId(), traceId: incoming.traceId }, now),
  }
  if (await storeSurely(runtime, (session) => storeMessage(session, stored, now))) {
    runtime.effects.wake()
  }
  return 'stored'
}

const doubtsMax = 3

/**
 * Stores as often as an action would. Where the connection broke at COMMIT nobody knows whether it
 * is stored: it is done again, and the message's own row decides. False where it was there.
 */
async function storeSurely(
  { database }: Runtime,
  store: (session: Session) => Promise<boolean>,
): Promise<boolean> {
  const options = { isolation: 'read committed', attemptsMax: limits.logicAttemptsMax } as const
  for (let number = 1; ; number++) {
    try {
      const isNew = await database.transaction(store, options)
      return isNew || number > 1
    } catch (error) {
      if (number === doubtsMax || databaseErrorOf(error)?.outcomeUnknown !== true) throw error
    }
  }
}

interface Verifying {
  readonly webhook: Webhook
  readonly incoming: Incoming
  readonly now: string
}

async function verified({
  webhook,
  incoming,
  now,
}: Verifying): Promise<{ readonly message: WebhookMessage } | Refusal> {
  const { body, headers } = incoming
  const verify = webhook.verify as unknown as (
    request: WebhookRequest,
  ) => Promise<WebhookMessage | undefined>
  try {
    const message = await verify({ body, headers, receivedAt: now })
    if (!message) return { why: 'it is not genuine' }
    return isSound(message) ? { message } : { why: 'its id or its data cannot be stored' }
  } catch (cause) {
    return { why: 'its verification failed', cause }
  }
}

/** For the log alone. */
interface Refusal {
  readonly why: string
  readonly cause?: unknown
}

/** Counted before it is told: whoever sends more than that fills no log. */
function refused(
  { limiter, log }: Runtime,
  { webhook, remoteAddress, traceId }: Incoming,
  { why, ...cause }: Refusal,
): 'refused' {
  limiter.take(`network:${networkOf(remoteAddress)}`)
  const message = `A request to the webhook ${webhook} was refused: ${why}.`
  log({ level: 'warning', message, traceId, ...cause })
  return 'refused'
}

function isSound({ id, data, key }: WebhookMessage): boolean {
  const words = key === undefined ? [id] : [id, key]
  return (
    data !== undefined &&
    words.every(
      (word) =>
        word.length > 0 &&
        new TextEncoder().encode(word).length <= limits.webhookIdBytesMax &&
        word.isWellFormed() &&
        !/\p{Cc}/u.test(word),
    )
  )
}

interface Processing {
  readonly webhook: Webhook
  readonly message: WebhookMessage
  readonly id: string
  readonly traceId: string
}

function jobOf({ webhook, message, id, traceId }: Processing, now: string): NewJob {
  const { job } = webhook
  const input = { id: message.id }
  return {
    ...{ id, job: logicName(job), input: JSON.stringify(input), priority: job.priority },
    ...{ runAt: now, traceId, caller: { is: 'anonymous' } },
    queue: job.queue && logicName(job.queue),
    key: (message.key && laneOf(message.key)) ?? job.key?.(input as never),
  }
}

/** Senders may have longer keys than jobs. */
function laneOf(key: string): string {
  if (key.length <= limits.jobKeyCharactersMax) return key
  return createHash('sha256').update(key).digest('base64url')
}

/** The runners of the jobs that process messages, by name. */
export function webhookRunners(runtime: Runtime): readonly (readonly [string, Runner])[] {
  return [...runtime.catalog.logic.webhooks.values()].map((webhook) => {
    const { retry, timeoutMs, queue } = webhook.job
    const run = (lease: Lease): Promise<void> => processMessage(runtime, webhook, lease)
    return [logicName(webhook.job), { run, retry, timeoutMs, queue: queue && logicName(queue) }]
  })
}

/** The message's effects, the word that it was processed, and the job's end are one commit. */
async function processMessage(runtime: Runtime, webhook: Webhook, lease: Lease): Promise<void> {
  const name = logicName(webhook)
  const { id } = JSON.parse(lease.job.input) as { readonly id: string }
  const found = await findMessage(runtime.database, name, id)
  if (!found) throw new Error(`The message ${id} of ${name} is no longer stored.`)
  const { data, key } = found
  const parsed: unknown = JSON.parse(data)
  const message: WebhookMessage = key === null ? { id, data: parsed } : { id, data: parsed, key }
  const { id: jobId, attempt: number, traceId } = lease.job
  const run = webhook.job.run as (scope: object) => Promise<unknown>
  await logicTransaction(
    runtime,
    {
      ...{ caller: { is: 'anonymous' }, traceId, name: lease.job.name, aborted: lease.aborted },
      ...{ isolation: webhook.job.isolation, timeoutMs: webhook.job.timeoutMs },
      async after(session) {
        const now = instantText(runtime.clock.now())
        await noteProcessed(session, { webhook: name, id }, now)
        await lease.complete(session)
      },
    },
    async ({ scope, time }) => {
      await run({
        ...{ ...scope, input: message, message, result: undefined },
        attempt: { jobId, number, aborted: time.aborted },
        progress: (done: number, note?: string) => lease.progress(done, note),
      })
    },
  )
}
