/** Owns which ways of its own a test process has, by the file that it runs. */

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Files that prove what a hash of a password costs, or how long its check takes. */
export const fullCost: readonly string[] = [
  'packages/plinth/src/identity/proof/hashes.test.ts',
  'packages/plinth/src/identity/proof/sessions.test.ts',
  'packages/plinth/src/identity/proof/sign-in.test.ts',
]

/** The options by which a process runs a test file, given from the root of the repository. */
export function preloads(path: string): readonly string[] {
  const names = fullCost.includes(path) ? ['resolve.ts'] : ['resolve.ts', 'hashing.ts']
  return names.map((name) => {
    return `--import=${pathToFileURL(join(import.meta.dirname, name)).href}`
  })
}
