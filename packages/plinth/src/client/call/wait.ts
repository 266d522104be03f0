/** Owns waiting between tries: how long, and no longer than somebody wants the answer. */

import { randomFraction } from '../../base/ids.ts'
import type { AnyFailure } from './failure.ts'

const firstMs = 250
const mostMs = 8_000

/**
 * Milliseconds before the next try: twice as long each time, with jitter, so that those who failed
 * together do not come back together; never sooner than the server asked for.
 */
export function delayMs(tries: number, { retryAfterSeconds = 0 }: AnyFailure): number {
  const most = Math.min(mostMs, firstMs * 2 ** (tries - 1))
  return Math.max(retryAfterSeconds * 1_000, 0) + most * (0.5 + randomFraction() / 2)
}

/** Resolves after so many milliseconds, or at once where the signal is aborted. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
