/** Owns the way from an OAuth access token to its caller: a user, by what they have said yes to. */

import type { Caller } from '../../../access/caller.ts'
import { instantText } from '../../../base/time.ts'
import { readArray } from '../../../kinds/kinds.ts'
import { sql, statement, typed } from '../../../sql/fragment.ts'
import { boundIn } from '../bound.ts'
import { ownProfile, ownProfileColumns } from '../callers/profile.ts'
import { rolesOf } from '../callers/roles.ts'
import { countDays, heldColumns } from '../held.ts'
import type { IdentifyParts } from '../sessions.ts'
import { inBatches, type TokenSort } from '../tokens.ts'
import { isStale, touch } from '../touch.ts'
import { livingGrants } from './living.ts'

const tokenPattern = /^plo_[A-Za-z0-9_-]{43}$/

/**
 * Access tokens that were made for this very API (RFC 8707). Nothing is cached: one that was
 * revoked is dead for the next call. None of them proves who is there: what takes a fresh proof
 * takes a session.
 */
export function accessTokens(
  parts: Pick<IdentifyParts, 'database' | 'clock' | 'log' | 'demand'>,
  resource: string,
): TokenSort {
  const asking = (introduces: boolean) =>
    inBatches((hashes) => find(parts, { hashes, resource, introduces }))
  const [look, introduce] = [asking(false), asking(true)]
  return {
    pattern: tokenPattern,
    identify: (token, came) => (came?.profile === true ? introduce : look)(token),
  }
}

interface Asked {
  readonly hashes: readonly string[]
  readonly resource: string
  /** True: who the user is beside what rules ask is wanted too. */
  readonly introduces: boolean
}

async function find(
  parts: Parameters<typeof accessTokens>[0],
  { hashes, resource, introduces }: Asked,
): Promise<ReadonlyMap<string, Caller>> {
  const { database, clock, demand } = parts
  const nowMs = clock.now()
  const { joined, counts } = livingGrants(nowMs)
  const held = heldColumns(demand, typed(instantText(nowMs), 'timestamp with time zone'))
  const profile = introduces ? ownProfileColumns : sql``
  const question = sql`select t.token_hash, g.id, u.id, u.roles, t.scopes,
      g.organisation_id, m.role, ${isStale('g', nowMs)}, ${held}${profile}
    from oauth.oauth_access_token t ${joined}
    where t.token_hash = any(${typed(hashes, 'text[]')}) and ${counts}
      and t.resource = ${typed(resource, 'text')}`
  const name = introduces ? 'plinth_oauth_introduce' : 'plinth_oauth_find'
  const { rows } = await database.query({ name, repeatable: true, ...statement(question) })
  const callers = new Map<string, Caller>()
  for (const [hash, grant, id, roles, scopes, ...more] of rows) {
    if (!hash || !grant || !id) continue
    const [place, role, stale, isHeld, unmarked, ...whom] = more
    const bound = boundIn({ sort: 'oauth', id: grant, scopes: wordsOf(scopes) }, [place, role])
    const whose = { is: 'user', id, roles: rolesOf(roles), proof: unproven, ...bound } as const
    const told = { ...whose, ...ownProfile(roles, whom) }
    callers.set(hash, isHeld === 't' ? { ...told, held: true } : told)
    if (unmarked === 't') countDays({ demand: undefined, ...parts }, { userId: id, nowMs })
    if (stale === 't') touch(parts, { ...grants, id: grant, nowMs })
  }
  return callers
}

const grants = { sort: 'oauth', table: sql`oauth.oauth_grant` } as const

const unproven = Object.freeze({ assurance: 1, agoMs: Number.POSITIVE_INFINITY })

function wordsOf(columnText: string | null | undefined): ReadonlySet<string> {
  return new Set(readArray(columnText ?? '{}').filter((word) => word !== null))
}
