/** Owns the log of events as it is read: in the order of positions, from any of them on. */

import { instantText } from '../../base/time.ts'
import type { Session } from '../../database/database.ts'
import { readCaller } from '../jobs/job.ts'
import type { LoggedEvent } from './event.ts'

const readText = `select position, id, type, source, subject,
    (extract(epoch from time) * 1000)::bigint, data, caller, trace_id
  from plinth.event where position > $1::bigint order by position limit $2::integer`
const readTypesText = `select position, id, type, source, subject,
    (extract(epoch from time) * 1000)::bigint, data, caller, trace_id
  from plinth.event where position > $1::bigint and type = any($3::text[])
  order by position limit $2::integer`
const headText = 'select position from plinth.event_head'

/** Which part of the log is read. */
export interface EventQuestion {
  /** Positions after this one; 0 for the oldest that is kept. */
  readonly after: number
  readonly limit: number
  /** `<kit>.<event>`; absent: all. */
  readonly types?: readonly string[] | undefined
}

/**
 * Reads the log. Positions have no gaps and only grow: what is returned for a position never
 * changes, and nothing is added before it later. A few milliseconds may pass between a commit and
 * its position.
 *
 * @example await readEvents(database, { after: 0, limit: 100, types: ['shop.placed'] })
 */
export async function readEvents(
  session: Session,
  { after, limit, types }: EventQuestion,
): Promise<readonly LoggedEvent[]> {
  const query = types
    ? { name: 'plinth_event_read_types', text: readTypesText, values: [after, limit, types] }
    : { name: 'plinth_event_read', text: readText, values: [after, limit] }
  const { rows } = await session.query(query)
  return rows.map(loggedEvent)
}

/** The highest position of the log; 0 where it is empty. */
export async function headPosition(session: Session): Promise<number> {
  const { rows } = await session.query({ name: 'plinth_event_head', text: headText, values: [] })
  return Number(rows[0]?.[0] ?? 0)
}

// Events are given positions in the order of their commits, so one that is a little later can stand
// a little earlier. No transaction is open for as long as this.
const sinceText = `select min(position) from plinth.event,
    (select time as first from plinth.event where time >= $1::timestamp with time zone
      and position is not null order by time, seq limit 1) f
  where position is not null and time >= f.first and time < f.first + interval '1 hour'`

/**
 * The lowest position of what happened at an instant (RFC 3339) or later; the one behind the end
 * of the log where nothing did.
 */
export async function positionSince(session: Session, instant: string): Promise<number> {
  const head = await headPosition(session)
  const { rows } = await session.query({ text: sinceText, values: [instant] })
  return Number(rows[0]?.[0] ?? head + 1)
}

/** A row of the columns above as an event. */
export function loggedEvent(row: readonly (string | null)[]): LoggedEvent {
  const [position, id, type, source, subject, timeMs, data, caller, traceId] = row
  return {
    position: Number(position),
    ...{ id: id ?? '', type: type ?? '', source: source ?? '', subject: subject ?? null },
    ...{ time: instantText(Number(timeMs)), data: data ?? 'null', traceId: traceId ?? '' },
    caller: readCaller(caller ?? ''),
  }
}
