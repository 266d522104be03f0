/** Owns how often a device may ask whether it was let in (RFC 8628, section 3.5). */

import { limits } from '../../../base/limits.ts'
import { instantText } from '../../../base/time.ts'
import type { Database } from '../../../database/database.ts'
import { sql, statement, typed } from '../../../sql/fragment.ts'

/**
 * Notes that a device asks; false: it came too soon, and has to wait five seconds more from now on,
 * each time. One conditional statement: of any number that ask at once, one has come in time.
 */
export async function mayPoll(
  database: Database,
  { hash, nowMs }: { readonly hash: string; readonly nowMs: number },
): Promise<boolean> {
  const now = typed(instantText(nowMs), 'timestamp with time zone')
  const step = typed(limits.oauthPollSeconds, 'integer')
  const most = typed(limits.oauthPollSecondsMax, 'integer')
  const before = sql`select d.id, d.polled_at is null
      or d.polled_at + coalesce(d.poll_seconds, ${step}) * interval '1 second' <= ${now} as in_time
    from oauth.oauth_device_code d where d.token_hash = ${typed(hash, 'text')} for update`
  const change = sql`with before as (${before})
    update oauth.oauth_device_code d set polled_at = ${now},
      poll_seconds = case when b.in_time then d.poll_seconds
        else least(coalesce(d.poll_seconds, ${step}) + ${step}, ${most}) end
    from before b where d.id = b.id
    returning b.in_time`
  const { rows } = await database.query(statement(change))
  return rows[0]?.[0] === 't'
}
