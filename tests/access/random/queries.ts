/** Owns random reads: filters, sorts, includes, fields and counts of every shape, legal or not. */

import type {
  Model,
  ModelField,
  ModelRelation,
} from '../../../packages/plinth/src/catalog/catalog.ts'
import { isKnown, isKnownRelation, type Query } from '../evaluator.ts'
import type { World } from '../rules.ts'
import type { Draw } from './draw.ts'
import { constantOf } from './values.ts'

/** What reads are drawn for: names that the asker knows, and now and then others. */
export interface Asking {
  readonly draw: Draw
  readonly world: World
  /** In how many of 100 names a hidden or missing one may be taken. */
  readonly illegal: number
  /** By model: ids of records worth asking about. Writes take many of their ids from here. */
  readonly suspects?: ReadonlyMap<string, readonly string[]>
}

type Json = Record<string, unknown>

/** A list read. */
export function drawList(asking: Asking, model: Model): Query {
  const { draw } = asking
  return {
    ...drawSelection(asking, model, 3),
    ...drawOrder(asking, model),
    ...(draw.chance(70) ? { limit: draw.integer(1, 5) } : {}),
    ...(draw.chance(30) ? { count: 'exact' } : {}),
  }
}

function drawOrder(asking: Asking, model: Model): Query {
  const { draw } = asking
  return {
    ...(draw.chance(50) ? { filter: drawFilter(asking, model, 2) } : {}),
    ...(draw.chance(60) ? { sort: drawSort(asking, model) } : {}),
  }
}

/** Fields and includes of a record. */
export function drawSelection(asking: Asking, model: Model, depth: number): Query {
  const { draw } = asking
  const fields = draw.chance(30) ? { fields: [0, 1, 2].map(() => fieldName(asking, model)) } : {}
  const relations = relationsOf(asking, model)
  if (depth === 0 || relations.length === 0 || !draw.chance(55)) return fields
  const chosen = draw.some(relations, 60).slice(0, 2)
  if (draw.chance(15)) return { ...fields, include: chosen.map(({ name }) => name) }
  const include: Json = {}
  for (const relation of chosen) include[relation.name] = drawIncluded(asking, relation, depth - 1)
  return { ...fields, include }
}

function drawIncluded(asking: Asking, relation: ModelRelation, depth: number): unknown {
  const { draw } = asking
  if (draw.chance(20)) return true
  const target = targetOf(asking, relation)
  const inner = drawSelection(asking, target, depth)
  if (!relation.many) return inner
  const limit = draw.chance(50) ? { limit: draw.integer(1, 4) } : {}
  return { ...inner, ...drawOrder(asking, target), ...limit }
}

function drawSort(asking: Asking, model: Model): string[] {
  const { draw } = asking
  return Array.from({ length: draw.integer(1, 3) }, () => {
    const path = sortPath(asking, model)
    return draw.chance(50) ? path : `-${path}`
  })
}

function sortPath(asking: Asking, model: Model): string {
  const ones = relationsOf(asking, model).filter(({ many }) => !many)
  if (ones.length > 0 && asking.draw.chance(25)) {
    const relation = asking.draw.pick(ones)
    return `${relation.name}.${sortPath(asking, targetOf(asking, relation))}`
      .split('.')
      .slice(-3)
      .join('.')
      .replace(/^.*$/, (path) => (pathFits(asking, model, path) ? path : 'id'))
  }
  return fieldName(asking, model, ({ kind }) => kind.sortable)
}

function pathFits(asking: Asking, model: Model, path: string): boolean {
  const [head = '', ...rest] = path.split('.')
  if (rest.length === 0) return model.fields.has(head)
  const relation = model.relations.get(head)
  return relation !== undefined && pathFits(asking, targetOf(asking, relation), rest.join('.'))
}

/** A filter, nested at most so deep. */
export function drawFilter(asking: Asking, model: Model, depth: number): Json {
  const { draw } = asking
  const inner = (): Json => drawFilter(asking, model, depth - 1)
  switch (depth > 0 ? draw.integer(0, 7) : 0) {
    case 4:
      return { or: [inner(), inner()] }
    case 5:
      return { and: [inner(), inner()] }
    case 6:
      return { not: inner() }
    case 7:
    case 3:
      return relatedFilter(asking, model, depth - 1)
    case 2:
      return { ...condition(asking, model), ...condition(asking, model) }
    default:
      return condition(asking, model)
  }
}

function relatedFilter(asking: Asking, model: Model, depth: number): Json {
  const { draw } = asking
  const relations = relationsOf(asking, model)
  if (relations.length === 0) return condition(asking, model)
  const relation = draw.pick(relations)
  const where = drawFilter(asking, targetOf(asking, relation), depth)
  if (relation.many) {
    return { [relation.name]: { [draw.pick(['some', 'every', 'none'])]: where } }
  }
  const [key] = Object.keys(where)
  const dotted = key !== undefined && !['and', 'or', 'not'].includes(key) && draw.chance(50)
  return dotted ? { [`${relation.name}.${key}`]: where[key] } : { [relation.name]: where }
}

function condition(asking: Asking, model: Model): Json {
  const { draw } = asking
  const name = fieldName(asking, model)
  const field = model.fields.get(name)
  if (!field || field.role === 'deletedAt') return { [name]: { isNull: true } }
  return { [name]: comparison(draw, field) }
}

function comparison(draw: Draw, { kind }: ModelField): unknown {
  const operator = draw.pick(kind.operators)
  const value = (): unknown => constantOf(draw, kind)
  switch (operator) {
    case 'isNull':
      return { isNull: draw.chance(50) }
    case 'in':
    case 'notIn':
      return { [operator]: [value(), value()].slice(draw.integer(0, 2)) }
    case 'has':
      return { has: draw.pick(['a', 'b', 'A']) }
    case 'eq':
      return draw.pick([{ eq: value() }, value(), { eq: null }, null])
    default:
      return { [operator]: value() }
  }
}

const missing = ['nothing', 'deletedAt', 'naem', 'constructor2']

function fieldName(
  { draw, world, illegal }: Asking,
  model: Model,
  fits: (field: ModelField) => boolean = () => true,
): string {
  const all = [...model.fields.values()].filter(fits).map(({ name }) => name)
  if (draw.chance(illegal)) return draw.pick([...all, ...missing])
  return draw.pick(all.filter((name) => isKnown(world, model, name)))
}

function relationsOf({ draw, world, illegal }: Asking, model: Model): readonly ModelRelation[] {
  // Of accounts, organisations and memberships alone have rows here.
  const all = [...model.relations.values()].filter(({ target }) => world.rows.has(target))
  return draw.chance(illegal)
    ? all
    : all.filter((relation) => isKnownRelation(world, model, relation))
}

function targetOf({ world }: Asking, relation: ModelRelation): Model {
  const target = world.catalog.models.get(relation.target)
  if (!target) throw new Error(`${relation.target} is a model`)
  return target
}
