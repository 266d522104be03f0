/** Owns the columns of a whole record, for statements that return what they have written. */

import type { CallerFacts } from '../../access/caller.ts'
import type { RowSource } from '../../access/compile.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import type { Fragment } from '../../sql/fragment.ts'
import { type RowCells, writeRecord } from '../answer/writer.ts'
import { Cells } from '../column/cells.ts'
import { viewpoint } from '../column/column.ts'
import { viewOf } from '../view.ts'

/** What to select of a record, and how to write it. */
export interface RecordColumns {
  readonly columns: readonly Fragment[]
  /** Writes the record whose cells begin at the offset. */
  toJson(cells: RowCells, offset: number): string
}

/** A record with all fields that the caller may read of it, given that it may read the record. */
export function recordColumns(
  { catalog, facts }: { readonly catalog: Catalog; readonly facts: CallerFacts },
  row: RowSource,
): RecordColumns {
  const cells = new Cells()
  const names = [...viewOf(catalog, facts, row.model).fields.keys()]
  const fields = cells.fields(viewpoint(catalog, facts), row, names)
  const form = { fields, ones: [], lists: [] }
  return {
    columns: cells.fragments,
    toJson: (values, offset) => writeRecord(form, values, { offset }),
  }
}
