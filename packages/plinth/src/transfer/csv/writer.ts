/** Owns writing CSV: quoting, and making cells harmless to spreadsheets. */

import type { Separator } from './splitter.ts'

/** One record as text, with its line break (CRLF, RFC 4180). */
export function csvLine(cells: readonly string[], separator: Separator): string {
  // A lone empty cell would be an empty line, which readers pass over.
  if (cells.length === 1 && cells[0] === '') return '""\r\n'
  return `${cells.map((cell) => quoted(cell, separator)).join(separator)}\r\n`
}

function quoted(cell: string, separator: Separator): string {
  const plain = !/["\r\n]/.test(cell) && !cell.includes(separator) && cell.trim() === cell
  return plain ? cell : `"${cell.replaceAll('"', '""')}"`
}

/**
 * A cell that no spreadsheet takes for a formula (security case L03): text that starts with
 * `=`, `+`, `-`, `@`, a tab or a line break gets an apostrophe before it. Plain numbers stay.
 */
export function harmless(cell: string): string {
  if (!/^[=+\-@\t\r\n]/.test(cell) || /^[+-]?\d+(\.\d+)?$/.test(cell)) return cell
  return `'${cell}`
}
