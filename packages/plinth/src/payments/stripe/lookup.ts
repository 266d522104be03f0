/** Owns looking at what Stripe has: one payment, those of a word, and whether a key still holds. */

import type Stripe from 'stripe'
import { systemClock } from '../../base/time.ts'
import { ok } from '../outcome.ts'
import type { Outcome, Payment } from '../provider.ts'
import { attempt, type Refusal } from './attempt.ts'
import { paymentOf } from './state.ts'

/** Asks for the charge along with its payment: it knows what was refunded. */
export const expanded = { expand: ['latest_charge'] }

// Stripe forgets keys after 24 hours at the earliest.
const keyLifeMs = 20 * 3_600_000

/** True where Stripe may have forgotten the key of an intention. */
export function isOld({ intendedAt }: { readonly intendedAt?: string }): boolean {
  return intendedAt !== undefined && systemClock.now() - Date.parse(intendedAt) > keyLifeMs
}

/** Asks how a payment stands. */
export async function retrieve(stripe: Stripe, paymentId: string): Promise<Outcome<Payment>> {
  const found = await attempt(() => stripe.paymentIntents.retrieve(paymentId, expanded))
  return found.done ? ok(paymentOf(found.value)) : found.outcome
}

/** Finds payments by a word in their metadata. Misses those of the last minute. */
export async function find(
  stripe: Stripe,
  name: string,
  word: string,
): Promise<Outcome<readonly Payment[]>> {
  const query = `metadata['${name}']:'${word.replaceAll(/[\\']/g, '\\$&')}'`
  const found = await attempt(() =>
    stripe.paymentIntents.search({ query, limit: 100, expand: ['data.latest_charge'] }),
  )
  return found.done ? ok(found.value.data.map(paymentOf)) : found.outcome
}

/** How a payment stands after a call that did not succeed; undefined where nobody knows. */
export async function settle(
  stripe: Stripe,
  id: string,
  refusal: Refusal,
): Promise<Payment | undefined> {
  const { outcome, intent } = refusal
  const mistaken = outcome.outcome === 'declined' && outcome.reason !== 'wrong_state'
  if (mistaken) return undefined
  if (intent) return paymentOf(intent)
  const now = await attempt(() => stripe.paymentIntents.retrieve(id, expanded))
  return now.done ? paymentOf(now.value) : undefined
}
