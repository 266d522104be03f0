/** Owns the rows of one page as a source to select from: filtered, sorted, cut. */

import type { RowSource } from '../../access/compile.ts'
import { present } from '../../base/assert.ts'
import { all, type Fragment, join, name, raw, sql } from '../../sql/fragment.ts'
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
  /** The sort keys where the page is made. */
  readonly keys: readonly SortKey[]
  /** `from … where … order by … limit …` */
  readonly tail: Fragment
  /** `left join …` for keys of related rows. */
  readonly joined: boolean
  readonly order: Fragment
}

/** Plans a page. */
export function planPage(view: Viewpoint, { step, sort, seek, limit }: PageSpec): Page {
  const joins: Fragment[] = []
  const keys = sort.map((key) => sortKey(view, { row: step.row, key, joins }))
  const conditions = [...step.conditions, ...(seek ? [beyond(keys, seek)] : [])]
  const order = orderBy(keys, seek?.direction === 'before')
  const where = conditions.length > 0 ? sql` where ${all(conditions)}` : raw('')
  const from = sql`from ${join([join(step.tables), ...joins], ' ')}${where}`
  const tail = sql`${from} order by ${order} limit ${raw(String(limit))}`
  return { row: step.row, keys, tail, joined: joins.length > 0, order }
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

/** A page as a table under the alias of its row, with the sort keys of related rows. */
export interface PageTable {
  readonly table: Fragment
  /** The sort keys as seen from outside. */
  readonly keys: readonly SortKey[]
}

/**
 * Wraps a page, so that what is joined to its rows is joined to these few only. `numbered` adds
 * `"~n"`: the rows' order, told by a window right above the sorted and cut rows.
 */
export function pageTable(page: Page, sort: readonly SortShape[], numbered: boolean): PageTable {
  const alias = name(page.row.alias)
  const extra: Fragment[] = []
  const keys = page.keys.map((key, index): SortKey => {
    if (sort[index]?.path.length === 0) return key
    const label = `~${index}`
    extra.push(sql`, ${key.fragment} as ${name(label)}`)
    return { ...key, fragment: name(page.row.alias, label) }
  })
  const inner = sql`(select ${alias}.*${join(extra, '')} ${page.tail}) as ${alias}`
  if (!numbered) return { table: inner, keys }
  const number = sql`row_number() over () as ${name('~n')}`
  return { table: sql`(select ${alias}.*, ${number} from ${inner}) as ${alias}`, keys }
}
