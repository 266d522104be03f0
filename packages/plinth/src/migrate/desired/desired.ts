/** Owns what the database should hold: the catalog as tables. */

import { compileStoredCheck, compileStoredFormula } from '../../access/stored.ts'
import { present } from '../../base/assert.ts'
import type { Catalog, Model, ModelField } from '../../catalog/catalog.ts'
import {
  columnOf,
  constraintsOf,
  type ModelConstraint,
  objectName,
} from '../../catalog/constraint-names.ts'
import { snakeCase } from '../../catalog/names.ts'
import type { Kind } from '../../kinds/kinds.ts'
import { type Fragment, literal, raw, sql, statement } from '../../sql/fragment.ts'
import type { Check, Column, Index, Reference, Schema, Splitting, Table } from '../schema.ts'
import { columnCondition } from './column-checks.ts'

/** The schema that a catalog declares. Pure: equal catalogs give equal data. */
export function desiredSchema(catalog: Catalog): Schema {
  const tables = [...catalog.models.values()].map((model) => tableOf(model, catalog))
  return { schemas: [...new Set(tables.map(({ schema }) => schema))], tables }
}

function tableOf(model: Model, catalog: Catalog): Table {
  const constraints = constraintsOf(model)
  const primary = present(
    constraints.find(({ type }) => type === 'primary'),
    `the primary key of ${model.name}`,
  )
  const was = formerTable(model, catalog)
  return {
    schema: model.schema,
    name: model.table,
    label: model.name,
    ...(was === undefined || was === model.table ? {} : { was }),
    ...splitting(model),
    columns: [...model.fields.values()].map((field) => column(field, model, catalog)),
    primary: { name: primary.name, columns: primary.columns },
    checks: ofType(constraints, 'check').map((each) => check(each, model)),
    indexes: [...indexesOf(model, constraints), ...referredTo(model, catalog)],
    references: ofType(constraints, 'reference').map((each) => reference(each, model, catalog)),
  }
}

function splitting(model: Model): { splitFrom?: Splitting } {
  if (model.splitFrom === undefined) return {}
  const { model: source, where = {}, as = {} } = model.splitFrom
  const named = Object.entries(as).map(([to, from]) => [columnOf(model, to), snakeCase(from)])
  return {
    splitFrom: {
      table: snakeCase(source),
      where: Object.entries(where).map(([name, value]) => ({ column: snakeCase(name), value })),
      as: Object.fromEntries(named),
    },
  }
}

function ofType(
  constraints: readonly ModelConstraint[],
  type: ModelConstraint['type'],
): readonly ModelConstraint[] {
  return constraints.filter((each) => each.type === type)
}

/** The earlier name of a table. A join table follows the renames of its two sides. */
function formerTable(model: Model, catalog: Catalog): string | undefined {
  if (model.was !== undefined) return snakeCase(model.was)
  if (model.exposed) return undefined
  const sides = [...model.relations.values()].map(({ target }) => {
    return catalog.models.get(target)?.was ?? target
  })
  const [first = '', second = ''] = sides.sort()
  return snakeCase(`${first}${second.slice(0, 1).toUpperCase()}${second.slice(1)}`)
}

function column(field: ModelField, model: Model, catalog: Catalog): Column {
  const { kind } = field
  const was = field.was ?? formerSide(field, model, catalog)
  return {
    name: field.column,
    label: field.name,
    type: kind.columnType,
    ...((kind.item ?? kind).collated ? { collation: 'C' } : {}),
    required: !field.optional,
    ...(field.computed ? { formula: text(compileStoredFormula(model, field)) } : {}),
    ...(was === undefined || was === field.column ? {} : { was }),
    ...fill(field, kind),
    ...(field.role === 'tenant' ? { cure: tenantCure } : {}),
  }
}

const tenantCure =
  "First declare organisation: belongsTo('organisation', { optional: true }) in place of tenant " +
  'and give each record its organisation; then say tenant: true.'

function formerSide(field: ModelField, model: Model, catalog: Catalog): string | undefined {
  const relation = model.exposed ? undefined : model.relations.get(field.relation ?? '')
  const was = relation && catalog.models.get(relation.target)?.was
  return was === undefined ? undefined : `${snakeCase(was)}_id`
}

function fill(field: ModelField, kind: Kind): { fill?: string } {
  if (field.default === undefined || field.default === null) return {}
  const value = literal(kind.parameter(field.default))
  return { fill: text(sql`${value}::${raw(kind.columnType)}`) }
}

function check({ name, columns, word, ...of }: ModelConstraint, model: Model): Check {
  const kind = model.fields.get(of.fields[0] ?? '')?.kind
  const condition = of.modelCheck
    ? compileStoredCheck(model, of.modelCheck.condition)
    : columnCondition(present(of.columnCheck, name), columns[0] ?? '', present(kind, name))
  return { name, columns, word, expression: text(condition) }
}

function indexesOf(model: Model, constraints: readonly ModelConstraint[]): readonly Index[] {
  const unique = ofType(constraints, 'unique').map(({ name, columns, word }) => {
    return { name, columns, word, unique: true, kept: model.softDelete && word !== 'tenant' }
  })
  const made: Index[] = [...unique]
  for (const { fields } of model.indexes) {
    add(fields.map((field) => columnOf(model, field)))
  }
  // Without it, a delete of the target would read this whole table.
  for (const { columns, within } of ofType(constraints, 'reference')) {
    const primary = constraints.find(({ type }) => type === 'primary')?.columns ?? []
    const leading = [...made.filter(({ kept }) => !kept).map((index) => index.columns), primary]
    const wanted = within === undefined ? columns : [within, ...columns]
    const leads = (index: readonly string[]) => wanted.every((each, at) => index[at] === each)
    if (!leading.some(leads)) add(wanted)
  }
  return made

  function add(columns: readonly string[]): void {
    const name = objectName(model.table, columns, 'index')
    const known = made.some((index) => index.name === name)
    if (!known) made.push({ name, columns, word: 'index', unique: false, kept: false })
  }
}

/**
 * Where others refer to a record, its id is found by a hash. A serializable transaction that adds a
 * reference looks the record up, and PostgreSQL remembers what it has looked at by the page of the
 * index: in a B-tree all new ids meet on the last page, and whoever adds records at the same time
 * is refused for it. In a hash they lie apart.
 */
function referredTo(model: Model, catalog: Catalog): readonly Index[] {
  if (!targets(catalog).has(model.name)) return []
  const columns = [columnOf(model, 'id')]
  const name = objectName(model.table, columns, 'hash')
  return [{ name, columns, word: 'hash', method: 'hash', unique: false, kept: false }]
}

/** The models that others refer to by a foreign key. */
function targets(catalog: Catalog): ReadonlySet<string> {
  const known = targetsOf.get(catalog)
  if (known) return known
  const relations = [...catalog.models.values()].flatMap((model) => [...model.relations.values()])
  const made = new Set(
    relations.flatMap(({ type, target }) => (type === 'belongsTo' ? [target] : [])),
  )
  targetsOf.set(catalog, made)
  return made
}

const targetsOf = new WeakMap<Catalog, ReadonlySet<string>>()

const onDelete = { restrict: 'no action', cascade: 'cascade', clear: 'set null' } as const

function reference(
  { name, fields, columns, within }: ModelConstraint,
  model: Model,
  catalog: Catalog,
): Reference {
  const field = present(model.fields.get(fields[0] ?? ''), name)
  const relation = present(model.relations.get(field.relation ?? ''), name)
  const target = present(catalog.models.get(relation.target), relation.target)
  return {
    name,
    column: columns[0] ?? '',
    ...(within === undefined ? {} : { within }),
    target: { schema: target.schema, name: target.table },
    onDelete: onDelete[relation.onDelete],
  }
}

function text(fragment: Fragment): string {
  return statement(fragment).text.trim()
}
