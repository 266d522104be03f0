/** Owns the text form of a list of records: how a statement writes it, and how it is read. */

import { assert } from '../../base/assert.ts'
import { type Fragment, join, raw, sql } from '../../sql/fragment.ts'

// Cells are parted by U+001F, rows by U+001E, as ASCII means them. A cell that may hold anything
// begins with U+0002 and says its length in code points, so that nothing in it parts anything:
//
//   0192…␟42␟␂5:a "b"␟␂:␞0193…␟␟␂0:␟␂2:cd      two rows; the null of a text is `␂:`
const cellEnd = '\x1f'
const rowEnd = '\x1e'
const measured = 0x02

/** A row's cells in PostgreSQL's text form. */
export type RowCells = readonly (string | null)[]

/** A cell of a list's rows, and PostgreSQL's type of it. */
export interface TypedCell {
  readonly fragment: Fragment
  readonly type: string
}

/** Types whose text form is never empty and holds no control characters. */
const plainTypes: ReadonlySet<string> = new Set([
  ...['boolean', 'uuid', 'integer', 'bigint', 'numeric', 'date', 'interval', 'jsonb', 'bytea'],
  'timestamp with time zone',
])

/** PostgreSQL takes a hundred arguments; a cell is at most four. */
const cellsMax = 24

/**
 * Aggregates rows into the text form of a list, in the order in which they come; null where there
 * are none. An array of arrays of texts, or JSON, costs PostgreSQL two fifths more (measured). What
 * is more than a column has to come from a subselect that PostgreSQL does not pull up (one with a
 * limit or an order): a cell may be evaluated twice.
 */
export function listOf(cells: readonly TypedCell[]): Fragment {
  const parts = cells.map((cell, at) => partsOf(cell, at === 0))
  const groups = Array.from({ length: Math.ceil(parts.length / cellsMax) }, (_, at) => {
    return sql`concat(${join(parts.slice(at * cellsMax, (at + 1) * cellsMax))})`
  })
  const [row] = groups
  const whole = groups.length === 1 && row ? row : sql`concat(${join(groups)})`
  return sql`string_agg(${whole}, E'\\x1e')`
}

function partsOf({ fragment, type }: TypedCell, first: boolean): Fragment {
  if (plainTypes.has(type)) return first ? fragment : sql`E'\\x1f', ${fragment}`
  const mark = raw(first ? "E'\\x02'" : "E'\\x1f\\x02'")
  return sql`${mark}, length(${fragment}::text), ':', ${fragment}`
}

/** Reads what `listOf` has written as rows of cells. */
export function readRows(text: string): readonly RowCells[] {
  const rows: RowCells[] = []
  let cells: (string | null)[] = []
  let at = 0
  let row = -1
  for (;;) {
    let end: number
    if (text.charCodeAt(at) === measured) {
      const colon = text.indexOf(':', at)
      assert(colon > 0, 'a measured cell says its length')
      const cell = colon === at + 1 ? null : cut(text, colon + 1, Number(text.slice(at + 1, colon)))
      cells.push(cell)
      end = colon + 1 + (cell?.length ?? 0)
    } else {
      if (row < at) row = endOf(text, rowEnd, at)
      end = Math.min(row, endOf(text, cellEnd, at))
      cells.push(end === at ? null : text.slice(at, end))
    }
    if (end === text.length) {
      rows.push(cells)
      return rows
    }
    if (text[end] === rowEnd) {
      rows.push(cells)
      cells = []
    } else assert(text[end] === cellEnd, 'a cell ends where the next one begins')
    at = end + 1
  }
}

function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from)
  return at < 0 ? text.length : at
}

const wide = /[\ud800-\udbff]/

/** So many code points; what lies beyond the first plane is two units long. */
function cut(text: string, start: number, length: number): string {
  assert(start + length <= text.length, 'a measured cell is as long as it says')
  const cell = text.slice(start, start + length)
  if (!wide.test(cell)) return cell
  let end = start
  for (let count = 0; count < length; count++) end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1
  return text.slice(start, end)
}
