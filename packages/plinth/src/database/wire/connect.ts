/** Owns opening a connection: reach, prove who we are, fix the settings, hand over the socket. */

import { readFile } from 'node:fs/promises'
import { Client, type ClientConfig } from 'pg'
import { Failure } from '../../base/failure.ts'
import { tlsOf } from '../address.ts'
import type { DatabaseAddress, DatabaseError } from '../database.ts'
import type { StatementLimits } from './statements.ts'
import { type Watcher, Wire } from './wire.ts'

/** Caps of a connection, in milliseconds; 0 means none. */
export interface ConnectionLimits extends StatementLimits {
  readonly connectTimeoutMs: number
  readonly statementTimeoutMs: number
  readonly lockTimeoutMs: number
  readonly idleInTransactionTimeoutMs: number
  readonly transactionTimeoutMs: number
}

/** Who is told what of a connection. */
export interface ConnectionEvents {
  /** Called once, when the connection is gone for whatever reason. */
  readonly broken?: (error: DatabaseError) => void
  readonly watcher?: Watcher
}

/** How a connection is opened. */
export interface ConnectionOptions extends ConnectionEvents {
  /**
   * True: an index is used wherever there is one, however small PostgreSQL thinks a table is.
   * Default false.
   */
  readonly byIndex?: boolean
}

const keepAliveDelayMs = 30_000
/** `transaction_timeout` came with PostgreSQL 17. */
const transactionTimeoutSince = 17

/**
 * Opens a connection. pg does the start (TLS, password), then the socket is handed to a Wire: from
 * there on nothing of pg is on the path. Fails with `unavailable` and a cure.
 */
export async function connect(
  address: DatabaseAddress,
  limits: ConnectionLimits,
  { broken = ignore, watcher, byIndex = false }: ConnectionOptions = {},
): Promise<Wire> {
  const client = new Client(await clientConfiguration(address, limits))
  let version = 0
  client.connection.on('parameterStatus', (status: ParameterStatus) => {
    if (status.parameterName === 'server_version') version = majorOf(status.parameterValue)
  })
  // A broken connection tells so through its Wire; without a listener it would end the process.
  client.on('error', ignore)
  try {
    await client.connect()
  } catch (cause) {
    throw unreachableDatabase(address, cause)
  }
  const { stream } = client.connection
  stream.removeAllListeners('data')
  const wire = new Wire(stream, {
    statements: limits,
    silenceMaxMs: limits.statementTimeoutMs * 2,
    broken,
    ...(watcher === undefined ? {} : { watcher }),
  })
  await wire.script(settings(limits, { version, byIndex }))
  return wire
}

interface ParameterStatus {
  readonly parameterName: string
  readonly parameterValue: string
}

/** `18.4` and `19beta1` alike. */
function majorOf(version: string): number {
  return Number(/^\d+/.exec(version)?.[0] ?? 0)
}

function ignore(): void {
  // Nothing depends on it.
}

/** What pg opens a connection with. */
export async function clientConfiguration(
  address: DatabaseAddress,
  limits: Pick<ConnectionLimits, 'connectTimeoutMs'>,
): Promise<ClientConfig> {
  const tls = tlsOf(address)
  const authority = tls?.authorityFile ? await readAuthority(tls.authorityFile) : undefined
  return {
    host: address.host,
    port: address.port,
    user: address.user,
    database: address.database,
    // A function, because pg takes the environment's password for an absent one.
    password: () => address.password ?? '',
    ssl: tls
      ? {
          rejectUnauthorized: tls.verify !== 'none',
          ...(authority === undefined ? {} : { ca: authority }),
          ...(tls.verify === 'authority' ? { checkServerIdentity: () => undefined } : {}),
        }
      : false,
    application_name: 'plinth',
    connectionTimeoutMillis: limits.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelayMs,
  }
}

async function readAuthority(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new Failure('configuration_invalid', {
      detail: `DATABASE_URL: the file of sslrootcert (${file}) cannot be read.`,
      cause,
    })
  }
}

/**
 * The settings that the rest relies on, in one message. Set by statements and not by startup
 * options, because connection poolers refuse those.
 */
function settings(
  limits: ConnectionLimits,
  { version, byIndex }: { readonly version: number; readonly byIndex: boolean },
): string {
  const values: Record<string, string | number> = {
    DateStyle: 'ISO',
    IntervalStyle: 'iso_8601',
    TimeZone: 'UTC',
    bytea_output: 'hex',
    extra_float_digits: 1,
    client_encoding: 'UTF8',
    standard_conforming_strings: 'on',
    search_path: 'pg_catalog',
    // A warning at COMMIT must reach us, whatever the user's own settings are.
    client_min_messages: 'notice',
    // The server lets go of the locks of a machine that vanished within half a minute.
    tcp_keepalives_idle: 15,
    tcp_keepalives_interval: 5,
    tcp_keepalives_count: 3,
    // Compiling a statement takes longer than any of ours runs: measured 10 times the whole.
    jit: 'off',
    statement_timeout: limits.statementTimeoutMs,
    lock_timeout: limits.lockTimeoutMs,
    idle_in_transaction_session_timeout: limits.idleInTransactionTimeoutMs,
  }
  // A small table is read from end to end, also to check a reference. A serializable transaction
  // that does so conflicts with everybody who adds a row; and the plan of a prepared statement
  // stays when the table has grown.
  if (byIndex) values.enable_seqscan = 'off'
  if (version >= transactionTimeoutSince) values.transaction_timeout = limits.transactionTimeoutMs
  return Object.entries(values)
    .map(([name, value]) => `SET ${name} = '${value}'`)
    .join(';')
}

/** What to do about the commonest reasons. */
const cures: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens there: start PostgreSQL, or correct the host and the port.',
  ENOENT: 'There is no socket: start PostgreSQL, or correct the directory of the socket.',
  ENOTFOUND: 'The host name is not known: correct it.',
  EAI_AGAIN: 'The host name cannot be looked up right now: check the network.',
  '28P01': 'The password is wrong: correct the user or the password.',
  '28000': 'The server does not let this user in: correct the user, or allow it in pg_hba.conf.',
  '3D000': 'The database does not exist: create it, or correct its name.',
  '53300': 'The server has no connection left: raise max_connections, or end others.',
  '57P03': 'The server is starting or stopping: try again in a moment.',
}

function unreachableDatabase(address: DatabaseAddress, cause: unknown): Failure {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const cure = cures[code] ?? 'Check that PostgreSQL runs there and that the address is right.'
  const place = address.host.startsWith('/') ? address.host : `${address.host}:${address.port}`
  return new Failure('unavailable', {
    detail: `The database ${address.database} at ${place} cannot be used. ${cure}`,
    cause,
  })
}
