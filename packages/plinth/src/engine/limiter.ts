/** Owns the counting of calls per caller, in memory: a fixed window for each. */

import { Failure } from '../base/failure.ts'
import type { Clock } from '../base/time.ts'
import type { RateState } from './call.ts'
import type { Limiter } from './runtime.ts'

const windowSeconds = 60

interface Window {
  taken: number
  endsAtMs: number
}

/**
 * Counts calls in windows of a minute. Windows that ended are dropped whenever a minute has
 * passed, so that memory follows the callers of the last minute.
 */
export function callLimiter(clock: Clock, callsPerMinute: number): Limiter {
  const windows = new Map<string, Window>()
  let sweepAtMs = 0
  return {
    take(key) {
      const now = clock.now()
      if (now >= sweepAtMs) {
        for (const [each, window] of windows) if (window.endsAtMs <= now) windows.delete(each)
        sweepAtMs = now + windowSeconds * 1_000
      }
      let window = windows.get(key)
      if (!window || window.endsAtMs <= now) {
        window = { taken: 0, endsAtMs: now + windowSeconds * 1_000 }
        windows.set(key, window)
      }
      window.taken += 1
      const resetSeconds = Math.max(1, Math.ceil((window.endsAtMs - now) / 1_000))
      if (window.taken > callsPerMinute) {
        throw limited(resetSeconds, callsPerMinute)
      }
      return state(callsPerMinute - window.taken, { resetSeconds, limit: callsPerMinute })
    },
  }
}

/** Rate states of failures, so that a door can show them beside the problem. */
const states = new WeakMap<object, RateState>()

/** Where the caller stood when a call failed. */
export function rateOf(failure: object): RateState | undefined {
  return states.get(failure)
}

/** Remembers where the caller stood when a call failed. */
export function noteRate(failure: unknown, rate: RateState): void {
  if (failure instanceof Failure && !states.has(failure)) states.set(failure, rate)
}

function limited(resetSeconds: number, limit: number): Failure {
  const failure = new Failure('rate_limited', {
    detail: `At most ${limit} calls a minute: go on in ${resetSeconds} s.`,
    retryAfterSeconds: resetSeconds,
  })
  noteRate(failure, state(0, { resetSeconds, limit }))
  return failure
}

function state(
  remaining: number,
  { resetSeconds, limit }: { resetSeconds: number; limit: number },
): RateState {
  return { policy: 'calls', limit, remaining, resetSeconds, windowSeconds }
}
