/** Owns random values and rows: few values, so that they meet, and odd ones among them. */

import type { Catalog, Model, ModelField } from '../../../packages/plinth/src/catalog/catalog.ts'
import type { Kind } from '../../../packages/plinth/src/kinds/kind.ts'
import { type Asker, formula, type Row, type Rows } from '../rules.ts'
import type { Draw } from './draw.ts'
import { organisationOf, placeRows, userIds } from './places.ts'

export { userIds }

/** The roles that rules ask for. */
export const roles = ['staff', 'clerk'] as const

/** The moment of every call. */
export const nowText = '2026-02-01T00:00:00Z'

const texts = ['a', 'A', 'ab', 'b', '', 'b%', '_', '\\', 'é', '😀', "o'x"]
const days = ['2026-01-01', '2025-12-31', '1999-02-28', '2400-02-29']
/** Two of them differ by less than a double can tell. */
const larges = ['9007199254740993', '9007199254740992', '-5', '0', '12']
const exacts = ['1.50', '-0.01', '0.00', '10.00', '9999999999999999.99']
/** As PostgreSQL compares, a month is 30 days and a day 24 hours. */
const lengths = ['PT0S', 'P1M', 'P30D', 'PT720H', 'PT1H30M', 'P-1D', 'PT0.000001S']
const structures = [{ a: 1 }, ['a', null], 'a', 0, false, {}]
const blobs = ['', 'AA', '_-8']

/** The id of the n-th record of a model, or of a user. */
export function idOf(model: number, number: number): string {
  const tail = `${model}${String(number).padStart(11, '0')}`
  return `01900000-0000-7000-8000-${tail}`
}

/** A value of a kind. */
export function constantOf(draw: Draw, kind: Kind): unknown {
  switch (kind.name) {
    case 'text':
      return draw.pick(texts)
    case 'slug':
      return draw.pick(['slug-0', 'slug-1', 'x'])
    case 'choice':
      return draw.pick(['new', 'old', 'gone'])
    case 'integer':
      return draw.integer(-2, 3)
    case 'boolean':
      return draw.chance(50)
    case 'money':
      return { amount: draw.integer(-1, 3), currency: 'GBP' }
    case 'date':
      return draw.pick(days)
    case 'bigint':
      return draw.pick(larges)
    case 'decimal':
      return draw.pick(exacts)
    case 'duration':
      return draw.pick(lengths)
    case 'json':
      return draw.pick(structures)
    case 'binary':
      return draw.pick(blobs)
    case 'instant':
      return instant(draw.integer(0, 5))
    case 'uuid':
      return draw.chance(50) ? draw.pick(userIds) : idOf(draw.integer(0, 4), draw.integer(0, 6))
    case 'list':
      return [0, 1, 2].slice(draw.integer(0, 3)).map(() => draw.pick(['a', 'b', 'A']))
    default:
      throw new Error(`no values of ${kind.name}`)
  }
}

function instant(second: number): string {
  return `2026-01-01T00:00:0${second}Z`
}

/** Rows of every model of the kit, references and links valid, formulas worked out. */
export function drawRows(draw: Draw, catalog: Catalog): Rows {
  const models = wildModels(catalog)
  const ids = new Map(
    models
      .filter(({ exposed }) => exposed)
      .map((model, at) => [
        model.name,
        Array.from({ length: draw.chance(92) ? draw.integer(3, 9) : 0 }, (_, number) =>
          idOf(at, number),
        ),
      ]),
  )
  // Organisations are there in worlds that have some.
  const rows = new Map<string, readonly Row[]>(catalog.organisations ? placeRows : [])
  for (const model of models) {
    const made = model.exposed ? drawRecords(draw, { model, ids }) : drawLinks(draw, { model, ids })
    rows.set(model.name, made)
  }
  return withFormulas(catalog, rows)
}

/** The models of the random kit, join tables included. */
export function wildModels(catalog: Catalog): readonly Model[] {
  return [...catalog.models.values()].filter(({ kit }) => kit === 'wild')
}

/** The same rows with every computed field worked out again. */
export function withFormulas(catalog: Catalog, rows: Rows): Rows {
  const nobody = { id: null, assurance: 0, provedMinutesAgo: 0 }
  const asker: Asker = { ...nobody, roles: new Set(), now: nowText }
  const world = { catalog, rows, asker }
  const whole = (model: Model, row: Row): Row => {
    const values: Record<string, unknown> = { ...row }
    for (const field of model.fields.values()) {
      if (field.computed) values[field.name] = formula(field.computed, { world, model, row })
    }
    return values
  }
  return new Map(
    [...rows].map(([name, all]) => {
      const model = catalog.models.get(name)
      return [name, model ? all.map((row) => whole(model, row)) : all]
    }),
  )
}

interface Making {
  readonly model: Model
  readonly ids: ReadonlyMap<string, readonly string[]>
  /** Of a tenant's row: the organisation in which it is, with all that it refers to. */
  readonly organisationId?: string
}

function drawRecords(draw: Draw, { model, ids }: Making): readonly Row[] {
  const taken = new Map<string, Set<unknown>>()
  return (ids.get(model.name) ?? []).flatMap((id) => {
    const row: Record<string, unknown> = {}
    for (const field of model.fields.values()) {
      if (field.computed) continue
      const making = { model, ids, organisationId: organisationOf(id) }
      row[field.name] = field.role === 'id' ? id : drawCell(draw, field, making)
      if (field.role !== 'reference' || !isTaken(field, row[field.name], taken)) continue
      row[field.name] = null
    }
    const broken = [...model.fields.values()].some(
      (field) => field.role === 'reference' && !field.optional && row[field.name] === null,
    )
    return broken ? [] : [row]
  })
}

function isTaken(field: ModelField, value: unknown, taken: Map<string, Set<unknown>>): boolean {
  if (!field.unique || value === null) return false
  const known = taken.get(field.name) ?? new Set()
  taken.set(field.name, known)
  return known.size === known.add(value).size
}

/** A value for a field of a row. */
export function drawCell(draw: Draw, field: ModelField, making: Making): unknown {
  const { organisationId } = making
  switch (field.role) {
    case 'createdAt':
    case 'updatedAt':
      return instant(draw.integer(0, 5))
    case 'version':
      return draw.integer(1, 3)
    case 'deletedAt':
      return draw.chance(15) ? instant(9) : null
    case 'reference': {
      const all = targetsOf(making, field)
      if (all.length === 0 || (field.optional && draw.chance(25))) return null
      return draw.pick(all)
    }
    case 'tenant':
      return organisationId
    default:
      if (field.optional && draw.chance(35)) return null
      return field.name === 'owner' ? draw.pick(userIds) : constantOf(draw, field.kind)
  }
}

/** What a field can refer to: between tenants' records nothing leaves the organisation. */
function targetsOf({ model, ids, organisationId }: Making, field: ModelField): readonly string[] {
  const relation = model.relations.get(field.relation ?? '')
  const all = ids.get(relation?.target ?? '') ?? []
  if (relation?.within === undefined) return all
  return all.filter((id) => organisationOf(id) === organisationId)
}

function drawLinks(draw: Draw, { model, ids }: Making): readonly Row[] {
  const [left, right] = [...model.fields.values()]
  if (!left || !right) return []
  const of = ({ relation }: ModelField): readonly string[] =>
    ids.get(model.relations.get(relation ?? '')?.target ?? '') ?? []
  const pairs = of(left)
    .flatMap((one) => of(right).map((two) => [one, two] as const))
    .filter(
      ([one, two]) => model.tenant === undefined || organisationOf(one) === organisationOf(two),
    )
  return draw.some(pairs, 40).map(([one, two]) => ({
    ...{ [left.name]: one, [right.name]: two },
    ...(model.tenant === undefined ? {} : { [model.tenant]: organisationOf(one) }),
  }))
}
