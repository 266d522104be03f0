/** Owns how a workflow stands, for whoever started it: nothing of its inside. */

import type { Session } from '../../database/database.ts'
import { callerText, type JobCaller } from '../jobs/job.ts'

/** How a workflow stands. Instants in milliseconds since 1970. */
export interface StartedStatus {
  /** `<kit>.<workflow>`. */
  readonly workflow: string
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'
  /** JSON text; null: it has none. */
  readonly result: string | null
  /** JSON text: why it was undone. */
  readonly ending: string | null
  readonly startedMs: number
  readonly endedMs: number | null
}

const statusText = `select name,
    case when state = 'completed' then 'done' when ended_at is not null then state
      when state = 'running' and resting then 'waiting' else 'running' end,
    result, ending, (extract(epoch from started_at) * 1000)::bigint,
    (extract(epoch from ended_at) * 1000)::bigint
  from plinth.workflow where id = $1 and caller = $2`

/** How a caller's own workflow stands. Undefined: they have started none of this id. */
export async function startedStatus(
  session: Session,
  { id, caller }: { readonly id: string; readonly caller: JobCaller },
): Promise<StartedStatus | undefined> {
  const { rows } = await session.query({
    name: 'plinth_workflow_status',
    text: statusText,
    repeatable: true,
    values: [id, callerText(caller)],
  })
  const [row] = rows
  if (row === undefined) return undefined
  const [workflow, state, result = null, ending = null, startedMs, endedMs] = row
  return {
    ...{ workflow: workflow ?? '', state: state as StartedStatus['state'] },
    ...{ result: state === 'done' ? result : null, ending, startedMs: Number(startedMs) },
    endedMs: endedMs === null || endedMs === undefined ? null : Number(endedMs),
  }
}
