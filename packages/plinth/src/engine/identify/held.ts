/** Owns who is held until they have a second factor: told beside whose token it is. */

import type { Caller } from '../../access/caller.ts'
import { Failure } from '../../base/failure.ts'
import { dayMs, instantText } from '../../base/time.ts'
import type { Database } from '../../database/database.ts'
import type { SecondFactorDemand } from '../../define/app/sign-in.ts'
import { any, type Fragment, join, literal, sql, statement, typed } from '../../sql/fragment.ts'
import type { Came, Log } from '../runtime.ts'

/** Of whom a second factor is demanded; undefined: of nobody. */
export type Demand = SecondFactorDemand | undefined

const instant = 'timestamp with time zone'

/**
 * Two columns beside the user `u` of a look-up: whether they are held, and whether their days have
 * yet to be counted. An app that demands nothing pays nothing for it.
 */
export function heldColumns(demand: Demand, now: Fragment): Fragment {
  if (!demand) return sql`false, false`
  const lacks = sql`(not u.second_factor and not u.guest and ${demanded(demand)})`
  if (demand.graceDays === 0) return sql`${lacks}, false`
  return sql`${lacks} and coalesce(u.second_factor_due_at <= ${now}, false),
    ${lacks} and u.second_factor_due_at is null`
}

function demanded({ everyone, roles, members }: SecondFactorDemand): Fragment {
  if (everyone) return sql`true`
  const texts = (all: readonly string[]): Fragment => sql`array[${join(all.map(literal))}]::text[]`
  const membership = sql`select from identity.membership x where x.user_id = u.id`
  const inside = members === 'all' ? sql`` : sql` and x.role = any(${texts(Array.from(members))})`
  return any([
    ...(roles.length > 0 ? [sql`u.roles && ${texts(roles)}`] : []),
    ...(members.length > 0 ? [sql`exists (${membership}${inside})`] : []),
  ])
}

/** What a look-up of callers works with. */
export interface HoldingParts {
  readonly database: Database
  readonly log: Log
  readonly demand: Demand
}

const markText = `update identity."user" set second_factor_due_at = $2::timestamp with time zone
  where id = $1::uuid and second_factor_due_at is null`

/** Writes down beside the call from when on somebody is held: their days are counted once. */
export function countDays(
  { database, log, demand }: HoldingParts,
  { userId, nowMs }: { readonly userId: string; readonly nowMs: number },
): void {
  if (!demand) return
  const dueAt = instantText(nowMs + demand.graceDays * dayMs)
  const values = [userId, dueAt]
  database.query({ name: 'plinth_factor_due', text: markText, values }).catch((cause: unknown) => {
    log({ level: 'warning', message: 'the days until a second factor were not counted', cause })
  })
}

/** Fails with `second_factor_required` for who is held, save in what leads out of it. */
export function demandNotHeld(caller: Caller, came: Came | undefined): Caller {
  if (caller.is !== 'user' || caller.held !== true || came?.settingUp === true) return caller
  throw new Failure('second_factor_required', {
    detail:
      'Before anything else, this app asks you for a second factor: set one up at ' +
      '/account/factors, or by /api/identity/set-up-totp.',
  })
}

/** Whether a user is held, where nobody's token is looked up. */
export async function isHeld(
  { database, demand }: Pick<HoldingParts, 'database' | 'demand'>,
  { userId, nowMs }: { readonly userId: string; readonly nowMs: number },
): Promise<boolean> {
  if (!demand) return false
  const columns = heldColumns(demand, typed(instantText(nowMs), instant))
  const id = typed(userId, 'uuid')
  const question = sql`select ${columns} from identity."user" u where u.id = ${id}`
  const { rows } = await database.query({ name: 'plinth_factor_held', ...statement(question) })
  return rows[0]?.[0] === 't'
}
