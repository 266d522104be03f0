/** Owns the callers that jobs act for: who they are is stored, what they may is looked up. */

import { present } from '../../base/assert.ts'
import type { Database } from '../../database/database.ts'
import type { JobCaller } from '../../effects/jobs/job.ts'
import type { LogicRun } from '../../engine/logic/transaction.ts'
import type { Runtime } from '../../engine/runtime.ts'

/** Whose rules the logic of a job obeys. */
export type Caller = LogicRun['caller']

const usersText = `select id, array_to_json(roles), guest from identity."user"
  where id = any($1::uuid[]) and not suspended and erased_at is null`

/** What callers are looked up in. */
export type CallerParts = Pick<Runtime, 'database' | 'catalog'>

/**
 * The callers of jobs as they are now, in the same order. A user who was suspended or deleted since
 * has no roles: what was started in their name goes on, with no more rights than anybody has.
 */
export async function callersOf(
  { database, catalog }: CallerParts,
  callers: readonly JobCaller[],
): Promise<readonly Caller[]> {
  const held = await heldBy(database, callers)
  return callers.map((caller): Caller => {
    if (caller.is === 'anonymous' || caller.is === 'unrestricted') return caller
    if (caller.is === 'service') {
      const roles = catalog.services.get(caller.name)?.roles ?? new Set<string>()
      const via = { sort: 'service', id: caller.id, scopes: undefined } as const
      return { ...caller, roles, via }
    }
    const { id, impersonator, via } = caller
    const { roles: names = [], guest = false } = held.get(id) ?? {}
    // What was let through once acts for its owner, and rules still know what it came by.
    const came = via && { via: { ...via, scopes: undefined } }
    const roles = new Set(names)
    return { is: 'user', id, impersonator, ...came, roles, ...(guest ? { guest } : {}) }
  })
}

/** The caller of one job as it is now. */
export async function callerOf(parts: CallerParts, caller: JobCaller): Promise<Caller> {
  const [found] = await callersOf(parts, [caller])
  return present(found, 'the caller of a job')
}

/**
 * False for who was suspended or deleted since, and for a service that is declared no more: what
 * only they wanted is not done.
 */
export async function isStillThere(
  { database, catalog }: CallerParts,
  caller: JobCaller,
): Promise<boolean> {
  if (caller.is === 'anonymous' || caller.is === 'unrestricted') return true
  if (caller.is === 'service') return catalog.services.has(caller.name)
  return (await heldBy(database, [caller])).has(caller.id)
}

interface Standing {
  readonly roles: readonly string[]
  readonly guest: boolean
}

/** The roles of those users who are still there, by id. */
async function heldBy(
  database: Database,
  callers: readonly JobCaller[],
): Promise<ReadonlyMap<string, Standing>> {
  const ids = new Set(callers.flatMap((one) => (one.is === 'user' ? [one.id] : [])))
  if (ids.size === 0) return new Map()
  const { rows } = await database.query({
    name: 'plinth_job_callers_user',
    text: usersText,
    repeatable: true,
    values: [[...ids]],
  })
  return new Map(
    rows.map(([id, roles, guest]) => [
      id ?? '',
      { roles: JSON.parse(roles ?? '[]') as string[], guest: guest === 't' },
    ]),
  )
}
