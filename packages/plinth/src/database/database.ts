/** Owns the contract of a database: statements in, flat rows of text out. Knows no models. */

import type { Failure } from '../base/failure.ts'
import type { Statement } from '../sql/fragment.ts'
import type { Feed, Following } from './feed/change.ts'

/** A statement, with a name where it should be prepared once per connection. */
export interface Query extends Statement {
  /** At most 63 bytes, the same name always for the same text. Absent: not prepared. */
  readonly name?: string
  /**
   * What the rows may be long in all; more is dropped as it comes and fails `query_too_costly`.
   * Absent: any length.
   */
  readonly rowBytesMax?: number
  /**
   * Who asks: `user:<id>`, `network:<address>`. Callers take turns where not all can be served at
   * once, and each may only wait with so many. Absent: the app itself.
   */
  readonly caller?: string | undefined
  /**
   * True: it only reads, so that it may be sent again on another connection where the first is
   * held up. Such statements, once known to be quick, share connections; others never do.
   */
  readonly repeatable?: boolean
  /**
   * True: it has nothing to do with rows that are only added (`Session.append`), so that they may
   * be stored behind it. Reads of records never have.
   */
  readonly apart?: boolean
}

/** A table of our own that rows are only added to, and that no logic reads: see `appending`. */
export interface Appending {
  /** The statement that adds these rows. */
  queryOf(rows: readonly (readonly unknown[])[]): Query
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
   * Runs one statement. Several may be asked for without waiting: in a transaction, or on a
   * connection of one's own, they are sent back to back and answered in their order; where one
   * of a transaction fails, those behind it fail like it.
   *
   * Rejects with a Failure for what a caller can cause (`conflict`,
   * `still_referenced`, `overloaded`, `deadline_exceeded`, `unavailable`, …) whose `cause` is a
   * DatabaseError, so that planners can name the constraint's field.
   */
  query(query: Query): Promise<Rows>
  /**
   * Only in a transaction: adds a row, to be stored together with others just before the commit, or
   * ahead of the next statement that neither only reads nor is `apart`. Rows of one table are
   * stored in their order; where one of them cannot be, the commit fails. Use `append`.
   */
  append?(to: Appending, row: readonly unknown[]): void
}

/** How a transaction runs. */
export interface TransactionOptions {
  /** Default `serializable`. */
  readonly isolation?: 'serializable' | 'repeatable read' | 'read committed'
  readonly readOnly?: boolean
  /** How often it may run in all when PostgreSQL asks for a retry (40001, 40P01). */
  readonly attemptsMax?: number
  /** How long one statement may take, on the server. Default and most: the database's own cap. */
  readonly statementTimeoutMs?: number
  /**
   * How long it may take in all: waiting for a connection and further attempts included, the
   * commit excepted. A statement after that fails with `deadline_exceeded` and nothing is stored.
   * Default: none but the database's own caps.
   */
  readonly timeoutMs?: number
  /**
   * Names at which to queue before it begins: of those that queue at one name, one runs at a time.
   * Its snapshot is taken after the wait, so that it sees what the one before it has committed.
   */
  readonly queueAt?: readonly string[]
  /**
   * Sent with BEGIN, ahead of the first statement; they return no rows. Where one fails, so does
   * the first statement, and nothing runs.
   */
  readonly begins?: readonly Query[]
  /**
   * Present: several works of this name that wait at once may share a transaction. They run one
   * after another and are committed together, as if each had been committed by itself; where that
   * fails the work is run anew, in a transaction of its own.
   */
  readonly shares?: string | undefined
  /** Who takes turns with others where connections are short. Default: the app itself. */
  readonly caller?: string | undefined
}

/** A database: pipelined single statements, and transactions on connections of their own. */
export interface Database extends Session {
  /**
   * Runs the work in one transaction, again where PostgreSQL asks for it (bounded, with jitter).
   * A connection that breaks at COMMIT, and anything that the server remarks while it commits, is
   * a Failure `unavailable` with `outcomeUnknown` on its cause: it is never reported as done or as
   * undone (reliability finding N2). A failed statement that nobody waited for fails the commit.
   */
  transaction<T>(work: (session: Session) => Promise<T>, options?: TransactionOptions): Promise<T>
  /**
   * Runs the work on a dedicated connection without a transaction: DDL, COPY, advisory locks.
   * The connection is discarded afterwards.
   */
  dedicated<T>(work: (session: DedicatedSession) => Promise<T>): Promise<T>
  /**
   * Follows what is committed, from the log of the server: see `openFeed`. Costs a connection and a
   * slot for as long as it is open.
   */
  follow(following: Following): Promise<Feed>
  /** Ends idle connections, waits for busy ones. */
  close(): Promise<void>
}

/** A connection of one's own. */
export interface DedicatedSession extends Session {
  /** Runs several statements of trusted SQL text without parameters (a migration file). */
  script(text: string): Promise<void>
  /**
   * Resolves with a Failure `unavailable` as soon as the connection breaks, and with it every lock
   * that it held; never where the work ends first.
   */
  readonly lost: Promise<Failure>
  /**
   * Hands the payload of every NOTIFY on the channel to the handler, from the moment at which the
   * promise resolves. Messages come in the order of their commits and are lost with the
   * connection: read what was missed after each start. A handler that throws is a bug.
   *
   * @example await session.listen('jobs', () => wake())
   */
  listen(channel: string, onMessage: (payload: string) => void): Promise<void>
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
