/** Owns the counting of calls per caller, in memory: a fixed window for each. */

import { Failure } from '../base/failure.ts'
import { limits } from '../base/limits.ts'
import type { Clock } from '../base/time.ts'
import type { RateState } from './call.ts'
import type { Limiter } from './runtime.ts'

const windowSeconds = 60
const windowMs = windowSeconds * 1_000

interface Window {
  taken: number
  endsAtMs: number
}

/**
 * Counts calls in windows of a minute. Windows that ended are dropped whenever a minute has
 * passed; where more callers come within one, the windows begun first go. So memory is bounded,
 * whoever calls from however many networks.
 */
export function callLimiter(clock: Clock, callsPerMinute: number): Limiter {
  const windows = new Windows()
  return {
    take(key) {
      const now = clock.now()
      const window = windows.of(key, now)
      window.taken += 1
      const resetSeconds = Math.max(1, Math.ceil((window.endsAtMs - now) / 1_000))
      if (window.taken > callsPerMinute) throw limited(resetSeconds, callsPerMinute)
      return state(callsPerMinute - window.taken, { resetSeconds, limit: callsPerMinute })
    },
  }
}

class Windows {
  readonly #windows = new Map<string, Window>()
  #sweepAtMs = 0

  of(key: string, now: number): Window {
    if (isOver(this.#sweepAtMs, now)) this.#sweep(now)
    const known = this.#windows.get(key)
    if (known && !isOver(known.endsAtMs, now)) return known
    // Put at the end again, so that the first one is the one begun first.
    this.#windows.delete(key)
    const window = { taken: 0, endsAtMs: now + windowMs }
    this.#windows.set(key, window)
    if (this.#windows.size > limits.callersCountedMax) this.#dropFirst()
    return window
  }

  #sweep(now: number): void {
    for (const [key, { endsAtMs }] of this.#windows) {
      if (isOver(endsAtMs, now)) this.#windows.delete(key)
    }
    this.#sweepAtMs = now + windowMs
  }

  #dropFirst(): void {
    for (const key of this.#windows.keys()) {
      this.#windows.delete(key)
      return
    }
  }
}

/** A window also ends where the clock was set back to before it began. */
function isOver(endsAtMs: number, now: number): boolean {
  return endsAtMs <= now || endsAtMs > now + windowMs
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
