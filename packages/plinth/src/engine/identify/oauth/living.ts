/** Owns which grants count: none does whose session, user or place in an organisation is gone. */

import { limits } from '../../../base/limits.ts'
import { dayMs, instantText } from '../../../base/time.ts'
import { type Fragment, sql, typed } from '../../../sql/fragment.ts'

/** What joins the grant `g` of a thing `t` and its user `u`, as long as the grant counts. */
export interface Living {
  readonly joined: Fragment
  /** What has to hold beside. */
  readonly counts: Fragment
}

const instant = 'timestamp with time zone'

/**
 * Grants that count now: not run out, their user not shut out, their session not over, and, where
 * they are of an organisation, their user a member `m` of it.
 */
export function livingGrants(nowMs: number): Living {
  const now = typed(instantText(nowMs), instant)
  const idleSince = typed(instantText(nowMs - limits.sessionIdleDays * dayMs), instant)
  return {
    joined: sql`join oauth.oauth_grant g on g.id = t.grant_id and g.expires_at > ${now}
      join identity."user" u on u.id = g.user_id and not u.suspended and u.erased_at is null
      left join identity.membership m on m.id = g.membership_id
        and m.organisation_id = g.organisation_id and m.user_id = g.user_id
      left join identity.session s on s.id = g.session_id
        and s.expires_at > ${now} and s.last_used_at > ${idleSince}`,
    counts: sql`t.expires_at > ${now} and (g.session_id is null or s.id is not null)
      and (g.organisation_id is null or m.id is not null)`,
  }
}
