/** Owns turning records of a file into what they say, or the reason why they cannot be taken. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { readCsv } from '../csv/reader.ts'
import type { ByteSource } from '../csv/source.ts'
import type { CsvRecord } from '../csv/splitter.ts'
import type { DetectedFile } from '../dialect/detect.ts'
import { nameKey } from '../dialect/header.ts'
import type { Expect } from './cells.ts'
import type { Importer } from './importer.ts'
import { type Put, putOf } from './put.ts'
import { rejectColumns } from './rejects.ts'
import type { Shapes } from './shape.ts'

/** One row of the file and what came of it. */
export interface ReadRow {
  readonly record: CsvRecord
  /** Its place in the file, from 1, without the header. */
  readonly number: number
  /** What it says; absent where it cannot be taken. */
  readonly puts?: readonly Put[]
  readonly reason?: string
}

/** Rows that were read together. */
export interface RowBatch {
  readonly rows: readonly ReadRow[]
  /** Bytes of the file taken so far. */
  readonly bytes: number
  readonly emptyLines: number
}

/** What is needed to read rows. */
export interface RowReading {
  readonly source: ByteSource
  readonly file: DetectedFile
  readonly importer: Importer
  readonly shapes: Shapes
}

/** Reads a file row by row. Every row of it comes out, taken or with a reason. */
export async function* readRows(reading: RowReading): AsyncGenerator<RowBatch> {
  const { source, file } = reading
  const readOne = rowReader(reading)
  const numberAt = file.dialect.header.findIndex(
    (name) => nameKey(name) === nameKey(rejectColumns.record),
  )
  let count = -1
  for await (const { records, bytes, emptyLines } of readCsv(source, file.dialect)) {
    const rows: ReadRow[] = []
    for (const record of records) {
      count += 1
      if (count > 0) rows.push(readOne(record, originalNumber(record, numberAt) ?? count))
    }
    yield { rows, bytes, emptyLines }
  }
}

/** A corrected reject file remembers the places that its rows had in the file they come from. */
function originalNumber(record: CsvRecord, at: number): number | undefined {
  const text = at === -1 ? '' : (record.cells[at] ?? '').trim()
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined
}

function rowReader(reading: RowReading): (record: CsvRecord, number: number) => ReadRow {
  const { importer, shapes } = reading
  const readCells = cellsReader(reading)
  return (record, number) => {
    if (record.problem !== undefined) return { record, number, reason: record.problem }
    const reasons: string[] = []
    const row = readCells(record, (reason) => reasons.push(reason))
    if (reasons.length > 0) return { record, number, reason: joined(reasons) }
    const puts: Put[] = []
    const put = (model: string, said: object, options?: { readonly otherwise?: object }) => {
      const made = putOf(shapes(model), { said, otherwise: options?.otherwise }, (reason) =>
        reasons.push(reason),
      )
      if (made) puts.push(made)
    }
    const ended = runRow(importer, { row, number, line: record.line, put, reject })
    if (ended !== undefined) return { record, number, reason: ended }
    if (reasons.length > 0) return { record, number, reason: joined(reasons) }
    if (puts.length === 0) return { record, number, reason: 'the importer made nothing of it' }
    return { record, number, puts }
  }
}

function joined(reasons: readonly string[]): string {
  return reasons.slice(0, limits.importProblemsPerRowMax).join('; ')
}

function reject(reason: string): never {
  throw new Failure('invalid_input', { detail: reason })
}

/** Runs the importer's own code; a reason where it ends the row, a bug is passed on. */
function runRow(importer: Importer, scope: Parameters<Importer['row']>[0]): string | undefined {
  try {
    importer.row(scope)
    return undefined
  } catch (error) {
    if (error instanceof Failure && error.code === 'invalid_input') return error.detail
    if (error instanceof Failure) throw error
    const detail = `The importer ${importer.name} broke on line ${scope.line}: ${String(error)}`
    throw new Failure('internal', { detail, cause: error })
  }
}

type CellsReader = (
  record: CsvRecord,
  complain: (reason: string) => void,
) => Readonly<Record<string, unknown>>

interface ColumnReader {
  readonly name: string
  readonly called: string
  readonly place: number
  readonly optional: boolean
  readonly read: (text: string, expect: Expect) => unknown
}

function cellsReader({ file, importer }: RowReading): CellsReader {
  const columns = Object.entries(importer.columns).map(([name, column], index): ColumnReader => {
    const place = file.places[index] ?? -1
    const form = { decimal: file.dialect.decimals.get(place), dates: file.dialect.dates.get(place) }
    const called = file.dialect.header[place] ?? name
    return { name, called, place, optional: column.optional, read: column.reader(form) }
  })
  return (record, complain) => {
    const row: Record<string, unknown> = {}
    for (const column of columns) row[column.name] = readCell(column, record, complain)
    return row
  }
}

function readCell(
  { called, place, optional, read }: ColumnReader,
  record: CsvRecord,
  complain: (reason: string) => void,
): unknown {
  const text = (record.cells[place] ?? '').trim()
  if (text !== '') {
    return read(text, (form) => {
      complain(`${called}: ${shortened(text)} is not ${form}`)
      return undefined
    })
  }
  if (!optional) complain(`${called} is empty`)
  return null
}

function shortened(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
