/** Owns answers in pieces: the texts of members, for a door that puts them together its own way. */

import { AssertionError, assert, present } from '../../base/assert.ts'
import { type AnswerForm, countOf, foundOf, type Seals, writeList, writeOne } from './answer.ts'
import { type RowCells, readRows } from './lists.ts'
import {
  type ConnectionParts,
  isTrue,
  type ListForm,
  pageOf,
  type RecordForm,
  type SealAt,
} from './writer.ts'

/** Which members of a record are asked for. Members that a rule hides are absent. */
export interface RecordCut {
  readonly members: readonly MemberCut[]
}

/** A member of a record, in the order in which records are written. */
export interface MemberCut {
  /** `"name":`. */
  readonly prefix: string
  /** Absent: its text is kept as it is. */
  readonly below?: RecordCut
  /** True: a connection of records. */
  readonly many?: boolean
}

/** A member's text, an included record, or an included connection; undefined: absent. */
export type Piece = string | Pieces | ConnectionPieces | null | undefined

/** The pieces of a record, in the order of its members. */
export interface Pieces {
  readonly pieces: readonly Piece[]
}

/** A connection in pieces. Texts are JSON; undefined: absent. */
export interface ConnectionPieces {
  readonly records: readonly Pieces[]
  readonly hasNext: string
  readonly hasPrevious: string
  readonly start: string | undefined
  readonly end: string | undefined
  readonly count: string | undefined
}

/** The answer of a read, not yet written. */
export interface Answered {
  /** As it is where nothing else is asked for: JSON. */
  text(): string
  record(cut: RecordCut): Pieces
  connection(cut: RecordCut): ConnectionPieces
}

/** The answer that rows are; undefined where one record was asked for and there is none. */
export function answered(
  form: AnswerForm,
  rows: readonly RowCells[],
  seals: Seals,
): Answered | undefined {
  const one = form.shape.only === 'get'
  if (one && rows.length === 0) return undefined
  const { at: seal } = seals
  return {
    text: () => {
      if (!one) return writeList(form, rows, seals).body
      return present(writeOne(form, rows, seal), 'a record').body
    },
    record: (cut) => piecesOf(layoutOf(form.record, cut), present(rows[0], 'a record'), seal),
    connection(cut) {
      const { shape, record, sortAt } = form
      const connection = present(shape.connection, 'a connection')
      const count = shape.count === undefined ? undefined : String(countOf(rows[0]?.[form.countAt]))
      const { limit, seek } = shape
      const parts = { shape: connection, seek, sortAt, form: record, limit, count }
      return connectionOf(parts, foundOf(form, rows), { cut, seal })
    },
  }
}

/** Where the pieces of a record are among its cells. `index`: its place among the members. */
interface Layout {
  readonly width: number
  readonly fields: readonly {
    readonly index: number
    readonly at: number
    readonly flagAt: number
    readonly toJson: (columnText: string) => string
  }[]
  readonly ones: readonly {
    readonly index: number
    readonly idAt: number
    readonly layout: Layout
  }[]
  readonly lists: readonly {
    readonly index: number
    readonly list: ListForm
    readonly cut: RecordCut
  }[]
  /** Of its cursor; -1: it has none. */
  readonly cursorIndex: number
}

// Forms live as long as their plan, cuts as long as the translation of a document: both are kept
// from call to call.
const layouts = new WeakMap<RecordForm, WeakMap<RecordCut, Layout>>()

function layoutOf(form: RecordForm, cut: RecordCut): Layout {
  let known = layouts.get(form)
  if (known === undefined) {
    known = new WeakMap()
    layouts.set(form, known)
  }
  const layout = known.get(cut) ?? makeLayout(form, cut)
  known.set(cut, layout)
  return layout
}

function makeLayout(form: RecordForm, { members }: RecordCut): Layout {
  const indexes = new Map(members.map(({ prefix }, index) => [prefix, index]))
  const asked = <T extends { readonly prefix: string }>(all: readonly T[]) =>
    all.flatMap((each) => {
      const index = indexes.get(each.prefix)
      return index === undefined ? [] : [{ each, index, below: members[index]?.below }]
    })
  return {
    width: members.length,
    fields: asked(form.fields).map(({ index, each: { at, flagAt, toJson } }) => {
      return { index, at, flagAt, toJson }
    }),
    ones: asked(form.ones).map(({ index, each, below }) => {
      return { index, idAt: each.idAt, layout: layoutOf(each.form, cutOf(each.prefix, below)) }
    }),
    lists: asked(form.lists).map(({ index, each, below }) => {
      return { index, list: each, cut: cutOf(each.prefix, below) }
    }),
    cursorIndex: indexes.get('"$cursor":') ?? -1,
  }
}

function cutOf(prefix: string, below: RecordCut | undefined): RecordCut {
  if (below) return below
  throw new AssertionError(`${prefix} holds records`)
}

function piecesOf(layout: Layout, cells: RowCells, seal: SealAt): { readonly pieces: Piece[] } {
  const pieces: Piece[] = new Array(layout.width).fill(undefined)
  for (const { index, at, flagAt, toJson } of layout.fields) {
    if (flagAt >= 0 && !isTrue(cells[flagAt])) continue
    const cell = cells[at]
    pieces[index] = cell === null || cell === undefined ? 'null' : toJson(cell)
  }
  for (const { index, idAt, layout: below } of layout.ones) {
    pieces[index] = (cells[idAt] ?? null) === null ? null : piecesOf(below, cells, seal)
  }
  for (const { index, list, cut } of layout.lists) {
    pieces[index] = listOf(list, cells, { cut, seal })
  }
  return { pieces }
}

interface Asked {
  readonly cut: RecordCut
  readonly seal: SealAt
}

function listOf(list: ListForm, cells: RowCells, asked: Asked): ConnectionPieces {
  const { at, form, limit, connection } = list
  assert(connection, `${list.relation} is a connection`)
  const cell = cells[at] ?? null
  const rows = cell === null ? [] : readRows(cell)
  const { countAt } = connection
  const count = countAt < 0 ? undefined : String(cells[countAt])
  return connectionOf({ ...connection, form, limit, count }, rows, asked)
}

function connectionOf(
  parts: Omit<ConnectionParts, 'count'> & { readonly count: string | undefined },
  rows: readonly RowCells[],
  { cut, seal }: Asked,
): ConnectionPieces {
  const { kept, hasNext, hasPrevious, cursors } = pageOf(parts, rows, seal)
  const layout = layoutOf(parts.form, cut)
  const records = kept.map((row, at) => {
    const record = piecesOf(layout, row, seal)
    if (layout.cursorIndex >= 0) record.pieces[layout.cursorIndex] = quote(cursors?.[at])
    return record
  })
  return {
    records,
    hasNext: String(hasNext),
    hasPrevious: String(hasPrevious),
    start: cursors && quote(cursors[0]),
    end: cursors && quote(cursors.at(-1)),
    count: parts.count,
  }
}

function quote(cursor: string | undefined): string {
  return cursor === undefined ? 'null' : `"${cursor}"`
}
