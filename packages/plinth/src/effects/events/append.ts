/** Owns the recording of facts, and with each of them one job for every handler. */

import { createHash } from 'node:crypto'
import { present } from '../../base/assert.ts'
import { invalidInput } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { type CatalogLogic, logicName } from '../../catalog/logic/logic.ts'
import { append, appending } from '../../database/appending.ts'
import type { Session } from '../../database/database.ts'
import { type Fragment, sql } from '../../sql/fragment.ts'
import { demandSoundJob, insertJobs } from '../jobs/insert.ts'
import { callerText, demandSize, type NewJob } from '../jobs/job.ts'
import { eventText, expiryOf, type NewEvent, type StoredEvent, sourceOf } from './event.ts'

const appendText = `insert into plinth.event
    (id, type, source, subject, time, data, caller, trace_id, handlers, expires_on)
  select id, type, source, subject, $9::timestamp with time zone, data, caller, trace_id,
    string_to_array(handlers, ' '), expires_on
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::text[], $10::date[]) with ordinality
    as t(id, type, source, subject, data, caller, trace_id, handlers, expires_on, place)
  order by place`

// Most calls record one: the lists of the form above cost as much again as the storing.
const few = 4
const log = appending(
  'plinth_event_append',
  sql`plinth.event
    (id, type, source, subject, data, caller, trace_id, handlers, time, expires_on)`,
  [
    ...['uuid', 'text', 'text', 'text', 'text', 'text', 'text'],
    (names: Fragment) => sql`string_to_array(${names}::text, ' ')`,
    ...['timestamp with time zone', 'date'],
  ],
)

/** What events are appended with. */
export interface Appending {
  readonly logic: CatalogLogic
  readonly newId: () => string
}

/** A handler of events, as far as its jobs are made from it. */
export type HandlerOf = NonNullable<ReturnType<CatalogLogic['handlersOf']['get']>>[number]

/**
 * Records facts in the transaction that made them true, and enqueues a job for each handler that
 * this node knows. Fails with `unserialisable` where an event is too long.
 */
export async function appendEvents(
  session: Session,
  events: readonly NewEvent[],
  { logic, newId, now }: Appending & { readonly now: string },
): Promise<void> {
  const nowMs = Date.parse(now)
  const known = events.map(({ type }) => logic.handlersOf.get(type) ?? [])
  for (const event of events) demandSound(event)
  const jobs = events.flatMap((event, index) => {
    const stored: StoredEvent = { ...event, source: sourceOf(event.type), time: now }
    const { caller, traceId } = event
    return (known[index] ?? []).map((handler) => {
      return handlerJob(handler, { event: stored, caller, traceId, id: newId(), now })
    })
  })
  for (const job of jobs) demandSoundJob(job)
  const expiries = events.map(({ type }) => {
    const event = present(logic.events.get(type), `the event ${type}`)
    return expiryOf(nowMs, event.retentionDays)
  })
  const rows = events.map((event, index) => cellsOf(event, known[index] ?? []))
  const appended =
    rows.length <= few
      ? append(
          session,
          log,
          rows.map((cells, at) => [...cells, now, expiries[at]]),
        )
      : session.query({
          name: 'plinth_event_append',
          text: appendText,
          values: [
            ...(rows[0] ?? []).map((_, at) => rows.map((cells) => cells[at])),
            now,
            expiries,
          ],
        })
  await Promise.all([appended, jobs.length > 0 ? insertJobs(session, jobs, now) : undefined])
}

/** What is stored of an event, in the order of the columns up to its handlers. */
function cellsOf(event: NewEvent, handlers: readonly HandlerOf[]): readonly (string | null)[] {
  const { id, type, subject, data, caller, traceId } = event
  const names = handlers.map(({ job }) => logicName(job)).join(' ')
  return [id, type, sourceOf(type), subject, data, callerText(caller), traceId, names]
}

interface Handling {
  readonly id: string
  readonly event: StoredEvent
  readonly caller: NewEvent['caller']
  readonly traceId: string
  readonly now: string
}

/**
 * The job by which a handler gets an event. Jobs of one handler and subject run in their order;
 * those of other handlers beside them.
 */
export function handlerJob({ job }: HandlerOf, handling: Handling): NewJob {
  const { id, event, caller, traceId, now } = handling
  const name = logicName(job)
  const input = eventText(event)
  const own = job.key?.(JSON.parse(input) as never) ?? event.subject
  return {
    ...{ id, job: name, input, caller, traceId, priority: job.priority, runAt: now },
    queue: job.queue && logicName(job.queue),
    key: own === null ? undefined : handlerKey(name, own),
  }
}

function handlerKey(name: string, own: string): string {
  const key = `${name}/${own}`
  if (key.length <= limits.jobKeyCharactersMax) return key
  return createHash('sha256').update(key).digest('base64url')
}

function demandSound({ type, subject, data }: NewEvent): void {
  demandSize(data, `The data of the event ${type}`)
  if (subject === null || (subject.length <= subjectMax && !subject.includes('\0'))) return
  const rule = `must have at most ${subjectMax} characters and no NUL.`
  const detail = `The subject of the event ${type} ${rule}`
  throw invalidInput([{ pointer: '/subject', code: 'wrong_length', detail }])
}

const subjectMax = limits.jobKeyCharactersMax
