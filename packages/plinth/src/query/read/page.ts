/** Owns the rows of one page as a source to select from: filtered, sorted, cut. */

import type { RowSource } from '../../access/compile.ts'
import { present } from '../../base/assert.ts'
import type { Model } from '../../catalog/catalog.ts'
import { all, empty, type Fragment, join, name, raw, sql } from '../../sql/fragment.ts'
import { column, type Step, stepTo, type Viewpoint } from '../column/column.ts'
import { beyond, orderBy, type SortKey } from '../column/seek.ts'
import type { SeekShape, SortShape } from '../shape.ts'

/** Which rows make a page. */
export interface PageSpec {
  readonly step: Step
  readonly sort: readonly SortShape[]
  readonly seek: SeekShape | undefined
  readonly limit: number
}

/** A page, before it is known what to select of it. */
export interface Page {
  readonly row: RowSource
  readonly keys: readonly SortKey[]
  /** Its tables; what the keys of related rows need is joined. */
  readonly source: Fragment
  readonly where: Fragment
  /** ` order by …` */
  readonly order: Fragment
  /** ` limit …` */
  readonly limit: Fragment
}

/** Plans a page. */
export function planPage(view: Viewpoint, { step, sort, seek, limit }: PageSpec): Page {
  const joins: Fragment[] = []
  const keys = sort.map((key) => sortKey(view, { row: step.row, key, joins }))
  // No indexes: a page from the end, which no row is beyond.
  const sought = seek && seek.indexes.length > 0 ? [beyond(keys, seek)] : []
  const conditions = [...step.conditions, ...sought]
  return {
    row: step.row,
    keys,
    source: join([join(step.tables), ...joins], ' '),
    where: conditions.length > 0 ? sql` where ${all(conditions)}` : empty,
    order: sql` order by ${orderBy(keys, seek?.direction === 'before')}`,
    limit: raw(` limit ${limit}`),
  }
}

function sortKey(
  view: Viewpoint,
  { row, key, joins }: { row: RowSource; key: SortShape; joins: Fragment[] },
): SortKey {
  let at = row
  for (const hop of key.path) {
    const relation = present(at.model.relations.get(hop), `${at.model.name}.${hop}`)
    const step = stepTo(view, at, relation)
    joins.push(sql`left join ${join(step.tables)} on ${all(step.conditions)}`)
    at = step.row
  }
  const safe = column(view, at, key.field)
  const nullable = safe.nullable || key.path.length > 0
  return { ...safe, nullable, descending: key.descending }
}

/** The rows of a page with more joined to them. */
export function joinToPage(page: Page, joins: readonly Fragment[]): Fragment {
  return sql`from ${join([page.source, ...joins], ' ')}${page.where}${page.order}${page.limit}`
}

/** A page as a table under the alias of its row, with the sort keys of related rows. */
export interface PageTable {
  readonly table: Fragment
  /** The sort keys as seen from outside. */
  readonly keys: readonly SortKey[]
}

/** Wraps a page, so that what is joined to its rows is joined to these few only. */
export function pageTable(page: Page, sort: readonly SortShape[]): PageTable {
  const alias = name(page.row.alias)
  const extra: Fragment[] = []
  const keys = page.keys.map((key, index): SortKey => {
    if (sort[index]?.path.length === 0) return key
    const label = `~${index}`
    extra.push(sql`, ${key.fragment} as ${name(label)}`)
    return { ...key, fragment: name(page.row.alias, label) }
  })
  const select = sql`select ${alias}.*${join(extra, '')}`
  return { table: sql`(${select} ${joinToPage(page, [])}) as ${alias}`, keys }
}

/** True where an index can hand out the rows in this order, so that a page is found by itself. */
export function isIndexed(model: Model, [first]: readonly SortShape[]): boolean {
  if (!first || first.path.length > 0) return false
  const field = model.fields.get(first.field)
  if (!field || field.role === 'reference' || field.unique) return true
  return [...model.indexes, ...model.uniques].some(({ fields }) => fields.includes(field.name))
}
