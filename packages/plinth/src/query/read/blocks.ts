/**
 * Owns reads with lists or a count: one statement, one snapshot. The page and each list are a
 * block of rows; every row says its block, the row it belongs to, and its place there.
 */

import { assert, present } from '../../base/assert.ts'
import { type Fragment, join, name, raw, sql } from '../../sql/fragment.ts'
import type { RecordForm } from '../answer/writer.ts'
import { Cells } from '../column/cells.ts'
import { stepFrom, type Viewpoint } from '../column/column.ts'
import { filterCondition } from '../column/condition.ts'
import { pageTable, planPage } from './page.ts'
import { type Layout, layRecord, type PendingList } from './record.ts'
import { countOf, type Drawn, type Sketch, sortCells, versionCell } from './sketch.ts'

/** Cells before those of the record: block, `up`, `n`, `id`. */
export const blockCells = 4

/** A block: the body of its common table expression, and how many cells its rows have. */
interface Block {
  readonly body: Fragment
  readonly width: number
  readonly form: RecordForm
}

/** Draws the read. Block 0 is the page, the others are lists; the count is block -1. */
export function drawBlocks(sketch: Sketch): Drawn {
  const pending: Pending[] = []
  const { block, sortAt, versionAt } = rootBlock(sketch, pending)
  const blocks = [block]
  for (const list of pending) {
    assert(blocks.length === list.number, 'blocks come in the order of their numbers')
    blocks.push(listBlock(sketch.view, list, pending))
  }
  const width = Math.max(...blocks.map((each) => each.width))
  const bodies = blocks.map((each, at) => sql`${name(`b${at}`)} as materialized (${each.body})`)
  const parts = blocks.map((each, at) => part(each, { at, width }))
  const count = countOf(sketch)
  // The first part says the types of all: a bare null would be taken for text.
  const nowhere = raw('null::bigint, null::bigint, null::bigint')
  if (count) parts.unshift(sql`select -1, ${nowhere}, (${count})::text${nulls(width - 1)}`)
  const fragment = sql`with ${join(bodies)} ${join(parts, ' union all ')} order by 1, 2, 3`
  const forms = blocks.map((each) => each.form)
  return { fragment, rows: { blocks: forms, parts: true, sortAt, versionAt } }
}

function part({ width: own }: Block, { at, width }: { at: number; width: number }): Fragment {
  const cells = Array.from({ length: own }, (_, index) => sql`${name(`c${index}`)}::text`)
  const place = sql`select ${raw(String(at))}, up, n, id`
  return sql`${place}, ${join(cells)}${nulls(width - own)} from ${name(`b${at}`)}`
}

function nulls(count: number): Fragment {
  return raw(', null'.repeat(count))
}

interface Pending {
  readonly list: PendingList
  readonly number: number
  /** The block whose rows it belongs to. */
  readonly owner: number
}

function rootBlock(
  sketch: Sketch,
  pending: Pending[],
): { block: Block; sortAt: readonly number[]; versionAt: number } {
  const { view, found, shape } = sketch
  const layout: Layout = { cells: new Cells(), joins: [], lists: [] }
  const limit = shape.only === 'get' ? 1 : shape.limit + 1
  const page = planPage(view, { step: found, ...shape, limit })
  const form = layRecord(view, { row: found.row, select: shape.select, firstBlock: 1 }, layout)
  const { table, keys } = pageTable(page, shape.sort, true)
  const sortAt = shape.only === 'get' ? [] : sortCells(sketch, keys, layout.cells)
  const versionAt = shape.only === 'get' ? versionCell(view, found.row, layout.cells) : -1
  queue(layout, { pending, owner: 0 })
  const from = join([table, ...layout.joins], ' ')
  const places = sql`null::bigint as up, ${name('~n')} as n, ${name('~n')} as id`
  const body = sql`select ${places}, ${labelled(layout)} from ${from}`
  return { block: { body, form, width: layout.cells.fragments.length }, sortAt, versionAt }
}

function listBlock(view: Viewpoint, { list, number, owner }: Pending, pending: Pending[]): Block {
  const { relation, shape, keyAt } = list
  const start = name('p', `c${keyAt}`)
  const step = stepFrom(view, start, relation)
  const conditions = [...step.conditions]
  if (shape.filter) {
    const condition = filterCondition(view, step.row, { shape: shape.filter })
    if (condition.constant !== true) conditions.push(condition.fragment ?? raw('false'))
  }
  const layout: Layout = { cells: new Cells(), joins: [], lists: [] }
  const page = planPage(view, { ...shape, step: { ...step, conditions }, seek: undefined })
  const firstBlock = present(pending.at(-1), 'a pending list').number + 1
  const form = layRecord(view, { row: step.row, select: shape.select, firstBlock }, layout)
  const { table } = pageTable(page, shape.sort, true)
  queue(layout, { pending, owner: number })
  const rows = sql`select ${name('~n')} as n, ${labelled(layout)} from ${join([table, ...layout.joins], ' ')}`
  const places = sql`p.id as up, x.n, row_number() over () as id`
  const cells = layout.cells.fragments.map((_, index) => name('x', `c${index}`))
  const source = sql`${name(`b${owner}`)} as p cross join lateral (${rows}) as x`
  const body = sql`select ${places}, ${join(cells)} from ${source}`
  return { body, form, width: cells.length }
}

function queue(
  { lists }: Layout,
  { pending, owner }: { readonly pending: Pending[]; readonly owner: number },
): void {
  for (const list of lists) {
    pending.push({ list, owner, number: (pending.at(-1)?.number ?? 0) + 1 })
  }
}

function labelled({ cells }: Layout): Fragment {
  return join(cells.fragments.map((cell, index) => sql`${cell} as ${name(`c${index}`)}`))
}
