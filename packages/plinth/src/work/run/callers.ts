/** Owns the callers that jobs act for: who they are is stored, what they may is looked up. */

import { present } from '../../base/assert.ts'
import type { Database } from '../../database/database.ts'
import type { JobCaller } from '../../effects/jobs/job.ts'
import { livingOrganisations } from '../../engine/identify/services/organisations.ts'
import type { LogicRun } from '../../engine/logic/transaction.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { endedKeys } from './ended.ts'

/** Whose rules the logic of a job obeys. */
export type Caller = LogicRun['caller']

// Of whoever has left the organisation since, or lost it, no role comes back.
const usersText = `select u.id, array_to_json(u.roles), u.guest, m.organisation_id, m.role
  from unnest($1::uuid[], $2::uuid[]) as c(id, organisation_id)
    join identity."user" u on u.id = c.id
    left join identity.membership m
      on m.organisation_id = c.organisation_id and m.user_id = c.id
  where not u.suspended and u.erased_at is null`

/** What callers are looked up in. */
export type CallerParts = Pick<Runtime, 'database' | 'catalog'>

/**
 * The callers of jobs as they are now, in the same order. A user who was suspended or deleted since
 * has no roles, and neither has who came with a key that was ended: what was started in their name
 * goes on, with no more rights than anybody has.
 */
export async function callersOf(
  { database, catalog }: CallerParts,
  callers: readonly JobCaller[],
): Promise<readonly Caller[]> {
  const [held, ended, living] = await Promise.all([
    heldBy(database, callers),
    endedKeys(database, callers),
    livingOrganisations(database, callers.flatMap(servedBy)),
  ])
  return callers.map((caller): Caller => {
    if (caller.is === 'anonymous') return caller
    if (caller.is === 'unrestricted') return codeOf(caller)
    if (caller.is === 'service') return serviceOf(catalog, caller, living)
    const { id, impersonator, via, organisation: begunIn } = caller
    const standing = ended.has(via?.id ?? '') ? undefined : held.get(keyOf(caller))
    const { roles: names = [], guest = false, organisation } = standing ?? {}
    const works = organisation && { organisation }
    // What was let through once acts for its owner, and rules still know what it came by; what was
    // bound to an organisation stays so, whether its owner is a member by now or not.
    const came = via && { via: { ...via, scopes: undefined, organisation: begunIn } }
    const roles = new Set(names)
    return { is: 'user', id, impersonator, ...came, roles, ...works, ...(guest ? { guest } : {}) }
  })
}

type Serving = Extract<JobCaller, { readonly is: 'service' }>

function servedBy(caller: JobCaller): readonly string[] {
  return caller.is === 'service' && caller.organisation ? [caller.organisation] : []
}

/** A service works where it was when it began, as long as that is there and it may. */
function serviceOf(
  { services }: CallerParts['catalog'],
  { is, id, name, organisation: begunIn }: Serving,
  living: ReadonlySet<string>,
): Caller {
  const { roles = new Set<string>(), organisationRole: role } = services.get(name) ?? {}
  const via = { sort: 'service', id, scopes: undefined, organisation: begunIn } as const
  const works = begunIn !== undefined && role !== undefined && living.has(begunIn)
  return { is, id, name, roles, via, ...(works ? { organisation: { id: begunIn, role } } : {}) }
}

/** Code keeps to the organisation of whoever began it, in no role. */
function codeOf({ reason, organisation }: JobCaller & { readonly is: 'unrestricted' }): Caller {
  const works = organisation === undefined ? {} : { organisation: { id: organisation, role: '' } }
  return { is: 'unrestricted', reason, ...works }
}

function keyOf({ id, organisation = '' }: Named): string {
  return `${id} ${organisation}`
}

type Named = Extract<JobCaller, { readonly is: 'user' }>

/** The caller of one job as it is now. */
export async function callerOf(parts: CallerParts, caller: JobCaller): Promise<Caller> {
  const [found] = await callersOf(parts, [caller])
  return present(found, 'the caller of a job')
}

/**
 * False for who was suspended or deleted since, be it the user or the staff who acted as them, and
 * for a service that is declared no more: what only they wanted is not done.
 */
export async function isStillThere(
  { database, catalog }: CallerParts,
  caller: JobCaller,
): Promise<boolean> {
  if (caller.is === 'anonymous' || caller.is === 'unrestricted') return true
  if (caller.is === 'service') return catalog.services.has(caller.name)
  const { impersonator } = caller
  const staff: readonly Named[] = impersonator ? [{ is: 'user', id: impersonator }] : []
  const wanted = [caller, ...staff]
  const held = await heldBy(database, wanted)
  return wanted.every((one) => held.has(keyOf(one)))
}

interface Standing {
  readonly roles: readonly string[]
  readonly guest: boolean
  readonly organisation: Extract<Caller, { readonly is: 'user' }>['organisation']
}

/** What those users are who are still there, by `keyOf`. */
async function heldBy(
  database: Database,
  callers: readonly JobCaller[],
): Promise<ReadonlyMap<string, Standing>> {
  const asked = new Map<string, Named>()
  for (const one of callers) if (one.is === 'user') asked.set(keyOf(one), one)
  if (asked.size === 0) return new Map()
  const found = await standings(database, [...asked.values()])
  // Who is no member any more is still there, and works in no organisation.
  for (const [key, { id }] of asked) {
    const alone = found.get(`${id} `)
    if (alone && !found.has(key)) found.set(key, alone)
  }
  return found
}

async function standings(
  database: Database,
  asked: readonly Named[],
): Promise<Map<string, Standing>> {
  const ids = asked.map(({ id }) => id)
  const organisations = asked.map(({ organisation = null }) => organisation)
  const { rows } = await database.query({
    name: 'plinth_job_callers_user',
    text: usersText,
    repeatable: true,
    values: [ids, organisations],
  })
  return new Map(
    rows.map(([id, roles, guest, organisationId, role]) => [
      `${id} ${organisationId ?? ''}`,
      {
        ...{ roles: JSON.parse(roles ?? '[]') as string[], guest: guest === 't' },
        organisation: organisationId ? { id: organisationId, role: role ?? '' } : undefined,
      },
    ]),
  )
}
