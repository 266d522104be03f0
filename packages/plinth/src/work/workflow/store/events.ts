/** Owns the waits of workflows for events: stored before the log is read. */

import { instantText } from '../../../base/time.ts'
import type { Session } from '../../../database/database.ts'
import { eventText } from '../../../effects/events/event.ts'
import type { Beside } from '../journal.ts'

/** Which step of which workflow waits. */
export interface WaitOf {
  readonly workflowId: string
  readonly place: string
}

const waitText = `insert into plinth.workflow_event_wait (event, subject, workflow_id, place, taken)
  values ($1, $2, $3, $4, $5::uuid[])`

/** Stores that a step waits for an event. */
export async function storeWait(
  session: Session,
  { workflowId, place }: WaitOf,
  { event, subject, taken }: NonNullable<Beside['waitsFor']>,
): Promise<void> {
  const values = [event, subject, workflowId, place, taken]
  await session.query({ name: 'plinth_workflow_wait', text: waitText, values })
}

const endText = 'delete from plinth.workflow_event_wait where workflow_id = $1 and place = $2'

/** Forgets a wait that is over. */
export async function endWait(session: Session, { workflowId, place }: WaitOf): Promise<void> {
  const values = [workflowId, place]
  await session.query({ name: 'plinth_workflow_end_wait', text: endText, values })
}

const findText = `select e.id, e.type, e.source, e.subject,
    (extract(epoch from e.time) * 1000)::bigint, e.data
  from plinth.workflow_event_wait n
  join plinth.workflow w on w.id = n.workflow_id
  join plinth.event e on e.type = n.event and e.subject = n.subject
    and (e.position is null or e.position > w.log_position) and not e.id = any(n.taken)
  where n.workflow_id = $1 and n.place = $2
  order by e.seq limit 1`

/** The first event for which a step waits, as JSON text. */
export async function findEvent(
  session: Session,
  { workflowId, place }: WaitOf,
): Promise<string | undefined> {
  const values = [workflowId, place]
  const { rows } = await session.query({ name: 'plinth_workflow_event', text: findText, values })
  const [row] = rows
  if (row === undefined) return undefined
  const [id, type, source, subject, timeMs, data] = row
  return eventText({
    ...{ id: id ?? '', type: type ?? '', source: source ?? '', subject: subject ?? null },
    ...{ time: instantText(Number(timeMs)), data: data ?? 'null' },
  })
}
