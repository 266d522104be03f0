/** Owns a table of the declaration beside the one of the database. */

import { type LiveTable, objectIdentity, type Table, type TableName } from '../schema.ts'

/** A declared table and its live one, after renames. */
export interface Pair {
  readonly desired: Table
  readonly live: LiveTable
  /** The declared one in PostgreSQL's spelling; columns bear the names they had before renames. */
  readonly spelled: LiveTable
  /** The name that a column has in `spelled`. */
  readonly liveName: (column: string) => string
  /** Identities that Plinth made. */
  readonly owned: ReadonlySet<string>
  /** True where it may hold rows. */
  readonly full: boolean
  /** Tables that this migration makes. */
  readonly newTables: ReadonlySet<string>
  /** True for a column that a table had before this migration. */
  readonly stood: (table: TableName, column: string) => boolean
  /** Identities of columns whose values another table takes. */
  readonly taken: ReadonlySet<string>
  /** Collects what is reported and left alone. */
  readonly notes: string[]
}

/** What became of columns, for the objects that stand on them. */
export interface ColumnFates {
  /** Columns that this migration makes: no data of theirs to look at yet. */
  readonly made: ReadonlySet<string>
  /** Columns dropped and made anew, together with every object that stood on them. */
  readonly remade: ReadonlySet<string>
  /** Columns that change their type: data cannot be judged by the new conditions beforehand. */
  readonly retyped: ReadonlySet<string>
  /** Columns that go away; what stands on them goes with them. */
  readonly dropped: ReadonlySet<string>
}

/** Whether Plinth made the object; if not, it is reported and left alone. */
export function isOwn(pair: Pair, object: string, what: string): boolean {
  if (pair.owned.has(objectIdentity(pair.desired, object))) return true
  pair.notes.push(`${what} ${object} on ${pair.desired.label} is not declared; left alone.`)
  return false
}

/** True where the object loses a column and so goes away by itself. */
export function goesAway(fates: ColumnFates, columns: readonly string[]): boolean {
  return columns.some((column) => fates.dropped.has(column) || fates.remade.has(column))
}
