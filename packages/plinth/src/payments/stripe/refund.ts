/** Owns refunds at Stripe: keyed, and looked for where the key is forgotten or stuck. */

import type Stripe from 'stripe'
import { declined, ok, orderProblem } from '../outcome.ts'
import type { Outcome, Refund, RefundOrder } from '../provider.ts'
import { toStripe } from './amounts.ts'
import { attempt } from './attempt.ts'
import { keyName, referenceName, refundOf } from './state.ts'

/** Gives money back. `old`: Stripe may have forgotten the key. */
export async function refundWith(
  stripe: Stripe,
  order: RefundOrder,
  old: boolean,
): Promise<Outcome<Refund>> {
  const problem = orderProblem(order)
  if (problem) return problem
  const amount = toStripe(order.amount)
  if (amount === undefined) return declined('refused', 'Stripe cannot say this amount exactly.')
  const earlier = old ? await earlierRefund(stripe, order) : ok(undefined)
  if (earlier.outcome !== 'ok') return earlier
  if (earlier.value) return ok(earlier.value)
  const once = (suffix: string) =>
    attempt(() =>
      stripe.refunds.create(
        {
          payment_intent: order.paymentId,
          amount,
          metadata: {
            [keyName]: order.idempotencyKey,
            ...(order.reference === undefined ? {} : { [referenceName]: order.reference }),
          },
        },
        { idempotencyKey: `${order.idempotencyKey}${suffix}` },
      ),
    )
  const first = await once('')
  if (first.done) return ok(refundOf(first.value))
  if (first.outcome.outcome !== 'unknown' || !first.replayed) return first.outcome
  // Stripe answers this key from its memory for ever; its list says whether money went back.
  const there = await earlierRefund(stripe, order)
  if (there.outcome !== 'ok') return there
  if (there.value) return ok(there.value)
  const second = await once(':2')
  return second.done ? ok(refundOf(second.value)) : second.outcome
}

async function earlierRefund(
  stripe: Stripe,
  { paymentId, idempotencyKey }: RefundOrder,
): Promise<Outcome<Refund | undefined>> {
  const found = await attempt(async () => {
    for await (const refund of stripe.refunds.list({ payment_intent: paymentId, limit: 100 })) {
      if (refund.metadata?.[keyName] === idempotencyKey) return refundOf(refund)
    }
    return undefined
  })
  return found.done ? ok(found.value) : found.outcome
}
