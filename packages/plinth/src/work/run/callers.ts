/** Owns the callers that jobs act for: who they are is stored, what they may is looked up. */

import { present } from '../../base/assert.ts'
import type { Database } from '../../database/database.ts'
import type { JobCaller } from '../../effects/jobs/job.ts'
import type { LogicRun } from '../../engine/logic/transaction.ts'

/** Whose rules the logic of a job obeys. */
export type Caller = LogicRun['caller']

const usersText = `select id, array_to_json(roles), guest from identity."user"
  where id = any($1::uuid[]) and not suspended and erased_at is null`

const servicesText = `select id, array_to_json(roles), false from identity.service_identity
  where id = any($1::uuid[])`

/**
 * The callers of jobs as they are now, in the same order. A user who was suspended or deleted since
 * has no roles: what was started in their name goes on, with no more rights than anybody has.
 */
export async function callersOf(
  database: Database,
  callers: readonly JobCaller[],
): Promise<readonly Caller[]> {
  const held = await heldBy(database, callers)
  return callers.map((caller): Caller => {
    if (caller.is === 'anonymous' || caller.is === 'unrestricted') return caller
    const { roles: names = [], guest = false } = held.get(caller.id) ?? {}
    const roles = new Set(names)
    if (caller.is === 'service') {
      const via = { sort: 'service', id: caller.id, scopes: undefined } as const
      return { ...caller, roles, via }
    }
    const { id, impersonator, via } = caller
    // What was let through once acts for its owner, and rules still know what it came by.
    const came = via && { via: { ...via, scopes: undefined } }
    return { is: 'user', id, impersonator, ...came, roles, ...(guest ? { guest } : {}) }
  })
}

/** The caller of one job as it is now. */
export async function callerOf(database: Database, caller: JobCaller): Promise<Caller> {
  const [found] = await callersOf(database, [caller])
  return present(found, 'the caller of a job')
}

/** False for who was suspended or deleted since: what only they wanted is not done. */
export async function isStillThere(database: Database, caller: JobCaller): Promise<boolean> {
  if (caller.is === 'anonymous' || caller.is === 'unrestricted') return true
  return (await heldBy(database, [caller])).has(caller.id)
}

interface Standing {
  readonly roles: readonly string[]
  readonly guest: boolean
}

type Held = ReadonlyMap<string, Standing>

/** The roles of those callers who are still there, by id. */
async function heldBy(database: Database, callers: readonly JobCaller[]): Promise<Held> {
  const found = new Map<string, Standing>()
  for (const is of ['user', 'service'] as const) {
    const ids = new Set(callers.flatMap((one) => (one.is === is ? [one.id] : [])))
    if (ids.size === 0) continue
    for (const [id, held] of await rolesOf(database, is, [...ids])) found.set(id, held)
  }
  return found
}

async function rolesOf(
  database: Database,
  is: 'user' | 'service',
  ids: readonly string[],
): Promise<Held> {
  const { rows } = await database.query({
    name: `plinth_job_callers_${is}`,
    text: is === 'user' ? usersText : servicesText,
    repeatable: true,
    values: [ids],
  })
  return new Map(
    rows.map(([id, roles, guest]) => [
      id ?? '',
      { roles: JSON.parse(roles ?? '[]') as string[], guest: guest === 't' },
    ]),
  )
}
