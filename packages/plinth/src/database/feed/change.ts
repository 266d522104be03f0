/** Owns the form of changes as the feed tells them: per commit, which rows of which tables. */

import type { Failure } from '../../base/failure.ts'

/** What one transaction changed, told after its commit, in the order of commits. */
export interface Commit {
  /** The end of the commit in the log: as large as any told before. */
  readonly lsn: bigint
  /** The transaction's number, its low 32 bits. */
  readonly transaction: number
  /** By `<schema>.<table>`. */
  readonly tables: ReadonlyMap<string, ChangedTable>
}

/** The changed rows of one table. */
export interface ChangedTable {
  /** Where each column stands in the values of a row, by its name. */
  readonly columns: ReadonlyMap<string, number>
  /** Undefined: too many to be told apart, or the table was emptied. */
  readonly rows: readonly ChangedRow[] | undefined
}

/** A row that was added, changed or removed. */
export interface ChangedRow {
  /** Its primary key in PostgreSQL's text form; of several columns joined by a space. */
  readonly key: string
  /**
   * The row as it is after the change; undefined: it is gone. A cell is undefined where the server
   * left a long value out that did not change.
   */
  readonly values: readonly (string | null | undefined)[] | undefined
}

/** What is followed, and who is told. */
export interface Following {
  readonly publication: string
  /** The slot's name: `[a-z0-9_]`, at most 63; temporary, gone with the connection. */
  readonly slot: string
  /** Gives the opening up: it may have to wait for transactions of others. */
  readonly signal?: AbortSignal
  /** Told of every commit from the moment at which the feed stands. Must not throw. */
  readonly onCommit: (commit: Commit) => void
}

/** A feed that stands. */
export interface Feed {
  /** Resolves with why, once the feed has ended for whatever reason but `close`. */
  readonly lost: Promise<Failure>
  /** Number of the server's process that feeds it. */
  readonly processId: number
  /** Ends it. Resolves when the slot is gone as well. */
  close(): Promise<void>
}
