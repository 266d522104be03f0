/** Owns reads without lists: plain rows, with related records joined to those of the page only. */

import { join, sql } from '../../sql/fragment.ts'
import { Cells } from '../column/cells.ts'
import { orderBy } from '../column/seek.ts'
import { pageTable, planPage } from './page.ts'
import { type Layout, layRecord } from './record.ts'
import { type Drawn, fromFound, type Sketch, sortCells, versionCell } from './sketch.ts'

/** Draws the read of one record. */
export function drawRecord({ view, found, shape }: Sketch): Drawn {
  const layout: Layout = { cells: new Cells(), joins: [], lists: [] }
  const form = layRecord(view, { row: found.row, select: shape.select, firstBlock: 1 }, layout)
  const versionAt = versionCell(view, found.row, layout.cells)
  const fragment = sql`select ${join(layout.cells.fragments)} ${fromFound(found, layout.joins)}`
  return { fragment, rows: { blocks: [form], parts: false, sortAt: [], versionAt } }
}

/** Draws a list; one row more than the page tells whether there is another page. */
export function drawList(sketch: Sketch): Drawn {
  const { view, found, shape } = sketch
  const layout: Layout = { cells: new Cells(), joins: [], lists: [] }
  const page = planPage(view, { step: found, ...shape, limit: shape.limit + 1 })
  const form = layRecord(view, { row: found.row, select: shape.select, firstBlock: 1 }, layout)
  const plain = layout.joins.length === 0
  const { table, keys } = plain ? { table: undefined, ...page } : pageTable(page, shape.sort, false)
  const sortAt = sortCells(sketch, keys, layout.cells)
  const select = sql`select ${join(layout.cells.fragments)}`
  const rows = { blocks: [form], parts: false, sortAt, versionAt: -1 }
  if (!table) return { fragment: sql`${select} ${page.tail}`, rows }
  const order = orderBy(keys, shape.seek?.direction === 'before')
  const from = join([table, ...layout.joins], ' ')
  return { fragment: sql`${select} from ${from} order by ${order}`, rows }
}
