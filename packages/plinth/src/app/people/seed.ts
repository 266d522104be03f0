/** Owns the seed: an app's own filling of an empty database, in one transaction, once. */

import { present } from '../../base/assert.ts'
import { instantText } from '../../base/time.ts'
import type { ModelOperation } from '../../catalog/catalog.ts'
import type { Session } from '../../database/database.ts'
import type { Models } from '../../define/infer.ts'
import type { App, SeedScope } from '../../define/kit.ts'
import { isReached, reach } from '../../effects/milestone.ts'
import { runModelOperation } from '../../engine/models.ts'
import { recordAccess } from '../../engine/records.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { Passwords } from '../../identity/passwords.ts'
import { dataOf } from '../data.ts'
import { createUser } from './users.ts'

const milestone = 'seed'
const caller = Object.freeze({ is: 'unrestricted', reason: 'seed' } as const)

/** What seeding stands on. */
export interface SeedParts {
  readonly app: App<unknown>
  readonly runtime: Runtime
  readonly passwords: Passwords
}

/**
 * Runs the app's seed where the database never held anything. Returns the lines that it shows;
 * undefined where there was nothing to do. A kill in the middle leaves nothing: the next start
 * runs it again from the beginning.
 */
export async function seedOnce(parts: SeedParts): Promise<readonly string[] | undefined> {
  const { app, runtime } = parts
  const { seed } = app
  if (!seed || (await isReached(runtime.database, milestone))) return undefined
  const empty = await isEmpty(runtime)
  return runtime.database.transaction(
    async (session) => {
      // Marked first: of two nodes that start at once, the second waits here for the first.
      const now = instantText(runtime.clock.now())
      if (!(await reach(session, milestone, now)) || !empty) return undefined
      const lines: string[] = []
      await seed(scopeOf(parts, session, lines) as never)
      return lines
    },
    { isolation: 'read committed' },
  )
}

function scopeOf(
  { runtime, passwords }: SeedParts,
  session: Session,
  lines: string[],
): SeedScope<Models> {
  const { catalog } = runtime
  const records = recordAccess(runtime, session)
  return {
    data: dataOf(
      catalog,
      (call) => {
        const operation = present(catalog.operations.get(call.operation), call.operation)
        return runModelOperation({ runtime, session, caller, call }, operation as ModelOperation)
      },
      caller,
    ),
    createUser: (user) => createUser({ catalog, records, passwords }, user),
    log: (line) => void lines.push(line),
  }
}

/** A database that people already work with is never seeded, whenever the seed was declared. */
async function isEmpty(runtime: Runtime): Promise<boolean> {
  const records = recordAccess(runtime, runtime.database)
  for (const { name, exposed } of runtime.catalog.models.values()) {
    if (exposed && (await records.find(name, { limit: 1 })).length > 0) return false
  }
  return true
}
