/** Owns durable subscriptions: a name with a position in the log, moved by whoever reads. */

import { Failure } from '../../base/failure.ts'
import type { Session } from '../../database/database.ts'
import type { LoggedEvent } from './event.ts'
import { headPosition, readEvents } from './log.ts'

/** Where a new subscription begins. */
export type SubscriptionStart = 'oldest' | 'now' | number

const openText = `insert into plinth.event_subscription as s (name, position, moved_at)
  values ($1, $2::bigint, $3::timestamp with time zone)
  on conflict (name) do update set name = s.name returning position`
const findText = 'select position from plinth.event_subscription where name = $1'
const moveText = `update plinth.event_subscription
  set position = greatest(position, $2::bigint), moved_at = $3::timestamp with time zone
  where name = $1`
const rewindText = `update plinth.event_subscription
  set position = $2::bigint, moved_at = $3::timestamp with time zone where name = $1`
const closeText = 'delete from plinth.event_subscription where name = $1'

/**
 * Opens a subscription, or finds it where it was opened before: then `from` is not looked at.
 * Returns its position: what was acknowledged last.
 */
export async function openSubscription(
  session: Session,
  { name, from, now }: { name: string; from: SubscriptionStart; now: string },
): Promise<number> {
  const head = from === 'now' ? await headPosition(session) : 0
  const start = typeof from === 'number' ? from : head
  const { rows } = await session.query({ text: openText, values: [name, start, now] })
  return Number(rows[0]?.[0])
}

/** What a subscription is asked for. */
export interface Pull {
  readonly name: string
  readonly limit: number
  readonly types?: readonly string[] | undefined
}

/** The next events of a subscription; the same ones again until they are acknowledged. */
export async function pullEvents(
  session: Session,
  { name, limit, types }: Pull,
): Promise<readonly LoggedEvent[]> {
  const query = { name: 'plinth_subscription', text: findText, values: [name] }
  const { rows } = await session.query(query)
  if (!rows[0]) throw unknown(name)
  return readEvents(session, { after: Number(rows[0][0]), limit, types })
}

/** Says that everything up to a position was dealt with. Never goes back. */
export async function acknowledgeEvents(
  session: Session,
  { name, position, now }: { name: string; position: number; now: string },
): Promise<void> {
  const values = [name, position, now]
  const { count } = await session.query({
    name: 'plinth_subscription_move',
    text: moveText,
    values,
  })
  if (count === 0) throw unknown(name)
}

/** Sets a subscription to a position, forwards or back. */
export async function rewindSubscription(
  session: Session,
  { name, position, now }: { name: string; position: number; now: string },
): Promise<void> {
  const { count } = await session.query({ text: rewindText, values: [name, position, now] })
  if (count === 0) throw unknown(name)
}

/** Forgets a subscription. */
export async function closeSubscription(session: Session, name: string): Promise<void> {
  await session.query({ text: closeText, values: [name] })
}

function unknown(name: string): Failure {
  return new Failure('not_found', {
    detail: `There is no subscription "${name}": open it before it is read.`,
  })
}
