/** Owns whether what somebody came with still stands: their session, their key, their grant. */

import { Failure } from '../../base/failure.ts'
import type { Session } from '../../database/database.ts'
import type { JobCaller } from '../../effects/jobs/job.ts'

// Ended by time is not ended by anybody: those rows stay, or are as old as nothing waits.
const standingTexts = {
  // Whoever only signed out has left what they asked for to be done.
  session: `select 1 from identity.session where id = $1::uuid
    union all select 1 from identity.signed_out_session where session = $1::uuid`,
  key: 'select 1 from identity.api_key where id = $1::uuid',
  agent: 'select 1 from identity.agent_token where id = $1::uuid',
  oauth: 'select 1 from oauth.oauth_grant where id = $1::uuid',
} as const

type Sort = keyof typeof standingTexts

const words: Readonly<Record<Exclude<Sort, 'session'>, string>> = {
  key: 'The API key that the call came with was ended before it was made',
  agent: 'What was lent to the agent was ended before the call was made',
  oauth: 'The program’s access was ended before the call was made',
}

/**
 * Why a call that was accepted is not made: what its caller came with was ended by an act since,
 * such as revoking a key, ending all sessions or a new password. Undefined: it stands, or there is
 * nothing of the kind. In the transaction of the call, so that neither overtakes the other.
 */
export async function whyEnded(session: Session, caller: JobCaller): Promise<Failure | undefined> {
  const came = cameWith(caller)
  if (came === undefined) return undefined
  const { sort, id } = came
  const { count } = await session.query({
    name: `plinth_job_stands_${sort}`,
    text: standingTexts[sort],
    values: [id],
  })
  if (count > 0) return undefined
  if (sort !== 'session') {
    const detail = `${words[sort]}: nothing was done. Call again with one that counts.`
    return new Failure('invalid_credentials', { detail })
  }
  return new Failure('sign_in_required', {
    detail:
      'The session of this call was revoked before it was made: nothing was done. Sign in and ' +
      'call again.',
  })
}

function cameWith(caller: JobCaller): { readonly sort: Sort; readonly id: string } | undefined {
  if (caller.is !== 'user') return undefined
  const { via, session } = caller
  if (via !== undefined) return via.sort === 'service' ? undefined : { sort: via.sort, id: via.id }
  return session === undefined ? undefined : { sort: 'session', id: session }
}

const endedText = `select c.id::text from unnest($1::uuid[]) as c(id)
  where not exists (select from identity.api_key k where k.id = c.id)
    and not exists (select from identity.agent_token k where k.id = c.id)`

/**
 * The ids of keys, and of what was lent to agents, that are no more. What programs were granted is
 * not looked at: it ends with an ordinary sign-out too, which ends nothing that was begun.
 */
export async function endedKeys(
  database: Session,
  callers: readonly JobCaller[],
): Promise<ReadonlySet<string>> {
  const ids = callers.flatMap((caller) => {
    const via = caller.is === 'user' ? caller.via : undefined
    return via?.sort === 'key' || via?.sort === 'agent' ? [via.id] : []
  })
  if (ids.length === 0) return new Set()
  const { rows } = await database.query({
    name: 'plinth_job_ended_keys',
    text: endedText,
    repeatable: true,
    values: [[...new Set(ids)]],
  })
  return new Set(rows.map(([id]) => id ?? ''))
}
