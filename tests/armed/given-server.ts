/** Owns the server that a run of proofs is told to use, so that many runs share one. */

import { parseDatabaseUrl } from '../../packages/plinth/src/database/address.ts'
import type { DatabaseAddress } from '../../packages/plinth/src/database/database.ts'
import { textArgument } from './arguments.ts'

/** The server that `--server=<URL>` names; undefined: a new one. */
export function givenServer(): DatabaseAddress | undefined {
  const url = textArgument('server')
  return url === undefined ? undefined : parseDatabaseUrl(url)
}
