/** Owns what a followed list becomes by what the server tells of it. */

/** A row, as far as a list has to know it. */
export interface Row {
  readonly id: string
}

/** One change, as the server tells it. `after`: the row in front of it; null: it is the first. */
export type RowChange =
  | { readonly is: 'leave'; readonly id: string }
  | { readonly is: 'enter'; readonly row: Row; readonly after: string | null }
  | { readonly is: 'change'; readonly row: Row; readonly after?: string | null }
  | { readonly is: 'move'; readonly id: string; readonly after: string | null }

/** The rows after some changes, applied one after the other. What was given stays as it is. */
export function applyChanges(
  before: readonly Row[],
  changes: readonly RowChange[],
): readonly Row[] {
  const rows = [...before]
  for (const change of changes) {
    const id = 'row' in change ? change.row.id : change.id
    const at = rows.findIndex((row) => row.id === id)
    const known = at === -1 ? [] : rows.splice(at, 1)
    if (change.is === 'leave') continue
    const row = 'row' in change ? change.row : known[0]
    if (row === undefined) continue
    rows.splice(placeOf(rows, change, at), 0, row)
  }
  return rows
}

function placeOf(
  rows: readonly Row[],
  { after }: Exclude<RowChange, { is: 'leave' }>,
  at: number,
): number {
  if (after === undefined) return at === -1 ? rows.length : at
  return after === null ? 0 : rows.findIndex((row) => row.id === after) + 1
}
