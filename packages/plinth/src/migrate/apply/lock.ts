/** Owns the lock under which the schema is changed: one node works, the others wait. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { monotonicMs, sleep } from '../../base/time.ts'
import type { Database, DedicatedSession } from '../../database/database.ts'
import { raw, sql, statement } from '../../sql/fragment.ts'

/** Any constant does, as long as nobody else takes it: "plinth" in ASCII. */
const key = String(0x706c696e7468)

/**
 * Runs the work on a connection of its own that holds the migration lock. PostgreSQL frees the
 * lock when the connection ends, however it ends. Fails with `unavailable` after `waitMs`.
 */
export function withMigrationLock<T>(
  database: Database,
  work: (session: DedicatedSession) => Promise<T>,
  waitMs: number = limits.migrationLockWaitMs,
): Promise<T> {
  return database.dedicated(async (session) => {
    await take(session, monotonicMs() + waitMs)
    return work(session)
  })
}

/**
 * Asks again and again instead of waiting inside PostgreSQL: a waiting statement holds a snapshot,
 * and an index that is built concurrently by the holder would wait for it for ever.
 */
async function take(session: DedicatedSession, untilMs: number): Promise<void> {
  const attempt = statement(sql`select pg_try_advisory_lock(${raw(key)})`)
  for (;;) {
    const { rows } = await session.query(attempt)
    if (rows[0]?.[0] === 't') return
    if (monotonicMs() >= untilMs) {
      throw new Failure('unavailable', {
        detail: 'Another node is still changing the schema. Wait until it is done, or end it.',
      })
    }
    await sleep(limits.migrationLockPollMs)
  }
}
