/** Owns the making of an answer: the rows of a read as the JSON text to send. */

import { createHash } from 'node:crypto'
import { assert, present } from '../../base/assert.ts'
import { limits } from '../../base/limits.ts'
import type { ReadShape } from '../shape.ts'
import { type RecordForm, type RowCells, type WrittenLists, writeRecord } from './writer.ts'

/** The form of a statement's rows. */
export interface RowsForm {
  /** Records by block; block 0 is what was asked for. */
  readonly blocks: readonly RecordForm[]
  /** True where rows say their block, and their place, before the cells of the record. */
  readonly parts: boolean
  /** Cells of the sort keys, for cursors. */
  readonly sortAt: readonly number[]
  /** The cell of the version; -1: none. */
  readonly versionAt: number
}

/** The form of an answer. */
export interface AnswerForm extends RowsForm {
  readonly shape: ReadShape
  /** What the ETag of a record is taken from. */
  readonly etag: 'version' | 'body'
}

/** Seals the sort values of a row as a cursor. */
export type Seal = (cells: RowCells) => string

/** Where a page stands in its list. */
export interface PagePlace {
  readonly next: string | null
  readonly previous: string | null
}

/** A list, as the wire has it. */
export interface ListAnswer {
  /** `{"data":[…],"page":{"next":…,"previous":…},"count":…}` */
  readonly body: string
  readonly page: PagePlace
}

/** A record, as the wire has it. */
export interface RecordAnswer {
  readonly body: string
  /** Undefined where the caller may not read it. */
  readonly version: number | undefined
  /** An entity tag's content, without quotes. */
  readonly etag: string
}

type Rows = readonly RowCells[]

const placeCells = 4
const upAt = 1
const idAt = 3

/** Writes a list. */
export function writeList(form: AnswerForm, rows: Rows, seal: Seal): ListAnswer {
  const { shape } = form
  const parts = form.parts ? splitParts(form, rows) : { lists: [], root: rows, count: undefined }
  const backwards = shape.seek?.direction === 'before'
  const more = parts.root.length > shape.limit
  const kept = more ? parts.root.slice(0, shape.limit) : [...parts.root]
  if (backwards) kept.reverse()
  const data = writeRows(form, kept, parts.lists)
  const cursor = (row: RowCells | undefined): string | null =>
    row ? seal(sortValues(form, row)) : null
  const page = {
    next: backwards || more ? cursor(kept.at(-1)) : null,
    previous: (backwards && more) || shape.seek?.direction === 'after' ? cursor(kept[0]) : null,
  }
  const place = `{"next":${quote(page.next)},"previous":${quote(page.previous)}}`
  return { body: `{"data":[${data}],"page":${place}${countText(shape, parts.count)}}`, page }
}

/** Writes a record; undefined where there is none. */
export function writeOne(form: AnswerForm, rows: Rows): RecordAnswer | undefined {
  const { root, lists } = form.parts ? splitParts(form, rows) : { root: rows, lists: [] }
  const row = root[0]
  if (!row) return undefined
  const body = writeRows(form, [row], lists)
  const cell = form.versionAt < 0 ? null : row[form.versionAt + offsetOf(form)]
  const version = cell === null || cell === undefined ? undefined : Number(cell)
  const exact = form.etag === 'version' && version !== undefined
  return { body, version, etag: exact ? String(version) : bodyTag(body) }
}

function bodyTag(body: string): string {
  return createHash('sha256').update(body).digest('base64url').slice(0, 27)
}

interface Parts {
  readonly root: Rows
  readonly lists: WrittenLists
  readonly count: number | undefined
}

/** Rows come in the order of blocks: from the last to the first, each list stands ready in time. */
function splitParts({ blocks }: AnswerForm, rows: Rows): Parts {
  const byBlock: RowCells[][] = blocks.map(() => [])
  let count: number | undefined
  for (const row of rows) {
    if (row[0] === '-1') count = Number(row[placeCells])
    else present(byBlock[Number(row[0])], 'the block of a row').push(row)
  }
  const lists: (ReadonlyMap<string, string> | undefined)[] = blocks.map(() => undefined)
  for (let block = blocks.length - 1; block > 0; block--) {
    const form = present(blocks[block], 'the form of a block')
    lists[block] = writeLists(form, byBlock[block] ?? [], lists)
  }
  return { root: byBlock[0] ?? [], lists, count }
}

function writeLists(
  form: RecordForm,
  rows: Rows,
  lists: WrittenLists,
): ReadonlyMap<string, string> {
  const written = new Map<string, string>()
  for (const cells of rows) {
    const up = present(cells[upAt], 'the owner of a row')
    const number = present(cells[idAt], 'the number of a row')
    const record = writeRecord(form, { cells, offset: placeCells, lists, number })
    const before = written.get(up)
    written.set(up, before === undefined ? record : `${before},${record}`)
  }
  return written
}

function writeRows(form: AnswerForm, rows: Rows, lists: WrittenLists): string {
  const root = present(form.blocks[0], 'the form of a record')
  const offset = offsetOf(form)
  let json = ''
  for (const cells of rows) {
    const number = form.parts ? (cells[idAt] ?? '') : ''
    const record = writeRecord(root, { cells, offset, lists, number })
    json += json === '' ? record : `,${record}`
  }
  return json
}

function offsetOf({ parts }: RowsForm): number {
  return parts ? placeCells : 0
}

function sortValues(form: AnswerForm, row: RowCells): RowCells {
  const offset = offsetOf(form)
  return form.sortAt.map((at) => row[at + offset] ?? null)
}

function quote(cursor: string | null): string {
  return cursor === null ? 'null' : `"${cursor}"`
}

function countText({ count: asked }: ReadShape, count: number | undefined): string {
  if (asked === undefined) return ''
  assert(count !== undefined, 'a count was selected')
  if (asked === 'exact') return `,"count":${count}`
  const most = limits.countEstimateMax
  return `,"count":${Math.min(count, most)},"countExact":${count <= most}`
}
