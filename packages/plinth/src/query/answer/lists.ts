/** Owns the text form of a list of records: a PostgreSQL array of arrays of texts. */

import { assert } from '../../base/assert.ts'

/** A row's cells in PostgreSQL's text form. */
export type RowCells = readonly (string | null)[]

const quote = 34
const comma = 44
const backslash = 92
const open = 123
const close = 125

/** Reads `{{a,"b c",NULL},{…}}` as rows of cells. */
export function readRows(text: string): readonly RowCells[] {
  const rows: (string | null)[][] = []
  assert(text.charCodeAt(0) === open, 'a list begins with a brace')
  let at = 1
  while (text.charCodeAt(at) === open) {
    const cells: (string | null)[] = []
    while (text.charCodeAt(at) !== close) {
      at++
      const end = text.charCodeAt(at) === quote ? endOfQuoted(text, at) : endOfPlain(text, at)
      cells.push(cellOf(text, at, end))
      at = end
    }
    rows.push(cells)
    // Past the row's brace and the comma after it, or onto the last brace.
    at += text.charCodeAt(at + 1) === comma ? 2 : 1
  }
  assert(at === text.length - 1, 'a list ends with its brace')
  return rows
}

function cellOf(text: string, start: number, end: number): string | null {
  if (text.charCodeAt(start) !== quote) {
    const plain = text.slice(start, end)
    return plain === 'NULL' ? null : plain
  }
  const inner = text.slice(start + 1, end - 1)
  return inner.includes('\\') ? inner.replace(/\\(.)/gs, '$1') : inner
}

function endOfPlain(text: string, start: number): number {
  let at = start
  for (; ; at++) {
    const code = text.charCodeAt(at)
    if (code === comma || code === close) return at
    assert(at < text.length, 'a row ends with its brace')
  }
}

function endOfQuoted(text: string, start: number): number {
  let at = start + 1
  for (; text.charCodeAt(at) !== quote; at++) {
    if (text.charCodeAt(at) === backslash) at++
    assert(at < text.length, 'a quoted text ends with its quote')
  }
  return at + 1
}
