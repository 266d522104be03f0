/** Owns the reading of one record inside a statement: its cells, its to-one joins, its lists. */

import type { RowSource } from '../../access/compile.ts'
import { present } from '../../base/assert.ts'
import type { ModelRelation } from '../../catalog/catalog.ts'
import { all, type Fragment, join, name, raw, sql } from '../../sql/fragment.ts'
import type { RecordForm } from '../answer/writer.ts'
import { Cells } from '../column/cells.ts'
import { stepTo, type Viewpoint } from '../column/column.ts'
import { filterCondition } from '../column/condition.ts'
import { orderBy } from '../column/seek.ts'
import type { ListShape, SelectionShape } from '../shape.ts'
import { isIndexed, joinToPage, type Page, pageTable, planPage } from './page.ts'

/** What a statement gathers while records are laid out in it. */
export interface Layout {
  readonly cells: Cells
  /** `left join …`, in order. */
  readonly joins: Fragment[]
}

/** What is laid out. */
interface Laid {
  readonly row: RowSource
  readonly select: SelectionShape
}

/** Lays out a record. */
export function layRecord(view: Viewpoint, { row, select }: Laid, layout: Layout): RecordForm {
  const fields = layout.cells.fields(view, row, select.fields)
  const ones = select.ones.map((one) => {
    const step = stepTo(view, row, relationOf(row, one.relation))
    layout.joins.push(sql`left join ${join(step.tables)} on ${all(step.conditions)}`)
    const idAt = layout.cells.column(view, step.row, 'id')
    const form = layRecord(view, { row: step.row, select: one.select }, layout)
    return { prefix: prefixOf(one.relation), idAt, form }
  })
  const lists = select.lists.map((list) => {
    const { fragment, form } = layList(view, row, list)
    const at = layout.cells.add(fragment)
    const { relation, limit } = list
    return { relation, prefix: prefixOf(relation), at, form, limit }
  })
  return { fields, ones, lists }
}

/**
 * A list is one cell: an array of the cells of its records, each in its text form. Measured, that
 * costs half of what a second set of rows costs, and less than JSON made by the database.
 */
function layList(
  view: Viewpoint,
  from: RowSource,
  shape: ListShape,
): { readonly fragment: Fragment; readonly form: RecordForm } {
  const step = stepTo(view, from, relationOf(from, shape.relation))
  const conditions = [...step.conditions]
  if (shape.filter) {
    const condition = filterCondition(view, step.row, { shape: shape.filter })
    if (condition.constant !== true) conditions.push(condition.fragment ?? raw('false'))
  }
  // One row more than is shown says whether there are more.
  const limit = shape.limit + 1
  const page = planPage(view, { ...shape, limit, step: { ...step, conditions }, seek: undefined })
  const layout: Layout = { cells: new Cells(), joins: [] }
  const form = layRecord(view, { row: step.row, select: shape.select }, layout)
  const rows = selectPage(page, shape, layout)
  const alias = view.nextAlias()
  const cells = layout.cells.fragments.map((_, at) => sql`${name(alias, `c${at}`)}::text`)
  const list = sql`array_agg(array[${join(cells)}])`
  return { fragment: sql`(select ${list} from (${rows}) as ${name(alias)})`, form }
}

/** The rows of a list, in order: an aggregate takes them as they come. */
function selectPage(page: Page, { select, sort }: ListShape, { cells, joins }: Layout): Fragment {
  const list = join(cells.fragments.map((cell, at) => sql`${cell} as ${name(`c${at}`)}`))
  if (!hasRelated(select) || isIndexed(page.row.model, sort)) {
    return sql`select ${list} ${joinToPage(page, joins)}`
  }
  return selectWrapped(page, { sort, list, joins })
}

/** A page first, then what belongs to its rows. A join may lose the order: it is said again. */
function selectWrapped(
  page: Page,
  { sort, list, joins }: { sort: ListShape['sort']; list: Fragment; joins: readonly Fragment[] },
): Fragment {
  const { table, keys } = pageTable(page, sort)
  const order = sql`order by ${orderBy(keys, false)}`
  return sql`select ${list} from ${join([table, ...joins], ' ')} ${order}`
}

/** True where records of other models come with it. */
export function hasRelated({ ones, lists }: SelectionShape): boolean {
  return ones.length > 0 || lists.length > 0
}

function relationOf({ model }: RowSource, relation: string): ModelRelation {
  return present(model.relations.get(relation), `${model.name}.${relation}`)
}

function prefixOf(relation: string): string {
  return `${JSON.stringify(relation)}:`
}
