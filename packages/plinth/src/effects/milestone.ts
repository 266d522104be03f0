/** Owns milestones: things that happen once in the life of a database, such as its seed. */

import type { Session } from '../database/database.ts'

const findText = 'select 1 from plinth.milestone where name = $1'
const reachText = `insert into plinth.milestone (name, reached_at)
  values ($1, $2::timestamp with time zone) on conflict (name) do nothing returning name`

/** Whether it was reached before. */
export async function isReached(session: Session, milestone: string): Promise<boolean> {
  const { rows } = await session.query({ text: findText, values: [milestone] })
  return rows.length > 0
}

/**
 * Reaches it, in the transaction of what happens once. False where another was first: of two at
 * once the second waits for the first one's commit or rollback.
 */
export async function reach(session: Session, milestone: string, now: string): Promise<boolean> {
  const { rows } = await session.query({ text: reachText, values: [milestone, now] })
  return rows.length > 0
}
