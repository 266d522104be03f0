/** Owns when a job is to run: what the app's code says of it, as an instant. */

import { invalidInput, type Problem } from '../../base/failure.ts'
import { instantText } from '../../base/time.ts'
import type { EnqueueOptions } from '../../define/logic/scope.ts'
import { instantKind, reporter } from '../../kinds/kinds.ts'

// A hundred years: whoever waits longer has mixed up units, and dates end with the year 9999.
const delayMsMax = 100 * 366 * 86_400_000

/**
 * When a job is due; now where nothing is said. What lies in the past is due at once: between
 * working out a moment and saying it the moment may have come. Fails with `invalid_input` where
 * the delay is no number of milliseconds, the instant none of RFC 3339, or both are given.
 */
export function dueAt(
  { delayMs, runAt }: Pick<EnqueueOptions, 'delayMs' | 'runAt'>,
  nowMs: number,
): string {
  if (runAt === undefined) return instantText(nowMs + Math.max(0, delayOf(delayMs)))
  if (delayMs !== undefined) {
    const detail = 'A job has a delay (delayMs) or an instant (runAt): give one of them.'
    throw invalidInput([{ pointer: '/delayMs', code: 'unknown_field', detail }])
  }
  const problems: Problem[] = []
  const instant = instantKind().check(runAt, reporter(problems, '/runAt'))
  if (instant === undefined) throw invalidInput(problems)
  return instant
}

function delayOf(delayMs: number | undefined): number {
  if (delayMs === undefined) return 0
  if (typeof delayMs === 'number' && delayMs <= delayMsMax) return Math.ceil(delayMs)
  const detail = `The delay of a job is a number of milliseconds up to ${delayMsMax} (100 years).`
  throw invalidInput([{ pointer: '/delayMs', code: 'out_of_range', detail }])
}
