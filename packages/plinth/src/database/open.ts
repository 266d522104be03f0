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
import { runDedicated } from './dedicated.ts'
import { Pipeline } from './pipeline.ts'
import { Pool } from './pool.ts'
import { runTransaction } from './transaction.ts'
import { connect } from './wire/connect.ts'
import type { Wire } from './wire/wire.ts'

/** The caps of a database. Default: those of base/limits. */
export interface DatabaseLimits {
  readonly poolConnectionsMax: number
  readonly pipelineConnections: number
  readonly storingConnections: number
  readonly pipelineDepthMax: number
  readonly acquireQueueMax: number
  readonly acquireTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly statementTimeoutMs: number
  readonly lockTimeoutMs: number
  readonly idleInTransactionTimeoutMs: number
  readonly transactionTimeoutMs: number
  readonly transactionAttemptsMax: number
  readonly statementCacheMax: number
}

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
  readonly #pipeline: Pipeline
  readonly #storing: Pipeline
  readonly #pool: Pool
  #opened = false

  constructor(address: DatabaseAddress, limits: DatabaseLimits) {
    this.#address = address
    this.#limits = limits
    const open = (broken: () => void): Promise<Wire> => this.#connect(broken)
    this.#pipeline = new Pipeline({
      connections: limits.pipelineConnections,
      depthMax: limits.pipelineDepthMax,
      connect: open,
    })
    this.#storing = new Pipeline({
      connections: limits.storingConnections,
      connectionsAtOnce: 1,
      depthMax: limits.pipelineDepthMax,
      connect: open,
    })
    this.#pool = new Pool({
      connectionsMax: limits.poolConnectionsMax,
      queueMax: limits.acquireQueueMax,
      acquireTimeoutMs: limits.acquireTimeoutMs,
      connect: open,
    })
  }

  async open(): Promise<void> {
    await this.#pipeline.open()
    this.#opened = true
  }

  async #connect(broken: () => void): Promise<Wire> {
    try {
      return await connect(this.#address, this.#limits, broken)
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
    const pipeline = query.text.startsWith('select ') ? this.#pipeline : this.#storing
    return pipeline.query(query)
  }

  transaction<T>(
    work: (session: Session) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    return runTransaction(this.#pool, work, {
      isolation: options.isolation ?? 'serializable',
      readOnly: options.readOnly ?? false,
      attemptsMax: options.attemptsMax ?? this.#limits.transactionAttemptsMax,
      statementTimeoutMs: options.statementTimeoutMs,
      timeoutMs: options.timeoutMs,
    })
  }

  dedicated<T>(work: (session: DedicatedSession) => Promise<T>): Promise<T> {
    return runDedicated(this.#address, this.#limits, work)
  }

  async close(): Promise<void> {
    await Promise.all([this.#pipeline.close(), this.#storing.close(), this.#pool.close()])
  }
}
