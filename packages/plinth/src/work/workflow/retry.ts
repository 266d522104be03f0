/** Owns how long a failed attempt waits for the next, and what is worth another attempt. */

import { Failure } from '../../base/failure.ts'
import type { Retry } from '../../define/logic/logic.ts'
import type { StoredError } from './replay/record.ts'

/** How often a step is tried in all. */
export function attemptsMax({ attemptsMax: max = 10 }: Retry): number {
  return max
}

/**
 * How long to wait after so many failed attempts, in milliseconds. `fraction`, in [0, 1), makes a
 * jitter of a quarter of it.
 */
export function delayAfter(attempts: number, retry: Retry, fraction: number): number {
  const { delayMs = 1_000, factor = 2, delayMsMax = 3_600_000 } = retry
  const whole = Math.min(delayMsMax, delayMs * factor ** (attempts - 1))
  return Math.round(whole * (0.75 + fraction / 2))
}

/** False where the same attempt would fail again: a rule, a missing record, a declared failure. */
export function isWorthRepeating(error: unknown): boolean {
  return !(error instanceof Failure) || error.retryable
}

/** What is kept of an error. The cause underneath stays in the log. */
export function storedError(error: unknown): StoredError {
  if (error instanceof Failure) return { code: error.code, detail: cut(error.detail) }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return { code: 'step_failed', detail: cut(text) }
}

function cut(text: string): string {
  return text.length <= 2_000 ? text : `${text.slice(0, 1_999)}…`
}
