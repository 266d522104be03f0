/** Owns the callers that jobs act for: who they are is stored, what they may is looked up. */

import { present } from '../../base/assert.ts'
import type { Database } from '../../database/database.ts'
import type { JobCaller } from '../../effects/jobs/job.ts'
import type { LogicRun } from '../../engine/logic/transaction.ts'

/** Whose rules the logic of a job obeys. */
export type Caller = LogicRun['caller']

const rolesText = `select id, array_to_json(roles) from identity."user"
  where id = any($1::uuid[]) and not suspended`

/**
 * The callers of jobs as they are now, in the same order. A user who was suspended or deleted since
 * has no roles: what was started in their name goes on, with no more rights than anybody has.
 */
export async function callersOf(
  database: Database,
  callers: readonly JobCaller[],
): Promise<readonly Caller[]> {
  const ids = callers.flatMap((caller) => (caller.is === 'user' ? [caller.id] : []))
  const roles = ids.length === 0 ? new Map() : await rolesOf(database, [...new Set(ids)])
  return callers.map((caller): Caller => {
    if (caller.is !== 'user') return caller
    const { id, impersonator } = caller
    return { is: 'user', id, impersonator, roles: new Set(roles.get(id) ?? []) }
  })
}

/** The caller of one job as it is now. */
export async function callerOf(database: Database, caller: JobCaller): Promise<Caller> {
  const [found] = await callersOf(database, [caller])
  return present(found, 'the caller of a job')
}

/** False for a user who was suspended or deleted since: what only they wanted is not done. */
export async function isStillThere(database: Database, caller: JobCaller): Promise<boolean> {
  return caller.is !== 'user' || (await rolesOf(database, [caller.id])).has(caller.id)
}

async function rolesOf(
  database: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await database.query({
    name: 'plinth_job_callers',
    text: rolesText,
    repeatable: true,
    values: [ids],
  })
  return new Map(rows.map(([id, roles]) => [id ?? '', JSON.parse(roles ?? '[]') as string[]]))
}
