/** Owns the writing of records: JSON text straight from cells, along a form made once per plan. */

/** A row's cells in PostgreSQL's text form. */
export type RowCells = readonly (string | null)[]

/** A field of the output. */
export interface FieldCell {
  /** `"name":`. */
  readonly prefix: string
  readonly at: number
  /** Where it says whether a rule shows the field in this row; -1: it always does. */
  readonly flagAt: number
  readonly toJson: (columnText: string) => string
}

/** A record of the output. Its places count from the start of the row. */
export interface RecordForm {
  readonly fields: readonly FieldCell[]
  /** To-one relations: null where the cell of the related id is. */
  readonly ones: readonly {
    readonly prefix: string
    readonly idAt: number
    readonly form: RecordForm
  }[]
  /** To-many relations: their lists stand ready by block, under this row's number. */
  readonly lists: readonly { readonly prefix: string; readonly block: number }[]
}

/** Lists of related records, written before the records they belong to: `block → number → JSON`. */
export type WrittenLists = readonly (ReadonlyMap<string, string> | undefined)[]

/** Where a record stands: its cells, and what was written of its related records. */
export interface Standing {
  readonly cells: RowCells
  /** Added to every place of the form. */
  readonly offset: number
  readonly lists: WrittenLists
  /** The row's number inside its block. */
  readonly number: string
}

/** Writes one record. */
export function writeRecord(form: RecordForm, standing: Standing): string {
  const { cells, offset } = standing
  let json = ''
  for (const { prefix, at, flagAt, toJson } of form.fields) {
    if (flagAt >= 0 && !isTrue(cells[flagAt + offset])) continue
    const cell = cells[at + offset]
    const text = cell === null || cell === undefined ? 'null' : toJson(cell)
    json += json === '' ? prefix + text : `,${prefix}${text}`
  }
  for (const { prefix, idAt, form: related } of form.ones) {
    const absent = (cells[idAt + offset] ?? null) === null
    json += `,${prefix}${absent ? 'null' : writeRecord(related, standing)}`
  }
  for (const { prefix, block } of form.lists) {
    json += `,${prefix}[${standing.lists[block]?.get(standing.number) ?? ''}]`
  }
  return `{${json}}`
}

/** PostgreSQL prints `t`, and a cast to text `true`. */
export function isTrue(cell: string | null | undefined): boolean {
  return cell === 't' || cell === 'true'
}
