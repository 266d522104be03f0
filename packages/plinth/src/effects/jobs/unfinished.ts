/** Owns the question whether a job stands: what waits for one that is gone waits forever. */

import { present } from '../../base/assert.ts'
import type { Session } from '../../database/database.ts'
import type { NewJob } from './job.ts'

/**
 * The step by which jobs that a record waits for, mails and deliveries, are found by their input.
 * Of inputs of any length the hash is kept; jobs of other names pay nothing.
 */
export const unfinishedTables = [
  {
    id: '0019_job_unfinished',
    sql: `create index job_unfinished on plinth.job using hash (input)
      where name in ('plinth.mail', 'plinth.webhook')
        and state in ('ready', 'waiting', 'delayed', 'retrying', 'running')`,
  },
] as const

/** By name: a name beside the text would keep PostgreSQL from seeing that its index fits. */
const texts = new Map<string, string>([
  [
    'plinth.mail',
    `select exists (select from plinth.job where name = 'plinth.mail' and input = $1
      and state in ('ready', 'waiting', 'delayed', 'retrying', 'running'))`,
  ],
  [
    'plinth.webhook',
    `select exists (select from plinth.job where name = 'plinth.webhook' and input = $1
      and state in ('ready', 'waiting', 'delayed', 'retrying', 'running'))`,
  ],
])

/** True where an unfinished job of the same name and input stands: neither cancelled nor failed. */
export async function hasUnfinished(
  session: Session,
  { job, input }: Pick<NewJob, 'job' | 'input'>,
): Promise<boolean> {
  const text = present(texts.get(job), `${job} is among the jobs that are waited for`)
  const { rows } = await session.query({ text, values: [input] })
  return rows[0]?.[0] === 't'
}

// One that failed keeps its place in its key; one that is late joins its line.
const soonerText = `with sooner as (
    update plinth.job set run_at = $2::timestamp with time zone,
      state = case when state = 'retrying' or key is null then 'ready' else 'waiting' end
    where name = 'plinth.webhook' and input = $1 and state in ('delayed', 'retrying')
      and run_at > $2::timestamp with time zone
    returning queue, key
  ), nudged as (
    insert into plinth.job_nudge (queue, key)
    select distinct queue, key from sooner where key is not null
  )
  select count(*) from sooner`

/** Makes the job of a delivery due that waits for its time. False where none does. */
export async function makeDue(
  session: Session,
  { input }: Pick<NewJob, 'input'>,
  now: string,
): Promise<boolean> {
  const { rows } = await session.query({ text: soonerText, values: [input, now] })
  return Number(rows[0]?.[0]) > 0
}
