/** Owns the events that a handler was not given by who emitted them: from older nodes, or anew. */

import { limits } from '../../base/limits.ts'
import { instantText } from '../../base/time.ts'
import { type CatalogLogic, logicName } from '../../catalog/logic/logic.ts'
import type { Session } from '../../database/database.ts'
import type { Handler } from '../../define/logic/logic.ts'
import { handlerJob } from '../../effects/events/append.ts'
import type { LoggedEvent } from '../../effects/events/event.ts'
import { loggedEvent } from '../../effects/events/log.ts'
import { insertJobs } from '../../effects/jobs/insert.ts'
import type { NewJob } from '../../effects/jobs/job.ts'
import type { Chore } from '../chore.ts'

const registerText = `insert into plinth.event_handler (name, type, position)
  select h.name, h.type, (select position from plinth.event_head)
  from unnest($1::text[], $2::text[]) as h(name, type)
  on conflict (name) do nothing`

const behindText = `select name, position, (select position from plinth.event_head)
  from plinth.event_handler
  where name = any($1::text[]) and position < (select position from plinth.event_head)
  order by name for update skip locked`

const missedText = `select position, id, type, source, subject,
    (extract(epoch from time) * 1000)::bigint, data, caller, trace_id,
    array_to_string(handlers, ' ')
  from plinth.event
  where position > $1::bigint and position <= $2::bigint and type = any($3::text[])
  order by position limit $4::integer`

const advanceText = `update plinth.event_handler set position = $2::bigint
  where name = any($1::text[]) and position < $2::bigint`

/** What handlers catch up with. */
export interface CatchUpParts {
  readonly logic: CatalogLogic
  readonly newId: () => string
}

/**
 * Makes the jobs that are missing. A node that emits an event enqueues the handlers that it knows
 * and notes them in the event; a node that knows another one (a newer version, in a rolling
 * deploy) finds it here. Every handler has a durable position, so none is given an event twice, and
 * a handler that was away for a while goes on where it stopped. A new handler begins at the end of
 * the log.
 */
export function catchUpChore({ logic, newId }: CatchUpParts): Chore {
  const handlers = new Map([...logic.handlers.values()].map((one) => [logicName(one.job), one]))
  let registered = false
  return {
    name: 'catch-up',
    everyMs: limits.jobPollMs,
    async run(session, nowMs) {
      if (handlers.size === 0) return false
      if (!registered) await register(session, handlers)
      registered = true
      return catchUp(session, { handlers, newId, now: instantText(nowMs) })
    },
  }
}

type Handlers = ReadonlyMap<string, Handler>

async function register(session: Session, handlers: Handlers): Promise<void> {
  const types = [...handlers.values()].map(({ event }) => logicName(event))
  await session.query({ text: registerText, values: [[...handlers.keys()], types] })
}

interface CatchingUp {
  readonly handlers: Handlers
  readonly newId: () => string
  readonly now: string
}

async function catchUp(session: Session, catching: CatchingUp): Promise<boolean> {
  await say(session, 'begin isolation level read committed')
  try {
    const found = await catchUpLocked(session, catching)
    await say(session, 'commit')
    return found
  } catch (error) {
    await say(session, 'rollback')
    throw error
  }
}

async function catchUpLocked(session: Session, catching: CatchingUp): Promise<boolean> {
  const { handlers, now } = catching
  const names = [...handlers.keys()]
  const behind = await session.query({ name: 'plinth_behind', text: behindText, values: [names] })
  if (behind.rows.length === 0) return false
  const positions = new Map(behind.rows.map(([name, at]) => [name ?? '', Number(at)]))
  const head = Number(behind.rows[0]?.[2])
  const types = [...positions.keys()].map((name) => typeOf(handlers.get(name)))
  const { rows } = await session.query({
    name: 'plinth_missed',
    text: missedText,
    values: [Math.min(...positions.values()), head, types, limits.eventsPerPassMax],
  })
  const jobs = rows.flatMap((row) => missingJobs(row, positions, catching))
  if (jobs.length > 0) await insertJobs(session, jobs, now)
  const last = Number(rows.at(-1)?.[0])
  const upTo = rows.length < limits.eventsPerPassMax ? head : last
  await session.query({
    name: 'plinth_advance',
    text: advanceText,
    values: [[...positions.keys()], upTo],
  })
  return jobs.length > 0 || upTo < head
}

function missingJobs(
  row: readonly (string | null)[],
  positions: ReadonlyMap<string, number>,
  { handlers, newId, now }: CatchingUp,
): readonly NewJob[] {
  const event = loggedEvent(row)
  const given = new Set(row[9]?.split(' '))
  return [...positions].flatMap(([name, position]) => {
    const handler = handlers.get(name)
    if (!handler || typeOf(handler) !== event.type) return []
    if (position >= event.position || given.has(name)) return []
    return [jobFor(handler, event, { id: newId(), now })]
  })
}

/** The job by which a handler gets an event of the log. */
export function jobFor(
  handler: Handler,
  event: LoggedEvent,
  { id, now }: { readonly id: string; readonly now: string },
): NewJob {
  const { caller, traceId } = event
  return handlerJob(handler, { id, event, caller, traceId, now })
}

function typeOf(handler: Handler | undefined): string {
  return handler ? logicName(handler.event) : ''
}

async function say(session: Session, text: string): Promise<void> {
  await session.query({ name: text.replaceAll(' ', '_'), text, values: [] })
}
