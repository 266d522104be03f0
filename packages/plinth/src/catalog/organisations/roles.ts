/** Owns the roles of an app's organisations, compiled: what each of them may. */

import { type OrganisationsSpec, organisationPermissions } from '../../define/organisations.ts'
import { type Mistakes, suggestion } from '../mistakes.ts'

/** The role that every organisation has somebody in, and that holds every permission. */
export const ownerRole = 'owner'

/** How an app has organisations. */
export interface Organisations {
  /** What each role may. */
  readonly roles: ReadonlyMap<string, ReadonlySet<string>>
  readonly create: 'anyone' | 'staff'
  /** True where the first role may all that the second one may: nobody gives what they lack. */
  covers(giver: string, given: string): boolean
}

const roleForm = /^[a-z][a-zA-Z0-9-]{0,49}$/
const permissionForm = /^[a-z][a-zA-Z0-9.:-]{0,99}$/

/** The organisations of an app; undefined where it has none. */
export function organisationsOf(
  spec: OrganisationsSpec | undefined,
  mistakes: Mistakes,
): Organisations | undefined {
  if (!spec) return undefined
  const roles = new Map<string, ReadonlySet<string>>()
  const everything = new Set<string>(organisationPermissions)
  for (const [role, permissions] of Object.entries(spec.roles)) {
    const place = `organisations.roles.${role}`
    if (!roleForm.test(role)) mistakes.add(place, 'a role is a word of letters, digits and -')
    for (const permission of permissions) {
      if (!permissionForm.test(permission)) {
        const form = 'a permission is a word of letters, digits, ., : and -'
        mistakes.add(place, `${JSON.stringify(permission)}: ${form}`)
      }
      everything.add(permission)
    }
    roles.set(role, new Set(permissions))
  }
  roles.set(ownerRole, everything)
  const covers = (giver: string, given: string): boolean => coversAll(roles, giver, given)
  return Object.freeze({ roles, create: spec.create ?? 'anyone', covers })
}

const none = 'the app has no organisations: say app({ organisations: { roles: { … } } })'

/** What is wrong with a rule that asks for a role in an organisation. */
export function roleProblem(known: Organisations | undefined, role: string): string | undefined {
  if (!known) return none
  if (known.roles.has(role)) return undefined
  return `organisations have no role "${role}"${suggestion(role, known.roles.keys())}`
}

/** What is wrong with a rule that asks for a permission in the active organisation. */
export function permissionProblem(
  known: Organisations | undefined,
  permission: string,
): string | undefined {
  if (!known) return none
  const all = known.roles.get(ownerRole) ?? new Set()
  if (all.has(permission)) return undefined
  const near = suggestion(permission, all)
  return `no role of organisations has the permission "${permission}"${near}`
}

/** What is wrong with whatever needs organisations, where the app has none. */
export function absenceProblem(known: Organisations | undefined): string | undefined {
  return known ? undefined : none
}

function coversAll(roles: Organisations['roles'], giver: string, given: string): boolean {
  if (given === ownerRole) return giver === ownerRole
  const held = roles.get(giver) ?? new Set()
  return [...(roles.get(given) ?? [])].every((permission) => held.has(permission))
}
