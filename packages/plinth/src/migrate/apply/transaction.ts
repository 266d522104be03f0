/** Owns transactions on the connection that holds the migration lock. */

import type { DedicatedSession } from '../../database/database.ts'

/** Runs the work in one transaction of the session. */
export async function inTransaction<T>(
  session: DedicatedSession,
  work: () => Promise<T>,
): Promise<T> {
  await session.script('begin')
  let result: T
  try {
    result = await work()
  } catch (error) {
    // The connection may be gone; then PostgreSQL has rolled back already.
    await session.script('rollback').catch(() => undefined)
    throw error
  }
  await session.script('commit')
  return result
}
