/** Owns durable subscriptions as they are stored: a name with a position in the log. */

import { Failure } from '../../base/failure.ts'
import type { Session } from '../../database/database.ts'
import { headPosition, positionSince } from './log.ts'

/** Where a subscription begins: see `SubscriptionStart` of define/logic/subscription. */
export type EventsFrom =
  | 'oldest'
  | 'now'
  | { readonly position: number }
  | { readonly time: string }

/** A subscription by its name, and what it reads. */
export interface Subscriber {
  /** `<kit>.<subscription>`. */
  readonly name: string
  /** `<kit>.<event>`. */
  readonly types: readonly string[]
}

/** Where a subscription stands. */
export interface SubscriptionState {
  /** The last position that it is through with. */
  readonly position: number
  /** What was dropped up to here was known to be missing when it was told where to begin. */
  readonly accepted: number
}

/** What retention has dropped of the events that a subscription has not had. */
export interface DroppedEvents {
  readonly after: number
  readonly upTo: number
}

const openText = `insert into plinth.event_subscription (name, position, accepted, moved_at)
  values ($1, $2::bigint, $3::bigint, $4::timestamp with time zone)
  on conflict (name) do nothing`
const findText = 'select position, accepted from plinth.event_subscription where name = $1'
const droppedText = `select max(position), (extract(epoch from max(time)) * 1000)::bigint
  from plinth.event_forgotten where type = any($1::text[])`
const moveText = `update plinth.event_subscription
  set position = $3::bigint, accepted = greatest(accepted, $4::bigint),
    moved_at = $5::timestamp with time zone
  where name = $1 and position = $2::bigint`
const rewindText = `update plinth.event_subscription
  set position = $2::bigint, accepted = $3::bigint, moved_at = $4::timestamp with time zone
  where name = $1`
const forgetText = 'delete from plinth.event_subscription where name = $1'

/** Opens a subscription where it is not there: then `from` is not looked at. */
export async function openSubscription(
  session: Session,
  { subscriber, from, now }: Placing,
): Promise<void> {
  if (await findSubscription(session, subscriber.name)) return
  const { position, accepted } = await placeOf(session, { subscriber, from, now })
  await session.query({ text: openText, values: [subscriber.name, position, accepted, now] })
}

/** Which subscription is placed where. */
export interface Placing {
  readonly subscriber: Subscriber
  readonly from: EventsFrom
  /** RFC 3339. */
  readonly now: string
}

/**
 * Sets a subscription to where it is to go on, forwards or back. Fails with `not_found`, and with
 * `forgotten` where events from there on are no longer kept.
 */
export async function rewindSubscription(session: Session, placing: Placing): Promise<number> {
  const { name } = placing.subscriber
  const { position, accepted, missing } = await placeOf(session, placing)
  if (missing) throw forgotten(name, missing)
  const values = [name, position, accepted, placing.now]
  const { count } = await session.query({ text: rewindText, values })
  if (count === 0) throw unknownSubscription(name)
  return position
}

interface Place extends SubscriptionState {
  /** What was asked for and is dropped. */
  readonly missing: DroppedEvents | undefined
}

async function placeOf(session: Session, { subscriber, from }: Placing): Promise<Place> {
  const { rows } = await session.query({ text: droppedText, values: [subscriber.types] })
  const dropped = Number(rows[0]?.[0] ?? 0)
  const at = (position: number, lacks = false): Place => {
    const missing = lacks ? { after: position, upTo: dropped } : undefined
    return { position, accepted: lacks ? 0 : dropped, missing }
  }
  if (from === 'oldest') return at(0)
  if (from === 'now') return at(await headPosition(session))
  if ('position' in from) return at(from.position - 1, dropped >= from.position)
  const lastMs = Number(rows[0]?.[1] ?? Number.NEGATIVE_INFINITY)
  const lacks = dropped > 0 && lastMs >= Date.parse(from.time)
  // What is dropped has lower positions than what is kept of the same time.
  const since = (await positionSince(session, from.time)) - 1
  return at(lacks ? Math.min(since, dropped - 1) : since, lacks)
}

/** Where a subscription stands; undefined where there is none. */
export async function findSubscription(
  session: Session,
  name: string,
): Promise<SubscriptionState | undefined> {
  const query = { name: 'plinth_subscription', text: findText, values: [name] }
  const [row] = (await session.query(query)).rows
  return row && { position: Number(row[0]), accepted: Number(row[1]) }
}

/**
 * What a subscription has missed; undefined: nothing. Ask after reading: what was dropped between
 * the two is told then, and nothing is overlooked.
 */
export async function droppedFor(
  session: Session,
  types: readonly string[],
  { position, accepted }: SubscriptionState,
): Promise<DroppedEvents | undefined> {
  const query = { name: 'plinth_subscription_dropped', text: droppedText, values: [types] }
  const upTo = Number((await session.query(query)).rows[0]?.[0] ?? 0)
  return upTo > Math.max(position, accepted) ? { after: position, upTo } : undefined
}

/** One step of a subscription through the log. */
export interface Move {
  readonly name: string
  readonly from: number
  readonly to: number
  /** Gaps up to here are known now; 0: none. */
  readonly accepted: number
  readonly now: string
}

/** Moves a subscription on. Fails with `conflict` where somebody has moved it meanwhile. */
export async function moveSubscription(
  session: Session,
  { name, from, to, accepted, now }: Move,
): Promise<void> {
  const { count } = await session.query({
    name: 'plinth_subscription_move',
    text: moveText,
    values: [name, from, to, accepted, now],
  })
  if (count > 0) return
  const detail = `The subscription ${name} was moved meanwhile: it goes on from there.`
  throw new Failure('conflict', { detail })
}

/** Forgets a subscription. Fails with `not_found`. */
export async function forgetSubscription(session: Session, name: string): Promise<void> {
  const { count } = await session.query({ text: forgetText, values: [name] })
  if (count === 0) throw unknownSubscription(name)
}

/** The failure where events that are asked for are no longer kept. */
export function forgotten(name: string, { after, upTo }: DroppedEvents): Failure {
  return new Failure('forgotten', {
    detail:
      `Events between the positions ${after + 1} and ${upTo}, which ${name} has not had, are ` +
      `dropped by their retention. Rebuild what it feeds, then let it go on by "plinth events ` +
      `rewind ${name} --to oldest" (or now); declare a longer retentionDays for the next time.`,
  })
}

function unknownSubscription(name: string): Failure {
  return new Failure('not_found', {
    detail: `There is no subscription "${name}": "plinth events subscriptions" lists them.`,
  })
}

const listText = `select s.name, s.position, h.position - s.position,
    (extract(epoch from s.moved_at) * 1000)::bigint, j.state, j.attempt, j.error
  from plinth.event_head h cross join plinth.event_subscription s
  left join plinth.job j on j.dedupe = s.name and j.queue = $1
    and j.state in ('ready', 'waiting', 'delayed', 'retrying', 'running')
  order by s.name`

/** The rows of all subscriptions: name, position, lag, moved at (ms), state of its job, error. */
export async function listSubscriptions(
  session: Session,
  queue: string,
): Promise<readonly (readonly (string | null)[])[]> {
  return (await session.query({ text: listText, values: [queue] })).rows
}
