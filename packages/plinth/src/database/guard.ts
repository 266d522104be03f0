/** Owns what is asked of a server before it is trusted: its version, and that it is durable. */

import { Failure } from '../base/failure.ts'
import type { Session } from './database.ts'

/** The oldest major version that works. */
export const oldestMajorVersion = 15

/** What a server says of itself. */
export interface ServerReport {
  /** 15, 16, 17, 18 … */
  readonly majorVersion: number
  /** As PostgreSQL prints it, such as `18.4`. */
  readonly version: string
  /** Settings that make acknowledged changes lossy, each with its cure. Empty: durable. */
  readonly risks: readonly DurabilityRisk[]
}

/** A setting with which a crash can lose or damage what was acknowledged. */
export interface DurabilityRisk {
  readonly setting: string
  readonly value: string
  /** One sentence: what it means and how to mend it. */
  readonly detail: string
}

/** What may happen while a setting is off. */
const dangers: Readonly<Record<string, string>> = {
  fsync: 'a power cut can destroy the database',
  full_page_writes: 'a power cut can damage pages beyond repair',
  synchronous_commit: 'a crash can lose changes that were acknowledged',
}

const question = {
  text:
    'select name, setting from pg_catalog.pg_settings where name in ' +
    "('server_version_num', 'server_version', 'fsync', 'full_page_writes', 'synchronous_commit')",
  values: [],
}

/**
 * Reads a server's version and durability. Fails with `configuration_invalid` where the server is
 * too old; risks are only reported: the app refuses them in production and warns elsewhere.
 */
export async function inspectServer(session: Session): Promise<ServerReport> {
  const { rows } = await session.query(question)
  const settings = new Map(rows.map(([name, setting]) => [name, setting ?? '']))
  const majorVersion = Math.floor(Number(settings.get('server_version_num')) / 10_000)
  const version = settings.get('server_version') ?? ''
  if (!(majorVersion >= oldestMajorVersion)) {
    throw new Failure('configuration_invalid', {
      detail:
        `The database server is PostgreSQL ${version}. ` +
        `Plinth needs ${oldestMajorVersion} or later: upgrade the server.`,
    })
  }
  const risks = Object.entries(dangers).flatMap(([setting, danger]) => {
    const value = settings.get(setting)
    if (value !== 'off') return []
    const detail =
      `The server's setting ${setting} is off: ${danger}. ` +
      `Run ALTER SYSTEM SET ${setting} = on; and SELECT pg_reload_conf();`
    return [{ setting, value, detail }]
  })
  return Object.freeze({ majorVersion, version, risks: Object.freeze(risks) })
}

const nothing = { name: 'plinth_ping', text: 'select 1', values: [], repeatable: true }

/** Asks the server for a sign of life. Fails with `unavailable` where there is none. */
export async function ping(session: Session): Promise<void> {
  await session.query(nothing)
}
