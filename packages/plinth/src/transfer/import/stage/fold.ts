/** Owns merging what the rows of one batch say of the same record, before it is sent. */

import { arrayLiteral } from '../../../kinds/kinds.ts'
import type { Put } from '../put.ts'
import type { ModelShape } from '../shape.ts'

/** What a batch says of one record. */
interface Folded {
  /** The row that spoke of it first. */
  readonly number: number
  readonly cells: (string | null)[]
}

/** What a batch says of the records of one model, each named once. */
export type Fold = Map<string, Folded>

/** Adds what one row says: the first value holds, or the last one where the column says so. */
export function foldPut(fold: Fold, { shape, key, cells }: Put, number: number): void {
  const before = fold.get(key)
  if (!before) {
    fold.set(key, { number, cells: [...cells] })
    return
  }
  for (const [at, cell] of cells.entries()) {
    if (cell !== null && (before.cells[at] === null || shape.columns[at]?.last)) {
      before.cells[at] = cell
    }
  }
}

/** The arrays of keys, numbers, ids and cells that the database takes. */
export function foldArrays(shape: ModelShape, fold: Fold, newId: () => string): readonly string[] {
  const records = [...fold.values()]
  return [
    arrayLiteral([...fold.keys()]),
    arrayLiteral(records.map(({ number }) => String(number))),
    arrayLiteral(records.map(newId)),
    ...shape.columns.map((_, at) => arrayLiteral(records.map(({ cells }) => cells[at] ?? null))),
  ]
}
