/** Owns the course of a delivery: when it is tried again, and when its endpoint is given up. */

import { randomFraction } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import type { PostOutcome } from '../../outbound/post.ts'

const secondMs = 1_000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** Milliseconds before the second attempt, the third, and so on: three days in all. */
export const webhookDelaysMs: readonly number[] = Object.freeze([
  5 * secondMs,
  5 * minuteMs,
  30 * minuteMs,
  2 * hourMs,
  5 * hourMs,
  10 * hourMs,
  14 * hourMs,
  20 * hourMs,
  24 * hourMs,
])

/** What follows from an attempt. */
export type DeliveryStep =
  | { readonly is: 'delivered' }
  /** `afterMs`: how long to wait. */
  | { readonly is: 'again'; readonly afterMs: number }
  | { readonly is: 'dead' }
  /** The endpoint says that it is gone. */
  | { readonly is: 'gone' }

/** What follows from the outcome of an attempt; `tries` counts it. */
export function stepAfter(outcome: PostOutcome, tries: number, nowMs: number): DeliveryStep {
  const { status = 0 } = outcome
  if (outcome.is === 'answered' && status >= 200 && status < 300) return { is: 'delivered' }
  if (outcome.is === 'answered' && status === 410) return { is: 'gone' }
  // An address that may not be called today may not be called tomorrow.
  if (outcome.is === 'refused') return { is: 'dead' }
  const delayMs = webhookDelaysMs[tries - 1]
  if (delayMs === undefined) return { is: 'dead' }
  const jitteredMs = Math.round(delayMs * (0.9 + 0.2 * randomFraction()))
  return { is: 'again', afterMs: Math.max(jitteredMs, retryAfterMs(outcome.retryAfter, nowMs)) }
}

/** What a receiver asks for, at most a day. */
function retryAfterMs(text: string | undefined, nowMs: number): number {
  if (text === undefined) return 0
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * secondMs : Date.parse(text) - nowMs
  return Number.isFinite(waitMs) ? Math.min(Math.max(waitMs, 0), dayMs) : 0
}

/** True where an endpoint has failed for so long that it is switched off. */
export function isGivenUp(failingSince: string | null, nowMs: number): boolean {
  if (failingSince === null) return false
  return nowMs - Date.parse(failingSince) >= limits.webhookDisableAfterDays * dayMs
}
