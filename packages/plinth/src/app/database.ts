/** Owns reaching the database of a configuration: given, already running, or started here. */

import type { DatabaseAddress } from '../database/database.ts'
import { announceServer, findServer } from '../database/embedded/running.ts'
import type { Config } from './config/config.ts'
import type { Log } from './log.ts'

/** A database within reach. */
export interface ReachedDatabase {
  readonly address: DatabaseAddress
  /** Ends what was started for it; nothing where it ran before. */
  stop(): Promise<void>
}

/**
 * Reaches the database: DATABASE_URL, the embedded server that a running `plinth dev` or `plinth
 * start` owns, or an embedded server started for as long as this is needed. `announced`: other
 * commands may share it.
 */
export async function reachDatabase(
  config: Config,
  log: Log,
  { announced = false }: { readonly announced?: boolean } = {},
): Promise<ReachedDatabase> {
  const known = config.database ?? (await findServer(config.dataDirectory))
  if (known) return { address: known, stop: async () => undefined }
  const { startEmbedded } = await import('../database/embedded/server.ts')
  const server = await startEmbedded({
    directory: config.dataDirectory,
    log: (line) => log({ level: 'warning', message: `PostgreSQL: ${line}` }),
  })
  const retract = announced
    ? await announceServer(config.dataDirectory, server.address)
    : async () => undefined
  return {
    address: server.address,
    async stop() {
      await retract()
      await server.stop()
    },
  }
}
