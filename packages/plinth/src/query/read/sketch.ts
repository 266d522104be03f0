/** Owns a read plan under way: whose eyes it has, which rows it is about, what it must keep. */

import type { RowSource } from '../../access/compile.ts'
import { conditionText } from '../../access/condition.ts'
import { comparisonType } from '../../access/operand.ts'
import { present } from '../../base/assert.ts'
import { limits } from '../../base/limits.ts'
import { all, empty, type Fragment, join, raw, sql } from '../../sql/fragment.ts'
import type { RowsForm } from '../answer/answer.ts'
import type { Cells } from '../column/cells.ts'
import { column, readable, type Step, tableOf, type Viewpoint } from '../column/column.ts'
import { filterCondition, valueAt } from '../column/condition.ts'
import type { SortKey } from '../column/seek.ts'
import type { ReadShape, SortShape } from '../shape.ts'
import { viewOf } from '../view.ts'

/** A read under way. */
export interface Sketch {
  readonly view: Viewpoint
  /** The rows that match, before sorting and cutting. */
  readonly found: Step
  readonly shape: ReadShape
}

/** A statement and the form of its rows. */
export interface Drawn {
  readonly fragment: Fragment
  readonly rows: RowsForm
  /** PostgreSQL's types of a row's cells. */
  readonly types: readonly string[]
}

/** The rows that match: readable ones, filtered or named by their key. */
export function findRows(view: Viewpoint, row: RowSource, { by, filter }: ReadShape): Step {
  const conditions = by.map((field, index) => {
    const safe = column(view, row, field)
    return sql`${safe.fragment} = ${valueAt(index, comparisonType(safe.field.kind))}`
  })
  const rule = readable(view, row)
  if (rule.constant !== true) conditions.push(conditionText(rule))
  if (filter) {
    const condition = filterCondition(view, row, { shape: filter })
    if (condition.constant !== true) conditions.push(condition.fragment ?? raw('false'))
  }
  return { tables: [tableOf(row)], conditions, row }
}

/** `from … where …` of the rows that match. */
export function fromFound({ tables, conditions }: Step, joins: readonly Fragment[] = []): Fragment {
  const where = conditions.length > 0 ? sql` where ${all(conditions)}` : empty
  return sql`from ${join([join(tables), ...joins], ' ')}${where}`
}

/** How many rows match, under the same rules; an estimate stops just past its cap. */
export function countOf({ found, shape }: Sketch): Fragment | undefined {
  if (shape.count === undefined) return undefined
  if (shape.count === 'exact') return sql`select count(*) as count ${fromFound(found)}`
  const most = raw(String(limits.countEstimateMax + 1))
  return sql`select count(*) as count from (select 1 ${fromFound(found)} limit ${most}) as s`
}

/** Where a record's version stands; -1 where the caller may not read it. */
export function versionCell(view: Viewpoint, row: RowSource, cells: Cells): number {
  const { fields } = viewOf(view.catalog, view.facts, row.model)
  return fields.has('version') ? cells.column(view, row, 'version') : -1
}

/** The keys by which rows are sorted, as asked for and as planned. */
export interface Sorted {
  readonly row: RowSource
  readonly sort: readonly SortShape[]
  readonly keys: readonly SortKey[]
}

/** Where the values of the sort keys stand, for cursors. */
export function sortCells(
  view: Viewpoint,
  { row, sort, keys }: Sorted,
  cells: Cells,
): readonly number[] {
  return keys.map((key, index) => {
    const own = present(sort[index], 'a sort key').path.length === 0
    if (own) return cells.column(view, row, key.field.name)
    return cells.add(key.fragment, comparisonType(key.field.kind))
  })
}
