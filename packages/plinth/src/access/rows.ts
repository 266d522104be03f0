/** Owns the rows in a rule's sight: their columns, and the way to related rows. */

import { assert, present } from '../base/assert.ts'
import type { Catalog, Model, ModelField, ModelRelation } from '../catalog/catalog.ts'
import type { RowOperand } from '../define/expression.ts'
import { all, type Fragment, join, name, raw, sql, typed } from '../sql/fragment.ts'
import type { CallerFacts } from './caller.ts'
import { organisationSlot } from './slot.ts'

/** A row that a rule speaks of, as a planner has it in its statement. */
export interface RowSource {
  readonly model: Model
  /** Its alias in the statement. Aliases made for its rules are this one with `_1`, `_2`, …. */
  readonly alias: string
  /** Writes a field of this row where it is not `alias.column`: a value not stored yet. */
  readonly column?: (field: ModelField) => Fragment
  /**
   * By join model: its rows as they will be after the write that this row belongs to, as a table.
   * Related rows are reached through these, wherever the way leads.
   */
  readonly links?: ReadonlyMap<string, Fragment>
  /**
   * By relation: the related row, where the statement has joined this row to it already, under the
   * rules of both. A rule that leads back there asks that row instead of looking it up once more
   * for each row of a list. What may be read is neither deleted nor another organisation's.
   */
  readonly joined?: ReadonlyMap<string, RowSource>
}

/** A value of `input`, as the write planner has it: its SQL, and whether the caller sent it. */
export interface InputValue {
  readonly value: Fragment
  /** `unknown`: before an input was looked at; a rule that asks may hold. */
  readonly given: boolean | 'unknown'
}

/** All that one rule can see. */
export interface Sight {
  readonly catalog: Catalog
  readonly facts: CallerFacts
  /** Rows by scope; 0 is the row itself. */
  readonly rows: ReadonlyMap<number, RowSource>
  readonly input: (field: string) => InputValue | undefined
  /** The kind of an input field, for constants compared with it. */
  readonly root: Model
  /** Writes a constant, given in PostgreSQL's text form. */
  readonly constant: (text: string, type: string) => Fragment
  /** False where the text must stand alone: no caller, no clock, no related rows. */
  readonly open: boolean
  readonly nextAlias: () => string
}

/** Related rows on the way to an operand: what to select from, and how they hang together. */
export interface Way {
  readonly tables: readonly Fragment[]
  readonly conditions: readonly Fragment[]
}

/** Where an operand's path ends. */
export interface Reached extends Way {
  readonly field: ModelField
  readonly column: Fragment
}

/** The way that leads nowhere: the row itself. */
export const here: Way = Object.freeze({ tables: [], conditions: [] })

/** A field of a row in SQL. */
export function columnOf(row: RowSource, field: ModelField): Fragment {
  return row.column?.(field) ?? name(row.alias, field.column)
}

/** A field of a model by name; the catalog has checked that it is there. */
export function fieldOf(model: Model, field: string): ModelField {
  return present(model.fields.get(field), `the field ${model.name}.${field}`)
}

/** The column that says when a record was deleted; undefined where deletion is final. */
export function deletionField(model: Model): ModelField | undefined {
  if (!model.softDelete) return undefined
  for (const field of model.fields.values()) if (field.role === 'deletedAt') return field
  return present(undefined, `the deletion column of ${model.name}`)
}

/** True for rows that are not softly deleted; undefined where all are. */
export function alive(row: RowSource): Fragment | undefined {
  const field = deletionField(row.model)
  return field && sql`${columnOf(row, field)} is null`
}

/** The active organisation, as every statement names it. */
export const organisationValue = typed(organisationSlot, 'uuid')

/** True for rows of the active organisation; undefined where rows have none, or all count. */
function within({ facts }: Sight, row: RowSource): Fragment | undefined {
  const { tenant } = row.model
  if (tenant === undefined || facts.acrossOrganisations) return undefined
  if (!facts.inOrganisation) return raw('false')
  return sql`${columnOf(row, fieldOf(row.model, tenant))} = ${organisationValue}`
}

/** A model's table under an alias. */
export function tableAs(model: Model, alias: string): Fragment {
  return sql`${name(model.schema, model.table)} as ${name(alias)}`
}

/**
 * The way from a row to the rows of one of its relations, without those softly deleted and those of
 * other organisations: no rule decides by what its caller's organisation cannot know.
 */
export function follow(sight: Sight, from: RowSource, relation: ModelRelation): Way & RelatedRow {
  assert(sight.open, 'a stored expression speaks of its own row only')
  const joined = from.joined?.get(relation.name)
  if (joined) return { tables: [], conditions: [], row: joined }
  const target = present(sight.catalog.models.get(relation.target), `model ${relation.target}`)
  const kept = from.links ? { links: from.links } : {}
  const row: RowSource = { model: target, alias: sight.nextAlias(), ...kept }
  const start = columnOf(from, fieldOf(from.model, relation.local))
  const end = columnOf(row, fieldOf(target, relation.foreign))
  const tables = [tableAs(target, row.alias)]
  const conditions: Fragment[] = []
  if (relation.through) {
    const link = present(sight.catalog.models.get(relation.through.model), 'the join model')
    const linkRow: RowSource = { model: link, alias: sight.nextAlias() }
    const near = columnOf(linkRow, fieldOf(link, relation.through.local))
    const far = columnOf(linkRow, fieldOf(link, relation.through.foreign))
    const table = from.links?.get(link.name)
    tables.unshift(table ? sql`${table} as ${name(linkRow.alias)}` : tableAs(link, linkRow.alias))
    conditions.push(sql`${near} = ${start}`, sql`${end} = ${far}`, ...only(alive(linkRow)))
  } else {
    conditions.push(sql`${end} = ${start}`)
  }
  conditions.push(...only(alive(row)), ...only(within(sight, row)))
  return { tables, conditions, row }
}

interface RelatedRow {
  readonly row: RowSource
}

function only(fragment: Fragment | undefined): readonly Fragment[] {
  return fragment ? [fragment] : []
}

/** Follows to-one hops from a scope's row; the names are of relations. */
export function walk(
  sight: Sight,
  scope: number,
  hops: readonly string[],
): Way & { readonly row: RowSource } {
  let row = present(sight.rows.get(scope), `the row of scope ${scope}`)
  const tables: Fragment[] = []
  const conditions: Fragment[] = []
  for (const hop of hops) {
    const relation = present(row.model.relations.get(hop), `${row.model.name}.${hop}`)
    assert(!relation.many, `${hop} leads to one record`)
    const step = follow(sight, row, relation)
    tables.push(...step.tables)
    conditions.push(...step.conditions)
    row = step.row
  }
  return { tables, conditions, row }
}

/** Finds the column that a row operand means, and the related rows on the way to it. */
export function reach(sight: Sight, operand: RowOperand): Reached {
  const path = shorten(sight, operand)
  const way = walk(sight, operand.scope, path.slice(0, -1))
  const field = fieldOf(way.row.model, present(path.at(-1), 'the field of a path'))
  return { ...way, field, column: columnOf(way.row, field) }
}

/** The field at the end of a path. */
export function fieldAt(sight: Sight, operand: RowOperand): ModelField {
  let model = present(sight.rows.get(operand.scope), `the row of scope ${operand.scope}`).model
  for (const hop of operand.path.slice(0, -1)) {
    const relation = present(model.relations.get(hop), `${model.name}.${hop}`)
    model = present(sight.catalog.models.get(relation.target), `model ${relation.target}`)
  }
  return fieldOf(model, present(operand.path.at(-1), 'the field of a path'))
}

/** `category.id` is `categoryId`: the foreign key says so, unless the category may be deleted. */
function shorten(sight: Sight, { scope, path }: RowOperand): readonly string[] {
  const last = path.length - 1
  if (last < 1) return path
  let model = present(sight.rows.get(scope), `the row of scope ${scope}`).model
  for (const hop of path.slice(0, last - 1)) {
    model = present(sight.catalog.models.get(model.relations.get(hop)?.target ?? ''), hop)
  }
  const relation = present(model.relations.get(path[last - 1] ?? ''), path.join('.'))
  const target = present(sight.catalog.models.get(relation.target), relation.target)
  const same = relation.type === 'belongsTo' && relation.foreign === path[last]
  return same && !target.softDelete ? [...path.slice(0, last - 1), relation.local] : path
}

/** There is such a row. */
export function exists(way: Way, conditions: readonly Fragment[]): Fragment {
  const from = sql`from ${join(way.tables)} where ${all([...way.conditions, ...conditions])}`
  return sql`exists (select 1 ${from})`
}
