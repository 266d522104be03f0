/** Owns the progress of jobs: told while they run, in a row of its own that no handler locks. */

import type { Session } from '../../database/database.ts'

/** How far a job is. */
export interface Progress {
  readonly job: string
  /** 0 to 1. */
  readonly done: number
  readonly note?: string | undefined
  /** RFC 3339. */
  readonly now: string
}

const writeText = `insert into plinth.job_progress as p (job, done, note, at)
  values ($1::uuid, $2::double precision, $3, $4::timestamp with time zone)
  on conflict (job) do update set done = excluded.done, note = excluded.note, at = excluded.at`

/** Stores how far a job is. Amounts beyond 0 and 1 are cut. */
export async function writeProgress(session: Session, progress: Progress): Promise<void> {
  const { job, note, now } = progress
  const done = Number.isFinite(progress.done) ? Math.min(1, Math.max(0, progress.done)) : 0
  await session.query({
    name: 'plinth_job_progress',
    text: writeText,
    values: [job, done, note?.slice(0, noteCharactersMax).replaceAll('\0', ''), now],
  })
}

const noteCharactersMax = 500
