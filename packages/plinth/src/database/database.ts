/** Owns the contract of a database: statements in, flat rows of text out. Knows no models. */

import type { Statement } from '../sql/fragment.ts'

/** A statement, with a name where it should be prepared once per connection. */
export interface Query extends Statement {
  /** At most 63 bytes, the same name always for the same text. Absent: not prepared. */
  readonly name?: string
  /**
   * What the rows may be long in all; more is dropped as it comes and fails `query_too_costly`.
   * Absent: any length.
   */
  readonly rowBytesMax?: number
}

/** What came back: cells in PostgreSQL's text form, in the order of the select list. */
export interface Rows {
  readonly rows: readonly (readonly (string | null)[])[]
  /** Rows returned or touched. */
  readonly count: number
}

/** Anything that runs statements. */
export interface Session {
  /**
   * Runs one statement. Rejects with a Failure for what a caller can cause (`conflict`,
   * `still_referenced`, `overloaded`, `deadline_exceeded`, `unavailable`, …) whose `cause` is a
   * DatabaseError, so that planners can name the constraint's field.
   */
  query(query: Query): Promise<Rows>
}

/** How a transaction runs. */
export interface TransactionOptions {
  /** Default `serializable`. */
  readonly isolation?: 'serializable' | 'repeatable read' | 'read committed'
  readonly readOnly?: boolean
  /** How often it may run in all when PostgreSQL asks for a retry (40001, 40P01). */
  readonly attemptsMax?: number
}

/** A database: pipelined single statements, and transactions on connections of their own. */
export interface Database extends Session {
  /**
   * Runs the work in one transaction, again where PostgreSQL asks for it (bounded, with jitter).
   * A broken connection at COMMIT is a Failure `unavailable` with `outcomeUnknown` on its cause:
   * it is never reported as done or as undone (reliability finding N2).
   */
  transaction<T>(work: (session: Session) => Promise<T>, options?: TransactionOptions): Promise<T>
  /**
   * Runs the work on a dedicated connection without a transaction: DDL, COPY, advisory locks.
   * The connection is discarded afterwards.
   */
  dedicated<T>(work: (session: DedicatedSession) => Promise<T>): Promise<T>
  /** Ends idle connections, waits for busy ones. */
  close(): Promise<void>
}

/** A connection of one's own. */
export interface DedicatedSession extends Session {
  /** Runs several statements of trusted SQL text without parameters (a migration file). */
  script(text: string): Promise<void>
}

/** A PostgreSQL error as the planners need it. `constraint` and `table` never leave the server. */
export interface DatabaseError {
  readonly sqlState: string
  readonly message: string
  readonly constraint?: string
  readonly schema?: string
  readonly table?: string
  readonly column?: string
  readonly outcomeUnknown?: boolean
}

/** Where a database is. One of the two forms. */
export interface DatabaseAddress {
  /** A directory of a Unix socket (starting with `/`) or a host name. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password?: string
  readonly database: string
  /** Present where the address was given as DATABASE_URL. */
  readonly url?: string
}
