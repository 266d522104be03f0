/** Owns finding accounts that are to go: guests who cannot come back, deletions that are due. */

import { limits } from '../../base/limits.ts'
import { hourMs, instantText } from '../../base/time.ts'
import type { Database } from '../../database/database.ts'

// A guest comes back by their session alone: without one, nobody ever does.
const guestsText = `select u.id from identity."user" u
  where u.guest and u.created_at < $1::timestamp with time zone
    and not exists (select from identity.session s where s.user_id = u.id)
  limit $2::integer`

/** The ids of guests without a session, made an hour ago or earlier; so many at once. */
export function findIdleGuests(database: Database, nowMs: number): Promise<readonly string[]> {
  return idsOf(database, guestsText, instantText(nowMs - hourMs))
}

const dueText = `select u.id from identity."user" u
  where u.deletion_at <= $1::timestamp with time zone limit $2::integer`

/** The ids of accounts whose deletion was asked for and is due; so many at once. */
export function findDeletionsDue(database: Database, nowMs: number): Promise<readonly string[]> {
  return idsOf(database, dueText, instantText(nowMs))
}

async function idsOf(database: Database, text: string, at: string): Promise<readonly string[]> {
  const values = [at, String(limits.accountsForgottenAtOnceMax)]
  const { rows } = await database.query({ text, values })
  return rows.flatMap(([id]) => (id ? [id] : []))
}
