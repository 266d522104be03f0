/** Owns the reference for reads: what a caller may be told, worked out row by row, without SQL. */

import type { Model, ModelField, ModelRelation } from '../../packages/plinth/src/catalog/catalog.ts'
import {
  compares,
  compareValues,
  ingredients,
  isAlive,
  isPlaced,
  modelOf,
  type Place,
  plain,
  type Row,
  rowsOf,
  ruleHolds,
  settled,
  unknownName,
  type World,
} from './rules.ts'

/** A read in its JSON form. */
export interface Query {
  readonly filter?: Json
  readonly sort?: readonly string[]
  readonly fields?: readonly string[]
  readonly include?: Json | readonly string[]
  readonly limit?: number
  readonly count?: 'exact'
}

type Json = Readonly<Record<string, unknown>>

/** Every record that a list is about, in order, whole; the page is a slice of it. */
export function list(world: World, model: Model, query: Query): readonly Json[] {
  const all = visibleRows(world, model)
  return select(world, { model, rows: all, options: query })
}

/** A record by id; undefined where there is none for this asker. */
export function get(
  world: World,
  model: Model,
  asked: { id: string; query: Query },
): Json | undefined {
  const rows = visibleRows(world, model).filter(({ id }) => id === asked.id)
  return select(world, { model, rows, options: asked.query })[0]
}

const visible = new WeakMap<World, Map<Model, readonly Row[]>>()

/** The rows of a model that the asker may read; a world never changes, so worked out once. */
export function visibleRows(world: World, model: Model): readonly Row[] {
  const known = visible.get(world) ?? new Map<Model, readonly Row[]>()
  visible.set(world, known)
  const rows =
    known.get(model) ?? rowsOf(world, model.name).filter((row) => isVisible(world, model, row))
  known.set(model, rows)
  return rows
}

/** A field's value as the asker sees it: null where it is hidden in this row. */
export function seen(world: World, at: Place, name: string): unknown {
  const field = at.model.fields.get(name)
  if (!field) return unknownName(name)
  return isShown(world, at, field) ? (at.row[name] ?? null) : null
}

/** Whether a field may be read in a row. A computed one needs all that it is made of. */
export function isShown(world: World, at: Place, field: ModelField): boolean {
  if (!ruleHolds(world, field.access.read, at)) return false
  return ingredients(field.computed).every((name) => {
    const other = at.model.fields.get(name)
    return other !== undefined && isShown(world, at, other)
  })
}

/** Whether a field exists for the asker at all: some row could show it. */
export function isKnown(world: World, model: Model, name: string): boolean {
  const field = model.fields.get(name)
  if (!field || field.role === 'deletedAt') return false
  if (settled(world.asker, field.access.read) === false) return false
  return ingredients(field.computed).every((each) => isKnown(world, model, each))
}

// Of accounts themselves, what a key reads all the same.
const openToKeys = new Set(['user', 'organisation', 'membership'])

/** Whether a key could be let in to a model at all: accounts are looked after in sessions. */
function isInReach({ asker }: World, { kit, name }: Model): boolean {
  return asker.bound !== true || kit !== 'identity' || openToKeys.has(name)
}

/** Whether a relation exists for the asker: its other side, and the keys that it stands on. */
export function isKnownRelation(world: World, model: Model, relation: ModelRelation): boolean {
  const target = modelOf(world, relation.target)
  if (!target.exposed || settled(world.asker, target.access.read) === false) return false
  if (!isInReach(world, target)) return false
  if (!isKnown(world, model, relation.local) || !isKnown(world, target, relation.foreign))
    return false
  const link = relation.through && modelOf(world, relation.through.model)
  if (!link?.exposed || !relation.through) return true
  if (settled(world.asker, link.access.read) === false) return false
  return (
    isKnown(world, link, relation.through.local) && isKnown(world, link, relation.through.foreign)
  )
}

function isVisible(world: World, model: Model, row: Row): boolean {
  if (!isAlive(row) || !isPlaced(world, { model, row })) return false
  return ruleHolds(world, model.access.read, { model, row })
}

function known(world: World, model: Model, name: string): ModelRelation {
  const relation = model.relations.get(name)
  if (!relation || !isKnownRelation(world, model, relation)) unknownName(name)
  return relation
}

interface Selecting {
  readonly model: Model
  readonly rows: readonly Row[]
  readonly options: Query
}

function select(world: World, { model, rows, options }: Selecting): readonly Json[] {
  const { filter, sort = [], fields, include } = options
  const found = rows.filter((row) => !filter || passes(world, { model, row }, filter))
  const keys = [...sort, 'id']
  // An empty page must refuse unknown names too.
  for (const key of keys) sortValue(world, { model, row: {} }, key.replace(/^-/, ''))
  if (filter) passes(world, { model, row: {} }, filter)
  for (const name of fields ?? []) if (!isKnown(world, model, name)) unknownName(name)
  const wanted = includesOf(include)
  const sorted = [...found].sort((one, two) =>
    order(world, keys, [
      { model, row: one },
      { model, row: two },
    ]),
  )
  for (const [name, inner] of wanted) {
    const { target } = known(world, model, name)
    select(world, { model: modelOf(world, target), rows: [], options: inner })
  }
  return sorted.map((row) => record(world, { model, row }, { fields, wanted }))
}

interface Wanted {
  readonly fields: readonly string[] | undefined
  readonly wanted: ReadonlyMap<string, Query>
}

function record(world: World, place: Place, { fields, wanted }: Wanted): Json {
  const { model, row } = place
  const json: Record<string, unknown> = {}
  for (const field of model.fields.values()) {
    const asked = field.name === 'id' || !fields || fields.includes(field.name)
    if (!asked || field.role === 'deletedAt' || !isShown(world, place, field)) continue
    json[field.name] = row[field.name] ?? null
  }
  const cut: string[] = []
  for (const name of [...model.relations.keys()].filter((each) => wanted.has(each))) {
    const options = wanted.get(name) ?? {}
    const relation = known(world, model, name)
    const target = modelOf(world, relation.target)
    const rows = reach(world, place, name).map((each) => each.row)
    const all = select(world, { model: target, rows, options })
    const limit = options.limit ?? 20
    json[name] = relation.many ? all.slice(0, limit) : (all[0] ?? null)
    if (relation.many && all.length > limit) cut.push(name)
  }
  if (cut.length > 0) json.$more = cut
  return json
}

function includesOf(include: Query['include']): ReadonlyMap<string, Query> {
  if (Array.isArray(include)) return new Map(include.map((name: string) => [name, {}]))
  const entries = Object.entries((include ?? {}) as Json)
  return new Map(
    entries.map(([name, options]) => [name, options === true ? {} : (options as Query)]),
  )
}

/** The asker's view: related rows that it may read, over keys that it may read. */
function reach(world: World, place: Place, name: string): readonly Place[] {
  const relation = known(world, place.model, name)
  const { through, local, foreign } = relation
  const start = seen(world, place, local)
  const target = modelOf(world, relation.target)
  const ends = (key: unknown): Place[] =>
    visibleRows(world, target)
      .map((row) => ({ model: target, row }))
      .filter((other) => key !== null && seen(world, other, foreign) === key)
  if (!through) return ends(start)
  const link = modelOf(world, through.model)
  return rowsOf(world, link.name)
    .map((row) => ({ model: link, row }))
    .filter(({ row }) => isAlive(row) && (!link.exposed || isVisible(world, link, row)))
    .filter((each) => start !== null && seen(world, each, through.local) === start)
    .flatMap((each) => ends(seen(world, each, through.foreign)))
}

function passes(world: World, place: Place, filter: Json): boolean {
  // Every entry is looked at, so that an unknown name is found wherever it stands.
  return Object.entries(filter)
    .map(([key, input]) => entryPasses(world, place, [key, input]))
    .every(Boolean)
}

function entryPasses(world: World, place: Place, [key, input]: [string, unknown]): boolean {
  if (key === 'not') return !passes(world, place, input as Json)
  if (key === 'and' || key === 'or') {
    const terms = (input as readonly Json[]).map((term) => passes(world, place, term))
    return key === 'and' ? terms.every(Boolean) : terms.some(Boolean)
  }
  const [head = '', ...rest] = key.split('.')
  if (rest.length > 0) return entryPasses(world, place, [head, { [rest.join('.')]: input }])
  if (place.model.fields.has(head)) return fieldPasses(world, place, [head, input])
  const relation = known(world, place.model, head)
  const target: Place = { model: modelOf(world, relation.target), row: {} }
  const places = reach(world, place, head)
  if (!relation.many) {
    passes(world, target, input as Json)
    return places.some((each) => passes(world, each, input as Json))
  }
  const answers = Object.entries(input as Json).map(([quantifier, where]) => {
    passes(world, target, where as Json)
    const matches = places.map((each) => passes(world, each, where as Json))
    if (quantifier === 'every') return matches.every(Boolean)
    return matches.some(Boolean) === (quantifier === 'some')
  })
  return answers.every(Boolean)
}

function fieldPasses(world: World, place: Place, [name, input]: [string, unknown]): boolean {
  if (!isKnown(world, place.model, name)) unknownName(name)
  const value = seen(world, place, name)
  const bare =
    typeof input !== 'object' || input === null || Array.isArray(input) || 'amount' in input
  return Object.entries(bare ? { eq: input } : (input as Json)).every(([operator, operand]) => {
    if (operator === 'isNull') return (value === null) === operand
    if (operand === null) return (value === null) === (operator === 'eq')
    return compares(operator, value, operand)
  })
}

function order(world: World, keys: readonly string[], [one, two]: readonly [Place, Place]): number {
  for (const key of keys) {
    const descending = key.startsWith('-')
    const name = key.replace(/^-/, '')
    const [left, right] = [sortValue(world, one, name), sortValue(world, two, name)]
    // Null is greater than every value.
    const difference =
      left === null || right === null
        ? Number(left === null) - Number(right === null)
        : compareValues(plain(left), plain(right))
    if (difference !== 0) return descending ? -difference : difference
  }
  return 0
}

function sortValue(world: World, place: Place, path: string): unknown {
  const [head = '', ...rest] = path.split('.')
  if (rest.length === 0) {
    return isKnown(world, place.model, head) ? seen(world, place, head) : unknownName(head)
  }
  const relation = known(world, place.model, head)
  const blank: Place = { model: modelOf(world, relation.target), row: {} }
  return sortValue(world, reach(world, place, head)[0] ?? blank, rest.join('.'))
}
