/** Owns the server that a run of proofs is told to use, so that many files share one. */

import { keptServers, testServer } from '../../packages/plinth/src/app/config/config.ts'
import type { DatabaseAddress } from '../../packages/plinth/src/database/database.ts'

/** The server of the whole run; undefined: none was started, so a new one is needed. */
export function givenServer(): DatabaseAddress | undefined {
  return testServer() ?? keptServers().embedded
}
