/** Owns the question whether a job stands: what waits for one that is gone waits forever. */

import type { Session } from '../../database/database.ts'
import type { NewJob } from './job.ts'

const text = `select exists (select from plinth.job where name = $1 and input = $2
  and state in ('ready', 'waiting', 'delayed', 'retrying', 'running'))`

/** True where an unfinished job of the same name and input stands: neither cancelled nor failed. */
export async function hasUnfinished(
  session: Session,
  { job, input }: Pick<NewJob, 'job' | 'input'>,
): Promise<boolean> {
  const { rows } = await session.query({
    name: 'plinth_job_unfinished',
    text,
    values: [job, input],
  })
  return rows[0]?.[0] === 't'
}
