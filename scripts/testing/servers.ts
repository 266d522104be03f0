/** Owns the two PostgreSQL servers that one lane of test files shares, one file after the other. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { plantSabotages } from '../../packages/plinth/src/base/failpoint.ts'
import type { DatabaseAddress } from '../../packages/plinth/src/database/database.ts'
import { startEmbedded } from '../../packages/plinth/src/database/embedded/server.ts'
import { startSystemPostgres } from '../../packages/plinth/src/testing/system-postgres.ts'

/** Servers that run. */
export interface LaneServers {
  /** What test files find them by. */
  readonly environment: Readonly<Record<string, string>>
  stop(): Promise<void>
}

/**
 * Starts the embedded server and the machine's own. What files prove on them is in databases of
 * their own, copied from templates that the next file with the same app finds ready. They are
 * thrown away at the end and nothing of them waits for the disk; a file that proves what survives
 * a crash starts servers of its own.
 */
export async function startServers(): Promise<LaneServers> {
  const directory = await mkdtemp(join(tmpdir(), 'plinth-lane-'))
  plantSabotages(['fsync-off'])
  const [embedded, system] = await Promise.all([
    startEmbedded({ directory, log: () => undefined }),
    startSystemPostgres({ fsync: 'off' }),
  ])
  const { address } = embedded
  const addresses: Record<string, DatabaseAddress> = {
    embedded: address,
    ...(system ? { system: system.address } : {}),
  }
  const place = `host=${encodeURIComponent(address.host)}&port=${address.port}`
  return {
    environment: {
      PLINTH_PROOF_SERVERS: JSON.stringify(addresses),
      PLINTH_TEST_DATABASE_URL: `postgres://${address.user}@/${address.database}?${place}`,
    },
    async stop() {
      await Promise.all([embedded.stop(), system?.stop()])
      await rm(directory, { recursive: true, force: true })
    },
  }
}
