/** Owns random declarations: models, relations of every type, rules over rows, callers, others. */

import type { Expression, Operand } from '../../../packages/plinth/src/define/expression.ts'
import {
  beforeScope,
  both,
  either,
  negate,
} from '../../../packages/plinth/src/define/expression.ts'
import { computed } from '../../../packages/plinth/src/define/field.ts'
import {
  bigint,
  binary,
  boolean,
  choice,
  date,
  decimal,
  duration,
  integer,
  json,
  list,
  money,
  text,
  uuid,
} from '../../../packages/plinth/src/define/fields.ts'
import type { AnyKit, AnyModelSpec } from '../../../packages/plinth/src/define/kit.ts'
import {
  belongsTo,
  hasMany,
  hasOne,
  manyToMany,
} from '../../../packages/plinth/src/define/relation.ts'
import { rule } from '../../../packages/plinth/src/define/rule.ts'
import type { Draw } from './draw.ts'
import { constantOf, roles } from './values.ts'

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
}

type Fields = Record<string, AnyModelSpec['fields'][string]>

interface Sketch {
  readonly name: string
  readonly fields: Fields
  /** To-one relations: name → model. */
  readonly ones: Map<string, string>
  /** To-many relations: name → model. */
  readonly many: Map<string, string>
}

const names = ['ant', 'bee', 'cow', 'dog'] as const

/** A kit of 2 to 4 models and the join model between the first two. */
export function drawKit(draw: Draw, wildness: Wildness): AnyKit {
  const count = draw.integer(2, 4)
  const sketches = names.slice(0, count).map((name) => drawFields(draw, name))
  for (const from of sketches) for (const to of sketches) relate({ draw, wildness }, from, to)
  const [first, second] = sketches
  if (first && second && draw.chance(60)) sketches.push(joinModel(draw, first, second))
  const bySketch = new Map(sketches.map((sketch) => [sketch.name, sketch]))
  const models = Object.fromEntries(
    sketches.map((sketch) => [
      sketch.name,
      drawModel({ draw, sketches: bySketch, wildness }, sketch),
    ]),
  )
  return { is: 'kit', name: 'wild', uses: [], models, extends: {}, logic: [] }
}

function drawFields(draw: Draw, name: string): Sketch {
  const optional = (): boolean => draw.chance(50)
  const pool: Fields = {
    code: text({ max: 20, optional: optional() }),
    rank: integer({ optional: optional() }),
    open: boolean({ optional: optional() }),
    state: choice(['gone', 'new', 'old'], { optional: optional() }),
    price: money('GBP', { optional: optional() }),
    day: date({ optional: optional() }),
    large: bigint({ optional: optional() }),
    exact: decimal({ scale: 2, optional: optional() }),
    length: duration({ optional: optional() }),
    notes: json({ optional: optional() }),
    bytes: binary({ optional: optional() }),
    tags: list(text({ max: 20 }), { optional: optional() }),
    label: computed(text({ max: 60 })),
    sum: computed(integer({ optional: true })),
  }
  const chosen = Object.entries(pool).filter(() => draw.chance(70))
  const always: Fields = {
    name: text({ max: 20 }),
    size: integer(),
    owner: uuid({ optional: true }),
  }
  return {
    name,
    fields: { ...always, ...Object.fromEntries(chosen) },
    ones: new Map(),
    many: new Map(),
  }
}

/** Relations from one model to another, seen from both sides; a model may refer to itself. */
function relate(
  { draw, wildness }: Pick<Making, 'draw' | 'wildness'>,
  from: Sketch,
  to: Sketch,
): void {
  const near = `${to.name}Near`
  if (draw.chance(from === to ? 25 : 55)) {
    const unique = draw.chance(30)
    const optional = wildness.tame || unique || from === to || draw.chance(50)
    from.fields[near] = belongsTo(to.name, {
      optional,
      unique,
      onDelete: optional ? 'clear' : 'cascade',
    })
    from.ones.set(near, to.name)
    const back = `${from.name}${unique ? 'One' : 'List'}`
    to.fields[back] = unique ? hasOne(from.name, { by: near }) : hasMany(from.name, { by: near })
    ;(unique ? to.ones : to.many).set(back, from.name)
  }
  if (from.name < to.name && draw.chance(50)) {
    from.fields[`${to.name}Pool`] = manyToMany(to.name)
    to.fields[`${from.name}Pool`] = manyToMany(from.name)
    from.many.set(`${to.name}Pool`, to.name)
    to.many.set(`${from.name}Pool`, from.name)
  }
}

function joinModel(draw: Draw, one: Sketch, two: Sketch): Sketch {
  one.fields[`${two.name}Via`] = manyToMany(two.name, { through: 'link' })
  one.many.set(`${two.name}Via`, two.name)
  const sketch = drawFields(draw, 'link')
  sketch.fields.left = belongsTo(one.name, { onDelete: 'cascade' })
  sketch.fields.right = belongsTo(two.name, { onDelete: 'cascade' })
  sketch.ones.set('left', one.name).set('right', two.name)
  return sketch
}

interface Making {
  readonly draw: Draw
  readonly sketches: ReadonlyMap<string, Sketch>
  readonly wildness: Wildness
}

function drawModel(making: Making, sketch: Sketch): AnyModelSpec {
  const { draw, wildness } = making
  const rules = (depth: number): Expression =>
    wildness.tame ? tameRule(draw) : drawRule({ ...making, at: sketch, scope: 0, depth })
  const writing = (knowsBefore: boolean): Expression =>
    wildness.writes
      ? drawRule({ ...making, at: sketch, scope: 0, depth: 2, writing: { knowsBefore, sketch } })
      : rules(2)
  const hiding = (): Expression => (wildness.tame ? lastingRule(draw) : rules(2))
  const [narrow, wide] = [rules(3), either([rules(2), rules(3)])]
  const read = draw.chance(25) ? always : draw.pick([wide, narrow])
  const fields = hideable(sketch, wildness)
    .filter(() => draw.chance(35))
    .map((name) => [
      name,
      {
        read: rule(draw.chance(30) ? callerRule(draw) : hiding()),
        ...(wildness.writes && draw.chance(30) ? { write: rule(rules(1)) } : {}),
      },
    ])
  return {
    fields: sketch.fields,
    access: {
      read: rule(read),
      create: rule(draw.chance(40) ? always : writing(false)),
      update: drawUpdate(making, writing),
      delete: rule(rules(2)),
      fields: Object.fromEntries(fields),
    },
    compute: formulas(draw, sketch.fields),
    softDelete: draw.chance(40),
  }
}

function drawUpdate(
  { draw, wildness }: Making,
  writing: (knowsBefore: boolean) => Expression,
): NonNullable<NonNullable<AnyModelSpec['access']>['update']> {
  if (draw.chance(40)) return rule(always)
  if (!wildness.writes || draw.chance(30)) return rule(writing(false))
  const loose = (): Expression => (draw.chance(30) ? always : writing(false))
  return { before: rule(loose()), after: rule(writing(true)) }
}

function hideable(sketch: Sketch, { tame }: Wildness): string[] {
  return Object.entries(sketch.fields).flatMap(([name, member]) => {
    if (tame && ['owner', 'name', 'size'].includes(name)) return []
    if ('target' in member && member.is !== 'belongsTo') return []
    return [member.is === 'belongsTo' ? `${name}Id` : name]
  })
}

const always: Expression = { type: 'constant', value: true }

/** What a formula can be written with. */
interface Term {
  plus(other: unknown): Term
  times(other: unknown): Term
  concat(...others: unknown[]): Term
  upper(): Term
  lower(): Term
  orElse(other: unknown): Term
}

type Formula = (scope: { row: Readonly<Record<string, Term>> }) => Term

function formulas(draw: Draw, fields: Fields): Readonly<Record<string, (scope: never) => unknown>> {
  const made: Record<string, Formula> = {}
  const [loud, twice] = [draw.chance(50), draw.chance(50)]
  const has = (name: string): boolean => Object.hasOwn(fields, name)
  if (has('label')) {
    made.label = ({ row }) => {
      const base = row.name as Term
      const whole = has('code') ? base.concat('-', (row.code as Term).orElse('?')) : base
      return loud ? whole.upper() : whole.lower()
    }
  }
  if (has('sum')) {
    made.sum = ({ row }) => {
      const whole = has('rank') ? (row.size as Term).plus(row.rank) : (row.size as Term)
      return twice ? whole.times(2) : whole
    }
  }
  return made as Readonly<Record<string, (scope: never) => unknown>>
}

// ── rules ───────────────────────────────────────────────────────────────────────────────────

interface Ruling extends Making {
  readonly at: Sketch
  readonly scope: number
  readonly depth: number
  /** In rules of writes: the model written, and whether its row before is known. */
  readonly writing?: { readonly sketch: Sketch; readonly knowsBefore: boolean }
}

let scopes = 0

function drawRule(ruling: Ruling): Expression {
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

/** A rule that the caller alone decides. */
function callerRule(draw: Draw): Expression {
  const role = (): Expression => ({ type: 'role', role: draw.pick(roles) })
  switch (draw.integer(0, 5)) {
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

function tameRule(draw: Draw): Expression {
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
function lastingRule(draw: Draw): Expression {
  const created: Operand = { from: 'row', scope: 0, path: ['createdAt'] }
  const second: Operand = { from: 'value', value: `2026-01-01T00:00:0${draw.integer(0, 4)}Z` }
  const later: Expression = { type: 'compare', operator: 'gt', left: created, right: second }
  const other = callerRule(draw)
  return draw.pick([later, negate(later), either([later, other]), both([negate(later), other])])
}
