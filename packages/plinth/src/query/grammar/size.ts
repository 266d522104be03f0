/** Owns how many records are asked for, and the cap on all records of one read together. */

import { limits } from '../../base/limits.ts'
import type { SelectionShape } from '../shape.ts'
import { below, note, noteExcess, type Parsing, type Place } from './parsing.ts'

/** Parses a number of records. */
export function parseSize(
  parsing: Parsing,
  input: unknown,
  size: {
    readonly place: Place
    readonly most: number
    readonly usual: number
    /** The cap's name in the limits. */
    readonly cap: string
  },
): number {
  if (input === undefined) return size.usual
  const digits = parsing.text && typeof input === 'string' && /^\d{1,9}$/.test(input)
  const count = digits ? Number(input) : input
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 1) {
    note(parsing, size.place, ['wrong_type', `Give a whole number from 1 to ${size.most}.`])
    return size.usual
  }
  if (count <= size.most) return count
  noteExcess(parsing, size.place, `At most ${size.most} at once (${size.cap}): read page by page.`)
  return size.usual
}

/** Refuses a read that could return more records in all than the cap. */
export function checkRows(parsing: Parsing, select: SelectionShape, limit: number): void {
  const rows = limit * rowsPerRecord(select)
  if (rows <= limits.rowsPerReadMax) return
  const most = limits.rowsPerReadMax
  const cap = `This could return ${rows} records of at most ${most} (rowsPerReadMax)`
  const cure = 'lower "limit" of the page or of the includes'
  noteExcess(parsing, below(undefined, 'include'), `${cap}: ${cure}.`)
}

/** A record of a to-one relation comes in the row of the other: it makes that wider, not more. */
function rowsPerRecord({ ones, lists }: SelectionShape): number {
  let rows = 1
  for (const { select } of ones) rows += rowsPerRecord(select) - 1
  for (const { select, limit } of lists) rows += limit * rowsPerRecord(select)
  return rows
}
