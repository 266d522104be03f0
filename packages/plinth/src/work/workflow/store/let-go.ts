/** Owns letting go of a workflow: it rests, it is parked, it has ended. */

import type { Session } from '../../../database/database.ts'
import type { FinalState } from '../journal.ts'
import { textOf } from './write.ts'

// Every statement behind this one sees what was committed before the lock was granted: whoever
// brings news takes the same lock, so that news is either seen here or wakes the workflow.
const lockText = 'select 1 from plinth.workflow where id = $1 for no key update'

/** Takes the lock under which news is brought. */
export async function lockWorkflow(session: Session, id: string): Promise<void> {
  await session.query({ name: 'plinth_workflow_rest_lock', text: lockText, values: [id] })
}

const newsText = `select case w.state when 'running' then
    w.cancel_reason is not null
    or exists (select 1 from plinth.workflow_step s
      join plinth.workflow_signal g on g.workflow_id = s.workflow_id and g.signal = s.aim
      where s.workflow_id = w.id and s.state = 'open' and s.kind = 'signal'
        and g.taken_by is null)
    or exists (select 1 from plinth.workflow_event_wait n
      join plinth.event e on e.type = n.event and e.subject = n.subject
        and (e.position is null or e.position > w.log_position) and not e.id = any(n.taken)
      where n.workflow_id = w.id)
    or exists (select 1 from plinth.workflow_step s
      join plinth.workflow c on c.id = s.aim and c.ended_at is not null
      where s.workflow_id = w.id and s.state = 'open' and s.kind = 'child')
  else
    $2::boolean and not exists (select 1 from plinth.workflow_step s
      join plinth.workflow c on c.id = s.aim and c.ended_at is null
      where s.workflow_id = w.id and s.state in ('open', 'done') and s.kind = 'child')
  end
  from plinth.workflow w where w.id = $1`

/** Whether something has come for which the workflow waits. `forever`: no timer wakes it. */
export async function hasNews(session: Session, id: string, forever: boolean): Promise<boolean> {
  const query = { name: 'plinth_workflow_news', text: newsText, values: [id, forever] }
  const { rows } = await session.query(query)
  return rows[0]?.[0] === 't'
}

const restText = `update plinth.workflow
  set resting = true, wake_at = $2::timestamp with time zone, problem = null, problems = 0
  where id = $1`

/** Marks a workflow as resting until an instant, or until something comes. */
export async function markResting(
  session: Session,
  id: string,
  wakeAt: string | undefined,
): Promise<void> {
  await session.query({ name: 'plinth_workflow_rest', text: restText, values: [id, wakeAt] })
}

const parkText = `update plinth.workflow
  set resting = true, wake_at = $2::timestamp with time zone, problem = $3, problems = problems + 1
  where id = $1`

/** Marks a workflow as unable to go on. */
export async function markParked(
  session: Session,
  id: string,
  { problem, wakeAt }: { readonly problem: string; readonly wakeAt: string },
): Promise<void> {
  const values = [id, wakeAt, problem]
  await session.query({ name: 'plinth_workflow_park', text: parkText, values })
}

const undoText = `update plinth.workflow set state = 'undoing', ending = $2
  where id = $1 and state = 'running'`

/** Records why a workflow is undone from now on. */
export async function markUndoing(session: Session, id: string, ending: object): Promise<void> {
  const values = [id, textOf(ending)]
  await session.query({ name: 'plinth_workflow_begin_undo', text: undoText, values })
}

const endText = `with ended as (
    update plinth.workflow
    set state = $2, result = $3, ending = $4, ended_at = $5::timestamp with time zone,
      keep_until = $6::timestamp with time zone, resting = false, wake_at = null, problem = null,
      problems = 0
    where id = $1 and state in ('running', 'undoing')
      and ($2 <> 'completed' or cancel_reason is null)
    returning id
  ), gone as (
    delete from plinth.workflow_event_wait where workflow_id in (select id from ended)
  )
  select 1 from ended`

/** When a workflow ended, and until when it is kept. RFC 3339. */
export interface EndTimes {
  readonly now: string
  readonly keepUntil: string
}

/** Ends a workflow. False where it is to be cancelled instead of completed. */
export async function markEnded(
  session: Session,
  { id, final }: { readonly id: string; readonly final: FinalState },
  { now, keepUntil }: EndTimes,
): Promise<boolean> {
  const completed = final.state === 'completed'
  const result = completed ? final.result : undefined
  const ending = completed ? undefined : textOf(final)
  const { rows } = await session.query({
    name: 'plinth_workflow_end',
    text: endText,
    values: [id, final.state, result, ending, now, keepUntil],
  })
  return rows.length > 0
}
