/** Owns the one way in which a read refers to a column: under the field's own rule. */

import type { CallerFacts } from '../../access/caller.ts'
import { type Condition, fieldRead, type RowSource, readCondition } from '../../access/compile.ts'
import { assert, present } from '../../base/assert.ts'
import type { Catalog, Model, ModelField, ModelRelation } from '../../catalog/catalog.ts'
import { type Fragment, name, sql } from '../../sql/fragment.ts'
import { targetOf } from '../view.ts'

/** From where a statement looks: whose rules it must carry. */
export interface Viewpoint {
  readonly catalog: Catalog
  readonly facts: CallerFacts
  /** An alias that the statement does not use yet. */
  readonly nextAlias: () => string
}

/** A column that the caller may read: null where a rule hides it in this row. */
export interface SafeColumn {
  readonly field: ModelField
  readonly fragment: Fragment
  /** True where it is not hidden; undefined where it never is. */
  readonly shown: Fragment | undefined
  /** True where it can be null. */
  readonly nullable: boolean
}

/** Starts a statement: aliases count from 1. */
export function viewpoint(catalog: Catalog, facts: CallerFacts): Viewpoint {
  let aliases = 0
  return { catalog, facts, nextAlias: () => `r${++aliases}` }
}

/**
 * A column of a row. Every reference to a column goes through here: what is selected, filtered,
 * sorted, paged by, joined by or counted. A field that the caller can never read has been refused
 * by name before; reaching this with one is a bug, and ends the call.
 */
export function column(view: Viewpoint, row: RowSource, fieldName: string): SafeColumn {
  const field = present(row.model.fields.get(fieldName), `${row.model.name}.${fieldName}`)
  const condition = fieldRead({ catalog: view.catalog, facts: view.facts, row }, field)
  assert(condition.constant !== false, `${row.model.name}.${fieldName} is hidden from this caller`)
  const plain = row.column?.(field) ?? name(row.alias, field.column)
  if (condition.fragment) {
    const fragment = sql`case when ${condition.fragment} then ${plain} end`
    return { field, fragment, shown: condition.fragment, nullable: true }
  }
  return { field, fragment: plain, shown: undefined, nullable: field.optional }
}

/** Related rows that the caller may read: what to select from, and under which conditions. */
export interface Step {
  readonly tables: readonly Fragment[]
  readonly conditions: readonly Fragment[]
  readonly row: RowSource
}

/** The way from a row to the rows of a relation, under the rules of every row on the way. */
export function stepTo(view: Viewpoint, from: RowSource, relation: ModelRelation): Step {
  const model = targetOf(view.catalog, relation)
  return step(view, { from, relation, row: { model, alias: view.nextAlias() } })
}

/**
 * The same where the row stands beside each of those it leads to: rules that lead back to it ask it
 * as it is. An order's lines that are read by who placed the order cost one look at the customer,
 * not one for each line.
 */
export function stepBeside(view: Viewpoint, from: RowSource, relation: ModelRelation): Step {
  const model = targetOf(view.catalog, relation)
  const joined = wayBack(from, relation, model)
  return step(view, { from, relation, row: { model, alias: view.nextAlias(), joined } })
}

interface Stepping {
  readonly from: RowSource
  readonly relation: ModelRelation
  /** Where it leads. */
  readonly row: RowSource
}

function step(view: Viewpoint, { from, relation, row }: Stepping): Step {
  const start = column(view, from, relation.local).fragment
  const conditions: Fragment[] = []
  const tables: Fragment[] = []
  const end = column(view, row, relation.foreign).fragment
  if (relation.through) {
    const { model: via } = relation.through
    const link: RowSource = {
      model: present(view.catalog.models.get(via), via),
      alias: view.nextAlias(),
    }
    tables.push(tableOf(link))
    conditions.push(sql`${column(view, link, relation.through.local).fragment} = ${start}`)
    conditions.push(sql`${end} = ${column(view, link, relation.through.foreign).fragment}`)
    // A made join table has no rules: a link is as visible as its two sides.
    if (link.model.exposed) conditions.push(...demanded(readable(view, link)))
  } else {
    conditions.push(sql`${end} = ${start}`)
  }
  tables.push(tableOf(row))
  conditions.push(...demanded(readable(view, row)))
  return { tables, conditions, row }
}

/** The relations of the target by which its rows belong to the very row that they are joined to. */
function wayBack(
  from: RowSource,
  { through, local, foreign }: ModelRelation,
  target: Model,
): ReadonlyMap<string, RowSource> {
  const back = [...target.relations.values()].filter((relation) => {
    const same = relation.local === foreign && relation.foreign === local
    return !through && relation.type === 'belongsTo' && relation.target === from.model.name && same
  })
  return new Map(back.map(({ name: relation }) => [relation, from]))
}

/** Which rows of a source the caller may read. */
export function readable({ catalog, facts }: Viewpoint, row: RowSource): Condition {
  return readCondition(catalog, facts, row)
}

/** A condition as a list of conjuncts. */
export function demanded(condition: Condition): readonly Fragment[] {
  if (condition.constant === true) return []
  assert(condition.fragment, 'the caller can read some of these records')
  return [condition.fragment]
}

/** The table of a row under its alias. */
export function tableOf({ model, alias }: RowSource): Fragment {
  return sql`${name(model.schema, model.table)} as ${name(alias)}`
}
