/** Owns patience: steps that cannot get their lock are tried again, a bounded number of times. */

import { Failure } from '../../base/failure.ts'
import { randomFraction } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import { sleep } from '../../base/time.ts'
import { databaseErrorOf } from '../../database/errors.ts'

/** How patient to be. */
export interface Patience {
  /** How long a statement waits for its lock before the queue behind it is let through. */
  readonly lockTimeoutMs?: number
  readonly attemptsMax?: number
}

/** Lock not available, deadlock, serialization failure. */
const passing: ReadonlySet<string> = new Set(['55P03', '40P01', '40001'])

/** Runs the work; again, after a pause, where a lock could not be had. */
export async function patiently<T>(
  what: string,
  work: () => Promise<T>,
  attemptsMax: number = limits.migrationAttemptsMax,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const known = databaseErrorOf(error)
      if (!known) throw error
      if (!passing.has(known.sqlState)) throw broken(what, known.message, error)
      if (attempt >= attemptsMax) throw busy(what, error)
      // The pause lets through whoever queued behind us.
      await sleep(limits.migrationRetryPauseMs * Math.min(attempt, 8) * (0.5 + randomFraction()))
    }
  }
}

function busy(what: string, cause: unknown): Failure {
  return new Failure('overloaded', {
    detail: `${what} Others hold the table for too long: end long transactions, then run it again.`,
    cause,
  })
}

function broken(what: string, message: string, cause: unknown): Failure {
  return new Failure('migration_refused', {
    detail: `${what} PostgreSQL refused: ${message}. Mend this and run it again; it goes on there.`,
    cause,
  })
}
