/** Owns the databases that migration commands work on. */

import { hex, randomBytes } from '../../base/ids.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import type { Database, DatabaseAddress } from '../../database/database.ts'
import { createDatabase, dropDatabase, siblingAddress } from '../../database/databases.ts'
import { openDatabase } from '../../database/open.ts'
import { applyFiles, type InternalSchema } from '../../migrate/migrate.ts'

/** Opens a database for some work. */
export async function withDatabase<T>(
  address: DatabaseAddress,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(address)
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}

/** Where a file is planned. */
export interface PlanningPlace {
  readonly address: DatabaseAddress
  /** True: on a new database beside it, led by the files so far; false: on it as it is. */
  readonly scratch: boolean
  readonly catalog: Catalog
  readonly internal: InternalSchema
  readonly directory: string
}

/** Gives the work a database at the state that the migration files lead to. */
export function withPlanningDatabase<T>(
  place: PlanningPlace,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const { address, scratch } = place
  if (!scratch) return withDatabase(address, work)
  return withDatabase(address, async (server) => {
    const name = `plinth_plan_${hex(randomBytes(6))}`
    await createDatabase(server, { name })
    try {
      return await withDatabase(siblingAddress(address, name), async (database) => {
        await applyFiles({ ...place, database, allowDestructive: true })
        return work(database)
      })
    } finally {
      await dropDatabase(server, name)
    }
  })
}
