/** Owns the writing of records: JSON text straight from cells, along a form made once per plan. */

import { present } from '../../base/assert.ts'
import type { ConnectionShape, SeekShape } from '../shape.ts'
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
  /** The member's name. */
  readonly relation: string
  /** `"lines":`. */
  readonly prefix: string
  readonly at: number
  readonly form: RecordForm
  /** How many rows are written; one more is read, which says that there are more. */
  readonly limit: number
  /** Absent: a plain list. */
  readonly connection?: ConnectionForm
}

/** What a connection tells beside its rows. Places are cells; none: -1. */
export interface ConnectionForm {
  readonly shape: ConnectionShape
  readonly seek: SeekShape | undefined
  /** Of a row: the sort keys, for cursors. */
  readonly sortAt: readonly number[]
  /** Of the record that the list belongs to. */
  readonly countAt: number
}

/** Seals the sort values of a row as a cursor, under one of the read's bindings. */
export type SealAt = (binding: number, cells: RowCells) => string

/** How records are written. */
export interface Writing {
  /** Where a record's cells begin in its row. */
  readonly offset: number
  /** Undefined where no connection is written. */
  readonly seal?: SealAt | undefined
}

/** Rows as they are, without cursors. */
export const plainly: Writing = Object.freeze({ offset: 0 })

/**
 * Writes a record whose places count from the offset. Where an included list is cut at its limit,
 * the member `$more` names it: a sign that no field can have. A connection tells that itself.
 */
export function writeRecord(form: RecordForm, cells: RowCells, writing: Writing): string {
  const { offset } = writing
  let json = ''
  for (const { prefix, at, flagAt, toJson } of form.fields) {
    if (flagAt >= 0 && !isTrue(cells[flagAt + offset])) continue
    const cell = cells[at + offset]
    const text = cell === null || cell === undefined ? 'null' : toJson(cell)
    json += json === '' ? prefix + text : `,${prefix}${text}`
  }
  for (const { prefix, idAt, form: related } of form.ones) {
    const absent = (cells[idAt + offset] ?? null) === null
    json += `,${prefix}${absent ? 'null' : writeRecord(related, cells, writing)}`
  }
  let cut = ''
  for (const { relation, prefix, at, form: related, limit, connection } of form.lists) {
    const list = cells[at + offset] ?? null
    const rows = list === null ? [] : readRows(list)
    if (connection) {
      const { countAt } = connection
      const count = countAt < 0 ? '' : `,"count":${cells[countAt + offset]}`
      const parts = { ...connection, form: related, limit, count }
      json += `,${prefix}${writeConnection(parts, rows, writing)}`
      continue
    }
    const kept = rows.length > limit ? rows.slice(0, limit) : rows
    json += `,${prefix}[${writeRecords(related, kept, writing)}]`
    if (kept !== rows) cut += `${cut === '' ? '' : ','}"${relation}"`
  }
  return cut === '' ? `{${json}}` : `{${json},"$more":[${cut}]}`
}

/** Writes records, with commas between. */
export function writeRecords(
  form: RecordForm,
  rows: readonly RowCells[],
  { seal }: Writing = plainly,
): string {
  const writing = seal === undefined ? plainly : { offset: 0, seal }
  let json = ''
  for (const cells of rows) {
    const record = writeRecord(form, cells, writing)
    json += json === '' ? record : `,${record}`
  }
  return json
}

/** A connection to write. */
export interface ConnectionParts extends Omit<ConnectionForm, 'countAt'> {
  readonly form: RecordForm
  readonly limit: number
  /** `,"count":…`, or nothing. */
  readonly count: string
}

/** Where a connection stands, and its rows in order. */
export interface ConnectionPage {
  readonly kept: readonly RowCells[]
  readonly hasNext: boolean
  readonly hasPrevious: boolean
  /** Of each row, or of the first and the last alone; undefined where none are asked for. */
  readonly cursors: readonly string[] | undefined
}

/** What of the rows of a connection is told. */
export function pageOf(
  { shape, seek, sortAt, limit }: Omit<ConnectionParts, 'count'>,
  rows: readonly RowCells[],
  seal: SealAt | undefined,
): ConnectionPage {
  const backwards = seek?.direction === 'before'
  const more = rows.length > limit
  const kept = more ? rows.slice(0, limit) : [...rows]
  if (backwards) kept.reverse()
  const begun = seek !== undefined && seek.indexes.length > 0
  const place = { kept, hasNext: backwards ? begun : more, hasPrevious: backwards ? more : begun }
  if (shape.cursors === 'none') return { ...place, cursors: undefined }
  const cursorOf = (row: RowCells): string =>
    present(seal, 'a seal')(
      shape.binding,
      sortAt.map((at) => row[at] ?? null),
    )
  const cursors = kept.map((row, at) =>
    shape.cursors === 'each' || at === 0 || at === kept.length - 1 ? cursorOf(row) : '',
  )
  return { ...place, cursors }
}

/**
 * Writes `{"data":[…],"page":{"hasNext":…,"hasPrevious":…,"start":…,"end":…},"count":…}`. A record
 * with a cursor of its own has it as `$cursor`; the ends are there where cursors are.
 */
export function writeConnection(
  parts: ConnectionParts,
  rows: readonly RowCells[],
  { seal }: Writing,
): string {
  const { shape, form, count } = parts
  const { kept, hasNext, hasPrevious, cursors } = pageOf(parts, rows, seal)
  const place = `"hasNext":${hasNext},"hasPrevious":${hasPrevious}`
  if (cursors === undefined) {
    return `{"data":[${writeRecords(form, kept, { offset: 0, seal })}],"page":{${place}}${count}}`
  }
  const records = kept.map((row, at) => {
    const record = writeRecord(form, row, { offset: 0, seal })
    return shape.cursors === 'each' ? `${record.slice(0, -1)},"$cursor":"${cursors[at]}"}` : record
  })
  const ends = `"start":${quote(cursors[0])},"end":${quote(cursors.at(-1))}`
  return `{"data":[${records.join(',')}],"page":{${place},${ends}}${count}}`
}

function quote(cursor: string | undefined): string {
  return cursor === undefined ? 'null' : `"${cursor}"`
}

/** PostgreSQL prints `t`, and a cast to text `true`. */
export function isTrue(cell: string | null | undefined): boolean {
  return cell === 't' || cell === 'true'
}
