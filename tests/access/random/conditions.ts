/** Owns random rules: over rows, their relations, callers, what is sent, and the row before. */

import type { Expression, Operand } from '../../../packages/plinth/src/define/expression.ts'
import {
  beforeScope,
  both,
  either,
  negate,
} from '../../../packages/plinth/src/define/expression.ts'
import type { AnyModelSpec } from '../../../packages/plinth/src/define/kit.ts'
import type { Asker } from '../rules.ts'
import type { Draw } from './draw.ts'
import { drawPlace, placeRule } from './places.ts'
import { constantOf, nowText, roles, userIds } from './values.ts'

/** How wild a declaration may be. */
export interface Wildness {
  /**
   * True: rules of records ask of the caller and of the row's own `owner`, `name` and `size` alone,
   * which are never hidden where the row is not; rules of fields of what no write changes. Then no
   * write can make a rule tell, or show, what was hidden, and no deletion reaches further than its
   * record and its links.
   */
  readonly tame: boolean
  /** True: rules of writes also ask what was sent, and of the row before and after it. */
  readonly writes?: boolean
  /** True: models of tenants are among them, and rules ask where the caller works. */
  readonly tenants?: boolean
}

/** The members of a model under construction. */
export type Fields = Record<string, AnyModelSpec['fields'][string]>

/** A model under construction. */
export interface Sketch {
  readonly name: string
  /** True: its records belong to one organisation each. */
  readonly tenant: boolean
  readonly fields: Fields
  /** To-one relations: name → model. */
  readonly ones: Map<string, string>
  /** To-many relations: name → model. */
  readonly many: Map<string, string>
}

/** What the parts of a declaration are drawn from. */
export interface Making {
  readonly draw: Draw
  readonly sketches: ReadonlyMap<string, Sketch>
  readonly wildness: Wildness
}

/** The rule that always holds. */
export const always: Expression = { type: 'constant', value: true }

/** Where a rule is drawn for. */
export interface Ruling extends Making {
  readonly at: Sketch
  readonly scope: number
  readonly depth: number
  /** In rules of writes: the model written, and whether its row before is known. */
  readonly writing?: { readonly sketch: Sketch; readonly knowsBefore: boolean }
}

let scopes = 0

/** A random rule. */
export function drawRule(ruling: Ruling): Expression {
  const { draw, depth } = ruling
  if (depth <= 0) return leaf(ruling)
  const inner = (): Expression => drawRule({ ...ruling, depth: depth - 1 })
  switch (draw.integer(0, 5)) {
    case 0:
      return both([inner(), inner()])
    case 1:
    case 2:
      return either([inner(), inner()])
    case 3:
      return negate(inner())
    case 4:
      return quantified(ruling) ?? leaf(ruling)
    default:
      return leaf(ruling)
  }
}

function leaf(ruling: Ruling): Expression {
  const { draw } = ruling
  if (draw.chance(30)) return callerRule(draw)
  if (ruling.writing && draw.chance(30)) return changeRule(draw, ruling.writing)
  const place = hop(ruling)
  if (ruling.wildness.tenants && draw.chance(25)) {
    if (!place.at.tenant) return placeRule(draw)
    return placeRule(draw, { path: [...place.hops, 'organisationId'], scope: rootOf(ruling) })
  }
  const { fields } = place.at
  const scope = rootOf(ruling)
  const row = (name: string): Operand => ({
    from: 'row',
    scope,
    path: [...place.hops, name],
  })
  const plain = Object.keys(fields).filter((name) => !('target' in (fields[name] ?? {})))
  const name = draw.pick(plain)
  const field = fields[name]
  if (name === 'owner') {
    return { type: 'compare', operator: 'eq', left: row(name), right: { from: 'me', name: 'id' } }
  }
  const isOpaque = field && 'kind' in field && !field.kind.operators.includes('eq')
  if (!field || !('kind' in field) || isOpaque || draw.chance(15)) {
    return { type: 'isNull', operand: row(name) }
  }
  if (name === 'open' && draw.chance(60)) return { type: 'truth', operand: row(name) }
  const constant = (): Operand => ({ from: 'value', value: constantOf(draw, field.kind) })
  const operators = field.kind.operators
  if (operators.includes('has')) {
    return { type: 'compare', operator: 'has', left: row(name), right: itemOf(draw) }
  }
  if (draw.chance(20)) {
    return { type: 'oneOf', operand: row(name), values: [constant(), constant()] }
  }
  const usable = (
    ['eq', 'ne', 'lt', 'lte', 'gt', 'gte', 'contains', 'startsWith', 'endsWith'] as const
  ).filter((each) => operators.includes(each))
  const left = name === 'code' && draw.chance(30) ? coalesced(row(name)) : row(name)
  return { type: 'compare', operator: draw.pick(usable), left, right: constant() }
}

/** The row that a path starts at: now and then the one before instead of the one after. */
function rootOf({ draw, scope, writing }: Ruling): number {
  return scope === 0 && writing?.knowsBefore && draw.chance(35) ? beforeScope : scope
}

/** A rule about what was sent, or about what became of it. */
function changeRule(draw: Draw, { knowsBefore }: NonNullable<Ruling['writing']>): Expression {
  const field = draw.pick(['name', 'size', 'owner'])
  if (draw.chance(30)) return { type: 'given', field }
  const row: Operand = { from: 'row', scope: 0, path: [field] }
  const sent: Operand = { from: 'input', field }
  const before: Operand = { from: 'row', scope: beforeScope, path: [field] }
  const left = draw.pick(knowsBefore ? [sent, before] : [sent])
  const operator = field === 'owner' ? 'eq' : draw.pick(['eq', 'ne', 'lte', 'gt'] as const)
  return { type: 'compare', operator, left, right: row }
}

function itemOf(draw: Draw): Operand {
  return { from: 'value', value: draw.pick(['a', 'b', 'A']) }
}

function coalesced(operand: Operand): Operand {
  const none: Operand = { from: 'value', value: 'a' }
  return { from: 'compute', operator: 'coalesce', operands: [operand, none] }
}

/** The row itself, or a row one or two to-one relations away. */
function hop({ draw, at, sketches }: Ruling): { at: Sketch; hops: readonly string[] } {
  const hops: string[] = []
  let place = at
  while (hops.length < 2 && place.ones.size > 0 && draw.chance(25)) {
    const [name, target] = draw.pick([...place.ones])
    const next = sketches.get(target)
    if (!next) break
    hops.push(name)
    place = next
  }
  return { at: place, hops }
}

function quantified(ruling: Ruling): Expression | undefined {
  const { draw, sketches, depth } = ruling
  const place = hop(ruling)
  if (place.at.many.size === 0) return undefined
  const [name, target] = draw.pick([...place.at.many])
  const at = sketches.get(target)
  if (!at) return undefined
  scopes += 1
  const scope = scopes
  return {
    type: 'quantifier',
    quantifier: draw.pick(['some', 'every', 'none'] as const),
    of: { from: 'row', scope: rootOf(ruling), path: [...place.hops, name] },
    scope,
    where: drawRule({ ...ruling, at, scope, depth: depth - 1 }),
  }
}

/** How surely somebody is who they say, and since when. */
export function drawProof(draw: Draw): Pick<Asker, 'assurance' | 'provedMinutesAgo'> {
  return { assurance: draw.pick([1, 2]), provedMinutesAgo: draw.pick([0, 5, 30, 600]) }
}

/** Anybody: no user, a user of no role, of some, or one that owns nothing. */
export function drawAsker(draw: Draw, tenants = false): Asker {
  const id = draw.chance(25) ? null : draw.pick(userIds)
  const held = new Set(id === null ? [] : draw.some([...roles, 'unheard']))
  const placed = tenants ? drawPlace(draw, id) : {}
  return { id, roles: held, now: nowText, ...drawProof(draw), ...placed }
}

/** A rule that the caller alone decides. */
export function callerRule(draw: Draw): Expression {
  const role = (): Expression => ({ type: 'role', role: draw.pick(roles) })
  switch (draw.integer(0, 7)) {
    case 6:
      return { type: 'assurance', atLeast: draw.pick([1, 2]) }
    case 7:
      return { type: 'proved', withinMinutes: draw.pick([1, 5, 60]) }
    case 0:
      return { type: 'signedIn' }
    case 1:
      return negate(role())
    case 2:
      return either([role(), role()])
    case 3:
      return { type: 'constant', value: draw.chance(50) }
    default:
      return role()
  }
}

/** A rule over what no write can make tell. */
export function tameRule(draw: Draw): Expression {
  const row = (name: string): Operand => ({ from: 'row', scope: 0, path: [name] })
  const compare = (
    operator: 'eq' | 'gt' | 'ne',
    [left, right]: readonly [Operand, Operand],
  ): Expression => ({ type: 'compare', operator, left, right })
  const own = compare('eq', [row('owner'), { from: 'me', name: 'id' }])
  const positive = compare('gt', [row('size'), { from: 'value', value: draw.integer(-1, 1) }])
  const named = compare(draw.pick(['eq', 'ne']), [row('name'), { from: 'value', value: 'a' }])
  const one = (): Expression => draw.pick([own, positive, named, callerRule(draw), always])
  return draw.pick([either([one(), one()]), both([one(), one()]), one(), negate(one())])
}

/** A rule whose answer for a record no write changes, so that none opens a hidden field. */
export function lastingRule(draw: Draw): Expression {
  const created: Operand = { from: 'row', scope: 0, path: ['createdAt'] }
  const second: Operand = { from: 'value', value: `2026-01-01T00:00:0${draw.integer(0, 4)}Z` }
  const later: Expression = { type: 'compare', operator: 'gt', left: created, right: second }
  const other = callerRule(draw)
  return draw.pick([later, negate(later), either([later, other]), both([negate(later), other])])
}
