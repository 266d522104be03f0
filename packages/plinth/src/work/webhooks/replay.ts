/** Owns beginning deliveries again: one, a range of them, and events that were never sent. */

import { instantText } from '../../base/time.ts'
import type { Session } from '../../database/database.ts'
import { insertJobs } from '../../effects/jobs/insert.ts'
import { recordAccess } from '../../engine/records.ts'
import type { PlainRecord, Runtime } from '../../engine/runtime.ts'
import type { Lease, Runner } from '../lease.ts'
import { type EventFacts, filtersOf, messageOf } from './message.ts'
import { mayKnow, type OwnedEndpoint } from './owner.ts'
import { pageOf } from './pages.ts'
import {
  type Delivery,
  type Endpoint,
  finish,
  nowOf,
  type Replay,
  replayingJob,
  replayJob,
  sendingJob,
} from './parts.ts'

/** A delivery is begun again: all of its attempts are there once more. */
export async function beginAgain(
  runtime: Runtime,
  session: Session,
  {
    deliveries,
    endpoint,
    traceId,
  }: {
    readonly deliveries: readonly Pick<Delivery, 'id'>[]
    readonly endpoint: Endpoint
    readonly traceId: string
  },
): Promise<void> {
  if (deliveries.length === 0) return
  const records = recordAccess(runtime, session)
  const now = nowOf(runtime)
  const patch = { status: 'pending', tries: 0, nextAttemptAt: null, detail: null }
  await Promise.all(deliveries.map(({ id }) => records.update('webhookDelivery', id, patch)))
  const jobs = deliveries.map(({ id: delivery }) =>
    sendingJob({ id: runtime.newId(), delivery, endpoint, traceId }, now),
  )
  await insertJobs(session, jobs, now)
}

/** The runner of the jobs that begin a range again: a page in each, so that none is long. */
export function replayRunner(runtime: Runtime): Runner {
  return { queue: replayJob, run: (lease) => run(runtime, lease) }
}

async function run(runtime: Runtime, lease: Lease): Promise<void> {
  const replay = JSON.parse(lease.job.input) as Replay
  const records = recordAccess(runtime, runtime.database)
  const query = { filter: { id: replay.endpoint }, include: { owner: true } }
  const [found] = await records.find('webhookEndpoint', query)
  const endpoint = found as unknown as OwnedEndpoint | undefined
  if (endpoint?.status !== 'on') return finish(lease, runtime, async () => undefined)
  await (replay.missedAfter === undefined
    ? beginPage({ runtime, lease, endpoint, replay })
    : deliverMissed({ runtime, lease, endpoint, replay }, replay.missedAfter))
  runtime.effects.wake()
}

interface Replaying {
  readonly runtime: Runtime
  readonly lease: Lease
  readonly endpoint: OwnedEndpoint
  readonly replay: Replay
}

/** Begins a page of stored deliveries again, and says where the next job goes on. */
async function beginPage({ runtime, lease, endpoint, replay }: Replaying): Promise<void> {
  const { data, next } = await pageOf(runtime, 'webhookDelivery', {
    filter: {
      endpointId: replay.endpoint,
      createdAt: { gte: replay.from, lt: replay.to },
      status: replay.only === 'dead' ? 'dead' : { in: ['dead', 'delivered'] },
    },
    sort: ['createdAt', 'id'],
    ...(replay.after === null ? {} : { after: replay.after }),
  })
  const { traceId } = lease.job
  await finish(lease, runtime, async (session) => {
    const deliveries = data as unknown as readonly Delivery[]
    await beginAgain(runtime, session, { deliveries, endpoint, traceId })
    if (next !== null) await goOn({ runtime, lease, session }, { ...replay, after: next })
    else if (replay.only === 'all') {
      const missedAfter = { time: replay.from, seq: '-1' }
      await goOn({ runtime, lease, session }, { ...replay, missedAfter })
    }
    return undefined
  })
}

interface GoingOn {
  readonly runtime: Runtime
  readonly lease: Lease
  readonly session: Session
}

async function goOn({ runtime, lease, session }: GoingOn, replay: Replay): Promise<void> {
  const { traceId } = lease.job
  const now = nowOf(runtime)
  await insertJobs(session, [replayingJob({ id: runtime.newId(), traceId, replay }, now)], now)
}

const missedPerJob = 500
const missedText = `select id, type, source, subject,
    (extract(epoch from time) * 1000)::bigint, data, seq,
    exists (select from webhooks.webhook_delivery d
      where d.endpoint_id = $4::uuid and d.message_id = e.id::text)
  from plinth.event e
  where (time, seq) > ($1::timestamp with time zone, $2::bigint)
    and time < $3::timestamp with time zone
  order by time, seq limit $5::integer`

/** Makes deliveries of events that happened while the endpoint was off, or before it was there. */
async function deliverMissed(
  { runtime, lease, endpoint, replay }: Replaying,
  after: NonNullable<Replay['missedAfter']>,
): Promise<void> {
  const { traceId } = lease.job
  await finish(lease, runtime, async (session) => {
    const { rows } = await session.query({
      text: missedText,
      values: [after.time, after.seq, replay.to, endpoint.id, missedPerJob],
    })
    const records = recordAccess(runtime, session)
    const now = nowOf(runtime)
    const missed = rows.filter((row) => row[7] !== 't').map(factsOf)
    const made = await Promise.all(
      missed
        .filter((facts) => isFor(runtime, endpoint, facts))
        .map((facts): Promise<PlainRecord> => {
          const content = messageOf(facts, endpoint.format)
          return records.create('webhookDelivery', { endpointId: endpoint.id, ...content })
        }),
    )
    const jobs = made.map(({ id }) =>
      sendingJob({ id: runtime.newId(), delivery: String(id), endpoint, traceId }, now),
    )
    if (jobs.length > 0) await insertJobs(session, jobs, now)
    const last = rows.at(-1)
    if (last && rows.length === missedPerJob) {
      const missedAfter = { time: factsOf(last).time, seq: last[6] ?? '' }
      await goOn({ runtime, lease, session }, { ...replay, missedAfter })
    }
    return undefined
  })
}

function factsOf([id, type, source, subject, timeMs, data]: readonly (
  | string
  | null
)[]): EventFacts {
  return {
    ...{ id: id ?? '', type: type ?? '', source: source ?? '', subject: subject ?? null },
    time: instantText(Number(timeMs)),
    data: JSON.parse(data ?? 'null') as unknown,
  }
}

/** Whether the endpoint asked for an event, and its owner may know of it. */
function isFor(runtime: Runtime, endpoint: OwnedEndpoint, facts: EventFacts): boolean {
  const asked = filtersOf(facts.type).some((filter) => endpoint.events.includes(filter))
  return asked && mayKnow(runtime, endpoint, facts)
}
