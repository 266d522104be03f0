/** Owns the writing of records: JSON text straight from cells, along a form made once per plan. */

import { type RowCells, readRows } from './lists.ts'

export type { RowCells } from './lists.ts'

/** A field of the output. */
export interface FieldCell {
  /** `"name":`. */
  readonly prefix: string
  readonly at: number
  /** Where it says whether a rule shows the field in this row; -1: it always does. */
  readonly flagAt: number
  readonly toJson: (columnText: string) => string
}

/** A record of the output. */
export interface RecordForm {
  readonly fields: readonly FieldCell[]
  /** To-one relations: null where the cell of the related id is. */
  readonly ones: readonly {
    readonly prefix: string
    readonly idAt: number
    readonly form: RecordForm
  }[]
  /** To-many relations: one cell holds the rows of the list, null where there are none. */
  readonly lists: readonly ListForm[]
}

/** An included list of the output. */
export interface ListForm {
  readonly relation: string
  /** `"lines":`. */
  readonly prefix: string
  readonly at: number
  readonly form: RecordForm
  /** How many rows are written; one more is read, which says that there are more. */
  readonly limit: number
}

/**
 * Writes a record whose places count from the offset. Where an included list is cut at its limit,
 * the member `$more` names it: a sign that no field can have.
 */
export function writeRecord(form: RecordForm, cells: RowCells, offset: number): string {
  let json = ''
  for (const { prefix, at, flagAt, toJson } of form.fields) {
    if (flagAt >= 0 && !isTrue(cells[flagAt + offset])) continue
    const cell = cells[at + offset]
    const text = cell === null || cell === undefined ? 'null' : toJson(cell)
    json += json === '' ? prefix + text : `,${prefix}${text}`
  }
  for (const { prefix, idAt, form: related } of form.ones) {
    const absent = (cells[idAt + offset] ?? null) === null
    json += `,${prefix}${absent ? 'null' : writeRecord(related, cells, offset)}`
  }
  let cut = ''
  for (const { relation, prefix, at, form: related, limit } of form.lists) {
    const list = cells[at + offset] ?? null
    const rows = list === null ? [] : readRows(list)
    const kept = rows.length > limit ? rows.slice(0, limit) : rows
    json += `,${prefix}[${writeRecords(related, kept)}]`
    if (kept !== rows) cut += `${cut === '' ? '' : ','}"${relation}"`
  }
  return cut === '' ? `{${json}}` : `{${json},"$more":[${cut}]}`
}

/** Writes records, with commas between. */
export function writeRecords(form: RecordForm, rows: readonly RowCells[]): string {
  let json = ''
  for (const cells of rows) {
    const record = writeRecord(form, cells, 0)
    json += json === '' ? record : `,${record}`
  }
  return json
}

/** PostgreSQL prints `t`, and a cast to text `true`. */
function isTrue(cell: string | null | undefined): boolean {
  return cell === 't' || cell === 'true'
}
