/** Owns the second half of a payment at Stripe: taking what is held, or releasing it. */

import type Stripe from 'stripe'
import { declined, ok, orderProblem } from '../outcome.ts'
import type { Cancellation, Capture, Outcome, Payment } from '../provider.ts'
import { toStripe } from './amounts.ts'
import { attempt } from './attempt.ts'
import { expanded, settle } from './lookup.ts'
import { paymentOf } from './state.ts'

/** Takes what is held, once. */
export async function capture(stripe: Stripe, order: Capture): Promise<Outcome<Payment>> {
  const problem = orderProblem(order)
  if (problem) return problem
  const { paymentId, amount, idempotencyKey: key } = order
  const counted = amount && toStripe(amount)
  if (amount && counted === undefined) {
    return declined('refused', 'Stripe cannot say this amount exactly.')
  }
  const params = { ...expanded, ...(counted === undefined ? {} : { amount_to_capture: counted }) }
  const once = (suffix: string) =>
    attempt(() =>
      stripe.paymentIntents.capture(paymentId, params, { idempotencyKey: `${key}${suffix}` }),
    )
  const first = await once('')
  if (first.done) return ok(paymentOf(first.value))
  const standing = await settle(stripe, paymentId, first)
  if (standing?.status === 'captured') {
    const wanted = amount?.amount ?? standing.amount.amount
    return standing.captured === wanted ? ok(standing) : first.outcome
  }
  // Only an authorised payment can be captured, and only once.
  if (standing?.status !== 'authorised' || !first.replayed) return first.outcome
  const second = await once(':2')
  return second.done ? ok(paymentOf(second.value)) : second.outcome
}

/** Releases what is held. */
export async function cancel(stripe: Stripe, order: Cancellation): Promise<Outcome<Payment>> {
  return orderProblem(order) ?? cancelUnder(stripe, order)
}

/** The same under a key of ours, which may be longer than those of others. */
export async function cancelUnder(
  stripe: Stripe,
  { paymentId, idempotencyKey }: Cancellation,
): Promise<Outcome<Payment>> {
  const first = await attempt(() =>
    stripe.paymentIntents.cancel(paymentId, expanded, { idempotencyKey }),
  )
  if (first.done) return ok(paymentOf(first.value))
  const standing = await settle(stripe, paymentId, first)
  return standing?.status === 'cancelled' ? ok(standing) : first.outcome
}
