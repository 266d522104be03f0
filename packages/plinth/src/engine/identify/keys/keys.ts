/** Owns the way from an API key, or the token of an agent, to its caller: its owner, narrowed. */

import type { Caller } from '../../../access/caller.ts'
import type { ViaSort } from '../../../access/scopes/via.ts'
import { Failure } from '../../../base/failure.ts'
import { isInRange, rangeOf } from '../../../base/network.ts'
import { hasChecksum } from '../../../base/secret/checksum.ts'
import { instantText } from '../../../base/time.ts'
import { readArray } from '../../../kinds/kinds.ts'
import { type Fragment, sql, statement, typed } from '../../../sql/fragment.ts'
import type { Came } from '../../runtime.ts'
import { boundIn } from '../bound.ts'
import { ownProfile, ownProfileColumns } from '../callers/profile.ts'
import { rolesOf } from '../callers/roles.ts'
import { countDays, heldColumns } from '../held.ts'
import type { IdentifyParts } from '../sessions.ts'
import { inBatches, invalidToken, type TokenSort } from '../tokens.ts'
import { isStale, touch } from '../touch.ts'

/** One sort of key, and where it is kept. */
interface Sort {
  readonly sort: ViaSort
  readonly pattern: RegExp
  readonly table: Fragment
  readonly networks: Fragment
}

const apiKeys: Sort = {
  sort: 'key',
  pattern: /^plk_[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}$/,
  table: sql`identity.api_key`,
  networks: sql`k.networks`,
}

const agentTokens: Sort = {
  sort: 'agent',
  pattern: /^plg_[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}$/,
  table: sql`identity.agent_token`,
  networks: sql`'{}'::text[]`,
}

const instant = (ms: number): Fragment => typed(instantText(ms), 'timestamp with time zone')

interface Asked {
  readonly hashes: readonly string[]
  readonly now: number
  /** True: who the owner is beside what rules ask is wanted too. */
  readonly introduces: boolean
}

/**
 * Those that count now. One of an organisation counts as long as its owner is a member: who has
 * left, or has another role, finds that with the next call.
 */
function living(parts: IdentifyParts, { table, networks }: Sort, asked: Asked): Fragment {
  const { hashes, now, introduces } = asked
  const profile = introduces ? ownProfileColumns : sql``
  return sql`select k.token_hash, k.id, u.id, u.roles, k.scopes, ${networks},
      ${isStale('k', now)},
      k.organisation_id, m.role, ${heldColumns(parts.demand, instant(now))}${profile}
    from ${table} k join identity."user" u on u.id = k.user_id
      left join identity.membership m on m.id = k.membership_id
        and m.organisation_id = k.organisation_id and m.user_id = k.user_id
    where k.token_hash = any(${typed(hashes, 'text[]')})
      and k.expires_at + interval '0' > ${instant(now)}
      and not u.suspended and not u.guest and u.erased_at is null
      and (k.organisation_id is null or m.id is not null)`
}

/** Whose key it is, and where it can be used from. */
interface Found {
  readonly caller: Caller
  readonly networks: readonly string[]
}

/** API keys, and tokens of agents. Nothing is cached: what was ended is dead for the next call. */
export function keyTokens(parts: IdentifyParts): readonly TokenSort[] {
  return [apiKeys, agentTokens].map((sort) => {
    const asking = (introduces: boolean) =>
      inBatches<Found>((hashes) => find(parts, sort, { hashes, introduces }))
    const [look, introduce] = [asking(false), asking(true)]
    const { pattern } = sort
    return {
      pattern,
      async identify(token, came) {
        if (!hasChecksum(token)) throw mistyped()
        const { caller, networks } = await (came?.profile === true ? introduce : look)(token)
        demandNetwork(networks, came)
        return caller
      },
    }
  })
}

/** Told before anything is looked up: it says nothing of which keys there are. */
function mistyped(): Failure {
  return new Failure('invalid_credentials', {
    detail: 'The key is mistyped or cut off: its last six characters do not fit the others.',
  })
}

/** A stolen key is of no use elsewhere, and whoever has it learns not even that it is one. */
function demandNetwork(networks: readonly string[], came: Came | undefined): void {
  if (networks.length === 0) return
  const ranges = networks.flatMap((network) => rangeOf(network) ?? [])
  const { remoteAddress = '' } = came ?? {}
  if (!ranges.some((range) => isInRange(remoteAddress, range))) throw invalidToken()
}

async function find(
  parts: IdentifyParts,
  asked: Sort,
  { hashes, introduces }: Omit<Asked, 'now'>,
): Promise<ReadonlyMap<string, Found>> {
  const { sort } = asked
  const now = parts.clock.now()
  const name = `plinth_${sort}_${introduces ? 'introduce' : 'find'}`
  const { rows } = await parts.database.query({
    ...{ name, repeatable: true },
    ...statement(living(parts, asked, { hashes, now, introduces })),
  })
  const found = new Map<string, Found>()
  for (const [hash, id, userId, roles, scopes, from, stale, ...more] of rows) {
    if (!hash || !id || !userId) continue
    const [place, role, isHeld, unmarked, ...whom] = more
    const bound = boundIn({ sort, id, scopes: new Set(wordsOf(scopes)) }, [place, role])
    const whose = { is: 'user', id: userId, roles: rolesOf(roles), proof } as const
    const held = isHeld === 't' ? { held: true as const } : {}
    const caller = { ...whose, ...bound, ...held, ...ownProfile(roles, whom) }
    found.set(hash, { caller, networks: wordsOf(from) })
    if (unmarked === 't') countDays({ demand: undefined, ...parts }, { userId, nowMs: now })
    if (stale === 't') touch(parts, { ...asked, id, nowMs: now })
  }
  return found
}

// A key proves that somebody made it once, and nothing of who is there.
const proof = Object.freeze({ assurance: 1, agoMs: Number.POSITIVE_INFINITY })

function wordsOf(columnText: string | null | undefined): readonly string[] {
  return readArray(columnText ?? '{}').filter((word) => word !== null)
}
