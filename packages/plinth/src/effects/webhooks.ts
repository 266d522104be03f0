/** Owns the storing of incoming webhooks: each message once, with the job that processes it. */

import type { Session } from '../database/database.ts'
import { insertJobs } from './jobs/insert.ts'
import type { NewJob } from './jobs/job.ts'

/** The table of messages that others sent. */
export const webhookTables = [
  {
    id: '0030_webhook_message',
    sql: `create table plinth.webhook_message (
      webhook text not null,
      id text not null,
      data text not null,
      key text,
      body bytea not null,
      received_at timestamp with time zone not null,
      processed_at timestamp with time zone,
      primary key (webhook, id)
    );
    create index webhook_message_processed on plinth.webhook_message (processed_at)
      where processed_at is not null`,
  },
  {
    // By whose they are: work/queue/shared.ts shares the places of deliveries out among owners.
    id: '0032_webhook_share',
    sql: `drop index if exists plinth.job_webhook_share;
      create index job_webhook_share on plinth.job (split_part(key, '/', 1), run_at, position)
      where state = 'ready' and name = 'plinth.webhook'`,
  },
] as const

/** A verified message. */
export interface IncomingMessage {
  /** `<kit>.<webhook>`. */
  readonly webhook: string
  readonly id: string
  /** JSON text. */
  readonly data: string
  readonly key: string | null
  /** As it came. */
  readonly body: Uint8Array
}

// Nothing else is read or decided by this row: whoever inserts it enqueues, whoever does not is
// told that another did. A second delivery at the same time waits for the first one's commit.
const storeText = `insert into plinth.webhook_message (webhook, id, data, key, body, received_at)
  values ($1, $2, $3, $4, $5::bytea, $6::timestamp with time zone)
  on conflict (webhook, id) do nothing returning id`

const findText = 'select id, data, key from plinth.webhook_message where webhook = $1 and id = $2'

const processedText = `update plinth.webhook_message set processed_at = $3::timestamp with time zone
  where webhook = $1 and id = $2`

const forgetText = `delete from plinth.webhook_message
  where processed_at < $1::timestamp with time zone`

/** Stores a message and its job. False where it is there already: it came twice. */
export async function storeMessage(
  session: Session,
  { message, job }: { readonly message: IncomingMessage; readonly job: NewJob },
  now: string,
): Promise<boolean> {
  const { webhook, id, data, key, body } = message
  const { count } = await session.query({
    name: 'plinth_webhook_store',
    text: storeText,
    values: [webhook, id, data, key, `\\x${body.toHex()}`, now],
  })
  if (count === 0) return false
  await insertJobs(session, [job], now)
  return true
}

/** A stored message; undefined where it was forgotten. */
export async function findMessage(
  session: Session,
  webhook: string,
  id: string,
): Promise<Pick<IncomingMessage, 'id' | 'data' | 'key'> | undefined> {
  const values = [webhook, id]
  const { rows } = await session.query({ name: 'plinth_webhook_find', text: findText, values })
  const [row] = rows
  return row && { id: row[0] ?? '', data: row[1] ?? 'null', key: row[2] ?? null }
}

/** Notes, in the transaction of its effects, that a message was processed. */
export async function noteProcessed(
  session: Session,
  { webhook, id }: Pick<IncomingMessage, 'webhook' | 'id'>,
  now: string,
): Promise<void> {
  await session.query({
    name: 'plinth_webhook_processed',
    text: processedText,
    values: [webhook, id, now],
  })
}

/** Forgets messages that were processed before an instant (RFC 3339). */
export async function forgetMessages(session: Session, before: string): Promise<number> {
  const { count } = await session.query({ text: forgetText, values: [before] })
  return count
}

// The attempts go with them. The table is that of the model in webhooks/kit.ts.
const forgetDeliveriesText = `delete from webhooks.webhook_delivery
  where status <> 'pending' and updated_at < $1::timestamp with time zone`

/** Forgets deliveries that ended before an instant (RFC 3339). */
export async function forgetDeliveries(session: Session, before: string): Promise<number> {
  const { count } = await session.query({ text: forgetDeliveriesText, values: [before] })
  return count
}
