/** Owns the database as the rest sees it: pipelined statements, transactions, own connections. */

import { Failure } from '../base/failure.ts'
import { limits as caps } from '../base/limits.ts'
import type {
  Database,
  DatabaseAddress,
  DedicatedSession,
  Query,
  Rows,
  Session,
  TransactionOptions,
} from './database.ts'
import type { DatabaseLimits } from './database-limits.ts'
import { runDedicated } from './dedicated.ts'
import type { Feed, Following } from './feed/change.ts'
import { openFeed } from './feed/stream.ts'
import type { Lane } from './lanes/lane.ts'
import { readingLane, storingLane } from './lanes/lanes.ts'
import { Pool } from './pool.ts'
import { SharedTransactions } from './shared/shared.ts'
import { runTransaction, type TransactionRun } from './transaction.ts'
import { type ConnectionEvents, type ConnectionOptions, connect } from './wire/connect.ts'
import type { Wire } from './wire/wire.ts'

/** How a database is opened. */
export interface DatabaseOptions {
  readonly limits?: Partial<DatabaseLimits>
}

/**
 * Opens a database. Fails with `unavailable` and a cure where it cannot be reached, refuses the
 * password, or has no database of that name.
 *
 * @example const database = await openDatabase(server.address)
 */
export async function openDatabase(
  address: DatabaseAddress,
  options: DatabaseOptions = {},
): Promise<Database> {
  const database = new OpenDatabase(address, { ...caps, ...options.limits })
  try {
    await database.open()
  } catch (error) {
    await database.close()
    throw error
  }
  return database
}

class OpenDatabase implements Database {
  readonly #address: DatabaseAddress
  readonly #limits: DatabaseLimits
  readonly #reading: Lane
  readonly #storing: Lane
  readonly #pool: Pool
  readonly #shared: SharedTransactions
  #opened = false

  constructor(address: DatabaseAddress, limits: DatabaseLimits) {
    this.#address = address
    this.#limits = limits
    const connect = (events: ConnectionEvents): Promise<Wire> => this.#connect(events)
    const writing = (events: ConnectionEvents): Promise<Wire> => {
      return this.#connect({ ...events, byIndex: true })
    }
    this.#reading = readingLane(limits, connect)
    this.#storing = storingLane(limits, writing)
    this.#pool = new Pool({
      connectionsMax: limits.poolConnectionsMax,
      queueMax: limits.acquireQueueMax,
      acquireTimeoutMs: limits.acquireTimeoutMs,
      connect: (broken) => writing({ broken }),
    })
    this.#shared = new SharedTransactions(this.#pool, limits)
  }

  async open(): Promise<void> {
    await this.#reading.open()
    this.#opened = true
  }

  async #connect(options: ConnectionOptions): Promise<Wire> {
    try {
      return await connect(this.#address, this.#limits, options)
    } catch (cause) {
      // Whoever starts the app is told where the database should be; callers of the app are not.
      if (!this.#opened) throw cause
      const detail = 'The database cannot be reached right now.'
      throw new Failure('unavailable', { detail, retryAfterSeconds: 1, cause })
    }
  }

  /**
   * Reads have connections of their own: what is stored waits for the disk, and reads behind it
   * would wait too. Those that store are more, so that one turn of the disk serves several; they
   * are opened as they are needed.
   */
  query(query: Query): Promise<Rows> {
    const lane = query.text.startsWith('select ') ? this.#reading : this.#storing
    return lane.query(query)
  }

  transaction<T>(
    work: (session: Session) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    const run: TransactionRun = {
      isolation: options.isolation ?? 'serializable',
      readOnly: options.readOnly ?? false,
      attemptsMax: options.attemptsMax ?? this.#limits.transactionAttemptsMax,
      statementTimeoutMs: options.statementTimeoutMs,
      timeoutMs: options.timeoutMs,
      queueAt: options.queueAt ?? [],
      begins: options.begins ?? [],
      caller: options.caller,
    }
    const { shares } = options
    return shares === undefined
      ? runTransaction(this.#pool, work, run)
      : this.#shared.run(shares, work, run)
  }

  dedicated<T>(work: (session: DedicatedSession) => Promise<T>): Promise<T> {
    return runDedicated(this.#address, this.#limits, work)
  }

  follow(following: Following): Promise<Feed> {
    return openFeed(this.#address, caps, following)
  }

  async close(): Promise<void> {
    await Promise.all([this.#reading.close(), this.#storing.close(), this.#pool.close()])
  }
}
