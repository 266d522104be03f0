/** Owns the second world: one that differs from the first only in what an asker may not see. */

import type { Model, ModelField } from '../../../packages/plinth/src/catalog/catalog.ts'
import { isKnownRelation, isShown, list } from '../evaluator.ts'
import {
  type Asker,
  isAlive,
  isPlaced,
  type Row,
  type Rows,
  ruleHolds,
  type World,
} from '../rules.ts'
import type { Draw } from './draw.ts'
import { organisationIds, organisationOf, type Placed } from './places.ts'
import { drawCell, idOf, wildModels, withFormulas } from './values.ts'

/** A second world, and how many hidden things differ in it. */
export interface Twin {
  readonly rows: Rows
  readonly differences: number
}

/** By model: the ids of records that only one of two worlds holds. */
export function onlyInOne(one: Rows, two: Rows): ReadonlyMap<string, readonly string[]> {
  const [first, second] = [idsOf({ rows: one }), idsOf({ rows: two })]
  return new Map(
    [...first].map(([name, ids]) => {
      const others = second.get(name) ?? []
      const apart = [...ids, ...others].filter((id) => ids.includes(id) !== others.includes(id))
      return [name, apart]
    }),
  )
}

/** Makes changes one by one, and keeps those that leave the asker's view as it was. */
export function twinOf(draw: Draw, world: World, attempts: number): Twin {
  const before = viewOf(world)
  let { rows } = world
  let differences = 0
  for (let attempt = 0; attempt < attempts; attempt++) {
    const changed = mutate(draw, { ...world, rows })
    if (!changed) continue
    const next = withFormulas(world.catalog, changed)
    if (viewOf({ ...world, rows: next }) !== before) continue
    rows = next
    differences += 1
  }
  return { rows, differences }
}

/**
 * Everything that reads can be made of: the records that the asker sees, whole, with the records
 * that every relation leads to.
 */
export function viewOf(world: World): string {
  const parts = wildModels(world.catalog).flatMap((model) => {
    if (!model.exposed) return []
    const relations = [...model.relations.values()].filter((relation) =>
      isKnownRelation(world, model, relation),
    )
    const include = Object.fromEntries(
      relations.map(({ name, many }) => [name, many ? { limit: 100 } : {}]),
    )
    return [[model.name, list(world, model, { include })]]
  })
  return JSON.stringify(parts)
}

type Changing = World & { readonly model: Model; readonly all: readonly Row[] }

function mutate(draw: Draw, world: World): Rows | undefined {
  const model = draw.pick(wildModels(world.catalog))
  const all = world.rows.get(model.name) ?? []
  const changing: Changing = { ...world, model, all }
  const changed = model.exposed ? mutateRecords(draw, changing) : mutateLinks(draw, changing)
  return changed && new Map([...world.rows, [model.name, changed]])
}

function mutateRecords(draw: Draw, changing: Changing): readonly Row[] | undefined {
  const { model, all } = changing
  const row = all.length > 0 ? draw.pick(all) : undefined
  if (!row || draw.chance(25)) {
    const added = drawRow(draw, changing)
    return added && [...all, added]
  }
  const place = { model, row }
  const seen = isAlive(row) && isPlaced(changing, place)
  const hidden = !seen || !ruleHolds(changing, model.access.read, place)
  if (hidden && draw.chance(40)) return without(changing, row)
  const fields = [...model.fields.values()].filter(
    (field) => isFree(field) && (hidden || !isShown(changing, { model, row }, field)),
  )
  // The keys of a link that is seen stay: its record goes with the record that they name.
  const free = fields.filter(({ role, optional }) => hidden || optional || role !== 'reference')
  if (free.length === 0) return undefined
  const field = draw.pick(free)
  const making = { model, ids: idsOf(changing), organisationId: organisationOf(row.id) }
  const value = drawCell(draw, field, making)
  if (value === null && !field.optional) return undefined
  return all.map((each) => (each === row ? { ...row, [field.name]: value } : each))
}

/** Unique values stay: that they are taken is told, once for all, by a conflict (A05, A06). */
function isFree(field: ModelField): boolean {
  return field.role !== 'id' && field.role !== 'tenant' && !field.computed && !field.unique
}

function without({ rows, all, model, catalog }: Changing, row: Row): readonly Row[] | undefined {
  const isReferred = [...catalog.models.values()].some((other) =>
    (rows.get(other.name) ?? []).some((each) => refersTo(other, each, { model, row })),
  )
  const holdsUnique = [...model.fields.values()].some(
    ({ unique, role, name }) => unique && role === 'reference' && row[name] !== null,
  )
  return isReferred || holdsUnique ? undefined : all.filter((each) => each !== row)
}

function refersTo(other: Model, each: Row, to: { model: Model; row: Row }): boolean {
  return [...other.relations.values()].some(
    ({ type, target, local }) =>
      type === 'belongsTo' && target === to.model.name && each[local] === to.row.id,
  )
}

function drawRow(draw: Draw, changing: Changing): Row | undefined {
  const { model, all, catalog } = changing
  const at = wildModels(catalog).indexOf(model)
  const making = { model, ids: idsOf(changing) }
  const row: Record<string, unknown> = {}
  for (const field of model.fields.values()) {
    if (field.computed) continue
    if (field.role === 'id') row.id = freeId(at, all)
    else if (field.unique) row[field.name] = null
    else
      row[field.name] = drawCell(draw, field, { ...making, organisationId: organisationOf(row.id) })
    if (row[field.name] === null && !field.optional) return undefined
  }
  return row
}

function freeId(at: number, rows: readonly Row[]): string {
  for (let number = 50; ; number++) {
    const id = idOf(at, number)
    if (!rows.some((row) => row.id === id)) return id
  }
}

function mutateLinks(draw: Draw, { all, model, ...world }: Changing): readonly Row[] | undefined {
  if (all.length > 0 && draw.chance(50)) {
    const gone = draw.pick(all)
    return all.filter((each) => each !== gone)
  }
  const making = { model, ids: idsOf(world) }
  const organisationId = model.tenant === undefined ? '' : draw.pick(organisationIds)
  const link: Record<string, unknown> = {}
  for (const field of model.fields.values()) {
    const value = drawCell(draw, field, { ...making, organisationId })
    if (value === null) return undefined
    link[field.name] = value
  }
  const same = (each: Row): boolean => JSON.stringify(each) === JSON.stringify(link)
  return all.some(same) ? undefined : [...all, link]
}

function idsOf({ rows }: Pick<World, 'rows'>): ReadonlyMap<string, readonly string[]> {
  return new Map([...rows].map(([name, all]) => [name, all.map(({ id }) => String(id))]))
}

/** An asker of a world, by number; undefined is nobody. */
export function askerOf(
  users: readonly (readonly string[])[],
  number: number | undefined,
  at: { readonly userIds: readonly string[]; readonly now: string; readonly placed?: Placed },
): Asker {
  const id = number === undefined ? null : (at.userIds[number] ?? null)
  const roles = new Set(number === undefined ? [] : users[number])
  const proof = { assurance: 1, provedMinutesAgo: Number.POSITIVE_INFINITY }
  return { id, roles, now: at.now, ...proof, ...at.placed }
}
