/** Owns the columns of a whole record, for statements that return what they have written. */

import type { CallerFacts } from '../../access/caller.ts'
import type { Catalog, Model } from '../../catalog/catalog.ts'
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
export function recordColumns({
  catalog,
  facts,
  model,
  alias,
}: {
  readonly catalog: Catalog
  readonly facts: CallerFacts
  readonly model: Model
  readonly alias: string
}): RecordColumns {
  const cells = new Cells()
  const names = [...viewOf(catalog, facts, model).fields.keys()]
  const fields = cells.fields(viewpoint(catalog, facts), { model, alias }, names)
  const form = { fields, ones: [], lists: [] }
  return {
    columns: cells.fragments,
    toJson: (row, offset) => writeRecord(form, row, offset),
  }
}
