/** Owns random declarations: models, relations of every type, rules over rows, callers, others. */

import type { Expression } from '../../../packages/plinth/src/define/expression.ts'
import { either } from '../../../packages/plinth/src/define/expression.ts'
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
import {
  always,
  callerRule,
  drawRule,
  type Fields,
  lastingRule,
  type Making,
  type Sketch,
  tameRule,
  type Wildness,
} from './conditions.ts'
import type { Draw } from './draw.ts'
import { placeRule } from './places.ts'

const names = ['ant', 'bee', 'cow', 'dog'] as const

/** A kit of 2 to 4 models and the join model between the first two. */
export function drawKit(draw: Draw, wildness: Wildness): AnyKit {
  const count = draw.integer(2, 4)
  const sketches = names
    .slice(0, count)
    .map((name) => drawFields(draw, name, drawTenant(draw, wildness)))
  for (const from of sketches) for (const to of sketches) relate({ draw, wildness }, from, to)
  const [first, second] = sketches
  if (first && second && draw.chance(60))
    sketches.push(joinModel({ draw, wildness }, first, second))
  const bySketch = new Map(sketches.map((sketch) => [sketch.name, sketch]))
  const models = Object.fromEntries(
    sketches.map((sketch) => [
      sketch.name,
      drawModel({ draw, sketches: bySketch, wildness }, sketch),
    ]),
  )
  return { is: 'kit', name: 'wild', uses: [], models, extends: {}, logic: [] }
}

/** Most models of such a world are tenants': the more they refer to each other, the better. */
function drawTenant(draw: Draw, { tenants }: Wildness): boolean {
  return tenants === true && draw.chance(70)
}

function drawFields(draw: Draw, name: string, tenant: boolean): Sketch {
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
    ...{ name, tenant },
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
  // What belongs to no organisation refers to nothing of one, and has no one record of each.
  const apart = to.tenant && !from.tenant
  if (!apart && draw.chance(from === to ? 25 : 55)) {
    const unique = draw.chance(30) && from.tenant === to.tenant
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

function joinModel(
  { draw, wildness }: Pick<Making, 'draw' | 'wildness'>,
  one: Sketch,
  two: Sketch,
): Sketch {
  one.fields[`${two.name}Via`] = manyToMany(two.name, { through: 'link' })
  one.many.set(`${two.name}Via`, two.name)
  const tenant = one.tenant || two.tenant || drawTenant(draw, wildness)
  const sketch = drawFields(draw, 'link', tenant)
  sketch.fields.left = belongsTo(one.name, { onDelete: 'cascade' })
  sketch.fields.right = belongsTo(two.name, { onDelete: 'cascade' })
  sketch.ones.set('left', one.name).set('right', two.name)
  return sketch
}

function drawModel(making: Making, sketch: Sketch): AnyModelSpec {
  const { draw, wildness } = making
  const tame = (): Expression =>
    wildness.tenants && draw.chance(20) ? placeRule(draw) : tameRule(draw)
  const rules = (depth: number): Expression =>
    wildness.tame ? tame() : drawRule({ ...making, at: sketch, scope: 0, depth })
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
    ...(sketch.tenant ? { tenant: true } : {}),
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
    // Who deletes a record is told who let go of it: by a new version (a known exception).
    if (tame && 'target' in member) return []
    return [member.is === 'belongsTo' ? `${name}Id` : name]
  })
}

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
