/** Owns the making of an answer: the rows of a read as the JSON text to send. */

import { present } from '../../base/assert.ts'
import { limits } from '../../base/limits.ts'
import type { ReadShape } from '../shape.ts'
import {
  type RecordForm,
  type RowCells,
  type SealAt,
  writeConnection,
  writeRecord,
  writeRecords,
} from './writer.ts'

/** The form of a statement's rows. Places are cells; -1: there is none. */
export interface RowsForm {
  readonly record: RecordForm
  /** Null in the one row of an empty page that was counted. */
  readonly idAt: number
  /** The sort keys, for cursors. */
  readonly sortAt: readonly number[]
  readonly versionAt: number
  readonly countAt: number
}

/** The form of an answer. */
export interface AnswerForm extends RowsForm {
  readonly shape: ReadShape
}

/** What seals cursors: those of plain lists, and those of connections. */
export interface Seals {
  readonly plain: (cells: RowCells) => string
  readonly at: SealAt
}

/** Where a page stands in its list. */
export interface PagePlace {
  readonly next: string | null
  readonly previous: string | null
}

/** A list, as the wire has it. */
export interface ListAnswer {
  /** `{"data":[…],"page":{"next":…,"previous":…},"count":…}`, or a connection. */
  readonly body: string
  /** Undefined for a connection, which tells its place itself. */
  readonly page: PagePlace | undefined
}

/** A record, as the wire has it. */
export interface RecordAnswer {
  readonly body: string
  /** Undefined where the caller may not read it. */
  readonly version: number | undefined
}

type Rows = readonly RowCells[]

/** Writes a list. */
export function writeList(form: AnswerForm, rows: Rows, { plain, at: seal }: Seals): ListAnswer {
  const { shape } = form
  const found = foundOf(form, rows)
  if (shape.connection) return writeWhole(form, { rows, found }, seal)
  const backwards = shape.seek?.direction === 'before'
  const more = found.length > shape.limit
  const kept = more ? found.slice(0, shape.limit) : [...found]
  if (backwards) kept.reverse()
  const data = writeRecords(form.record, kept)
  const cursor = (row: RowCells | undefined): string | null =>
    row ? plain(form.sortAt.map((at) => row[at] ?? null)) : null
  const page = {
    next: backwards || more ? cursor(kept.at(-1)) : null,
    previous: (backwards && more) || shape.seek?.direction === 'after' ? cursor(kept[0]) : null,
  }
  const place = `{"next":${quote(page.next)},"previous":${quote(page.previous)}}`
  const count = countText(shape, rows[0]?.[form.countAt])
  return { body: `{"data":[${data}],"page":${place}${count}}`, page }
}

/** The rows without the one of an empty page, which only holds the count. */
export function foundOf({ idAt }: AnswerForm, rows: Rows): Rows {
  return rows[0]?.[idAt] === null ? [] : rows
}

interface Found {
  readonly rows: Rows
  /** Without the row that only holds the count. */
  readonly found: Rows
}

function writeWhole(form: AnswerForm, { rows, found }: Found, seal: SealAt): ListAnswer {
  const { shape, record, sortAt } = form
  const { limit, seek } = shape
  const count = countText(shape, rows[0]?.[form.countAt])
  const connection = present(shape.connection, 'a connection')
  const parts = { shape: connection, seek, sortAt, form: record, limit, count }
  return { body: writeConnection(parts, found, { offset: 0, seal }), page: undefined }
}

/** Writes a record; undefined where there is none. */
export function writeOne(form: AnswerForm, rows: Rows, seal?: SealAt): RecordAnswer | undefined {
  const row = rows[0]
  if (!row) return undefined
  const body = writeRecord(form.record, row, { offset: 0, seal })
  const cell = row[form.versionAt] ?? null
  const version = cell === null ? undefined : Number(cell)
  return { body, version }
}

function quote(cursor: string | null): string {
  return cursor === null ? 'null' : `"${cursor}"`
}

function countText({ count: asked }: ReadShape, cell: string | null | undefined): string {
  if (asked === undefined) return ''
  const count = countOf(cell)
  if (asked === 'exact') return `,"count":${count}`
  const most = limits.countEstimateMax
  return `,"count":${Math.min(count, most)},"countExact":${count <= most}`
}

/** What the cell of a count says. */
export function countOf(cell: string | null | undefined): number {
  return Number(present(cell, 'the cell of the count'))
}
