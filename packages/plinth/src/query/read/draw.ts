/** Owns the drawing of statements: one select whose rows are the records asked for. */

import { join, sql } from '../../sql/fragment.ts'
import { Cells } from '../column/cells.ts'
import { orderBy } from '../column/seek.ts'
import { isIndexed, joinToPage, pageTable, planPage } from './page.ts'
import { hasRelated, type Layout, layRecord } from './record.ts'
import { countOf, type Drawn, fromFound, type Sketch, sortCells, versionCell } from './sketch.ts'

const none = Object.freeze({ sortAt: Object.freeze([]), versionAt: -1, countAt: -1 })

/** Draws the read of one record. */
export function drawRecord({ view, found, shape }: Sketch): Drawn {
  const layout: Layout = { cells: new Cells(), joins: [] }
  const record = layRecord(view, { row: found.row, select: shape.select }, layout)
  const versionAt = versionCell(view, found.row, layout.cells)
  const idAt = layout.cells.column(view, found.row, 'id')
  const fragment = sql`select ${join(layout.cells.fragments)} ${fromFound(found, layout.joins)}`
  const rows = { ...none, record, idAt, versionAt }
  return { fragment, rows, types: layout.cells.types }
}

/** Draws a list; one row more than the page tells whether there is another page. */
export function drawList(sketch: Sketch): Drawn {
  const { view, found, shape } = sketch
  const layout: Layout = { cells: new Cells(), joins: [] }
  const { cells, joins } = layout
  const page = planPage(view, { step: found, ...shape, limit: shape.limit + 1 })
  const record = layRecord(view, { row: found.row, select: shape.select }, layout)
  const idAt = cells.column(view, found.row, 'id')
  const count = countOf(sketch)
  const ready = !hasRelated(shape.select) || isIndexed(found.row.model, shape.sort)
  if (ready && !count) {
    const sortAt = sortCells(view, { ...found, ...shape, keys: page.keys }, cells)
    const fragment = sql`select ${join(cells.fragments)} ${joinToPage(page, joins)}`
    return { fragment, rows: { ...none, record, idAt, sortAt }, types: cells.types }
  }
  const { table, keys } = pageTable(page, shape.sort)
  const sortAt = sortCells(view, { ...found, ...shape, keys }, cells)
  const order = orderBy(keys, shape.seek?.direction === 'before')
  // The count stands beside every row, and alone where the page is empty.
  const countAt = count ? cells.add(sql`k.count`, 'bigint') : -1
  const counted = count ? sql`(${count}) as k left join ${table} on true` : table
  const from = join([counted, ...joins], ' ')
  const fragment = sql`select ${join(cells.fragments)} from ${from} order by ${order}`
  const rows = { ...none, record, idAt, sortAt, countAt }
  return { fragment, rows, types: cells.types }
}
