/** Owns the organisations of random worlds: who is a member, as what, and where somebody works. */

import type { Expression, Operand } from '../../../packages/plinth/src/define/expression.ts'
import { either } from '../../../packages/plinth/src/define/expression.ts'
import type { Asker, Row } from '../rules.ts'
import type { Draw } from './draw.ts'

/** The users of every world, and its organisations: some of their ids are the same. */
export const userIds = [0, 1, 2].map(
  (number) => `01900000-0000-7000-8000-9${String(number).padStart(11, '0')}`,
)

/** The organisations of every world with tenants. */
export const organisationIds = userIds.slice(0, 2)

/** The roles of organisations, with what they bring. */
export const placeRoles = { lead: ['cut'], member: [] } as const

interface Membership {
  readonly id: string
  readonly user: number
  readonly organisation: number
  readonly role: 'owner' | 'lead' | 'member'
}

/** Who is a member of what: one of them of both. */
export const memberships: readonly Membership[] = [
  { user: 0, organisation: 0, role: 'owner' } as const,
  { user: 0, organisation: 1, role: 'member' } as const,
  { user: 1, organisation: 1, role: 'lead' } as const,
  { user: 2, organisation: 0, role: 'member' } as const,
].map((one, at) => ({ ...one, id: `01900000-0000-7000-8000-8${String(at).padStart(11, '0')}` }))

/** The organisation of the record of an id: they take turns. */
export function organisationOf(id: unknown): string {
  return organisationIds[Number(String(id).slice(-1)) % 2] ?? ''
}

const base = { createdAt: '2026-01-01T00:00:00Z', updatedAt: '2026-01-01T00:00:00Z', version: 1 }

/** Organisations and memberships, as they are stored. */
export const placeRows: ReadonlyMap<string, readonly Row[]> = new Map<string, readonly Row[]>([
  [
    'organisation',
    organisationIds.map((id, at) => ({ id, ...base, name: 'ab'[at], slug: `slug-${at}` })),
  ],
  [
    'membership',
    memberships.map(({ id, user, organisation, role }) => ({
      ...{ id, ...base, role, organisationId: organisationIds[organisation] },
      userId: userIds[user],
    })),
  ],
])

/** Where somebody works, and by what they came. */
export type Placed = Pick<Asker, 'organisation' | 'bound'>

/** The place of a user in an organisation, by their numbers; by a key of it, or by a session. */
export function placedIn(user: number, organisation: number, bound: boolean): Placed {
  const found = memberships.find((one) => one.user === user && one.organisation === organisation)
  const id = organisationIds[organisation]
  if (!found || id === undefined) return {}
  const permissions = new Set(found.role === 'member' ? [] : ['cut'])
  return { organisation: { id, role: found.role, permissions }, bound }
}

/** A place, or none. */
export function drawPlace(draw: Draw, id: string | null): Placed {
  const user = userIds.indexOf(id ?? '')
  if (user < 0 || draw.chance(15)) return {}
  const { organisation } = draw.pick(memberships.filter((one) => one.user === user))
  return placedIn(user, organisation, draw.chance(40))
}

/** Where a row that a rule speaks of has its organisation. */
interface Whose {
  readonly path: readonly string[]
  readonly scope: number
}

/** A rule of somebody's place; of a row's organisation where it has one. */
export function placeRule(draw: Draw, whose?: Whose): Expression {
  const may: Expression = { type: 'permission', permission: 'cut' }
  const right: Operand = { from: 'me', name: 'organisation' }
  switch (draw.integer(0, whose ? 4 : 2)) {
    case 0:
      return { type: 'via', sort: 'key' }
    case 1:
      return { type: 'isNull', operand: right }
    case 3: {
      const roles = draw.chance(50) ? ['owner', 'lead'] : []
      const organisation: Operand = { from: 'row', scope: 0, path: [], ...whose }
      return either([{ type: 'memberOf', organisation, roles }, may])
    }
    case 4: {
      const left: Operand = { from: 'row', scope: 0, path: [], ...whose }
      return { type: 'compare', operator: 'eq', left, right }
    }
    default:
      return may
  }
}
