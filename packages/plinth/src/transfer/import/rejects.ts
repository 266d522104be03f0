/** Owns the reject file: every row that was not taken, why, and its cells as they stood. */

import { type FileHandle, open, rm } from 'node:fs/promises'
import type { CsvRecord, Separator } from '../csv/splitter.ts'
import { csvLine } from '../csv/writer.ts'
import { nameKey } from '../dialect/header.ts'

/**
 * The columns that a reject file has before those of the input. A corrected reject file can be
 * imported as it is: the row's place in the first file is taken from it.
 */
export const rejectColumns = Object.freeze({
  line: 'rejected line',
  record: 'rejected record',
  reason: 'rejected because',
})

/** True for a column that reject files have of their own. */
export function isRejectColumn(name: string): boolean {
  return Object.values(rejectColumns).some((own) => nameKey(own) === nameKey(name))
}

/** A row that was not taken. */
export interface Rejection {
  readonly record: CsvRecord
  readonly number: number
  readonly reason: string
}

/** How the input is written: the reject file is written likewise, in UTF-8. */
export interface RejectForm {
  readonly separator: Separator
  readonly header: readonly string[]
}

/**
 * Writes `<input>.rejects.csv`. A file left by an earlier run is removed at once, so that it is
 * never taken for this one's; a new one is made only when there is something to put in it.
 */
export class RejectFile {
  readonly path: string
  readonly #form: RejectForm
  readonly #kept: readonly number[]
  #file: FileHandle | undefined
  #count = 0

  private constructor(path: string, form: RejectForm) {
    this.path = path
    this.#form = form
    this.#kept = form.header.flatMap((name, place) => (isRejectColumn(name) ? [] : [place]))
  }

  /** Opens it for a run; `input` is the path of the file that is imported. */
  static async start(input: string, form: RejectForm): Promise<RejectFile> {
    const file = new RejectFile(`${input}.rejects.csv`, form)
    await rm(file.path, { force: true })
    return file
  }

  /** Rows written so far. */
  get count(): number {
    return this.#count
  }

  /** Adds rows, in the order of the input. */
  async add(rejections: readonly Rejection[]): Promise<void> {
    if (rejections.length === 0) return
    this.#file ??= await this.#open()
    const lines = rejections.map(({ record, number, reason }) =>
      csvLine(
        [String(record.line), String(number), reason, ...this.#cells(record)],
        this.#form.separator,
      ),
    )
    await this.#file.appendFile(lines.join(''))
    this.#count += rejections.length
  }

  /** Begins again with nothing. */
  async clear(): Promise<void> {
    await this.close()
    await rm(this.path, { force: true })
    this.#count = 0
  }

  /** Lets go of the file; what was added is on disk. */
  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }

  async #open(): Promise<FileHandle> {
    const file = await open(this.path, 'w')
    const { line, record, reason } = rejectColumns
    const names = this.#kept.map((place) => this.#form.header[place] ?? '')
    // The mark tells spreadsheets that the file is UTF-8.
    const header = csvLine([line, record, reason, ...names], this.#form.separator)
    await file.appendFile(`\uFEFF${header}`)
    return file
  }

  #cells({ cells, raw }: CsvRecord): readonly string[] {
    if (raw !== undefined || this.#kept.length === this.#form.header.length) return cells
    const beyond = cells.slice(this.#form.header.length)
    return [...this.#kept.map((place) => cells[place] ?? ''), ...beyond]
  }
}
