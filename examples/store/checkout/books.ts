/** Owns the books: what the provider says has moved, written down once, whoever says it first. */

import type { RecordOf } from 'plinth'
import { type CheckoutModels, pounds, type Scope } from './kit.ts'
import type { Seen } from './provider.ts'

type PaymentRecord = RecordOf<CheckoutModels['payment']>

// A message may come late, and speak of an earlier state: a payment never goes back.
const rank = { pending: 0, action_required: 1, authorised: 2, captured: 4 } as const
const ended = { cancelled: 3, declined: 3 } as const
const ranks: Readonly<Record<PaymentRecord['status'], number>> = { ...rank, ...ended }

/**
 * Writes down how a payment stands at the provider. What it captured and refunded only grows, so
 * that the books take the difference: the reply, the webhook and a repetition of either come to the
 * same. Returns the payment as it is now.
 */
export async function book(
  { data, now }: Scope,
  paymentId: string,
  seen: Seen,
): Promise<PaymentRecord> {
  const payment = await data.unrestricted.payment.lock(paymentId)
  const captured = Math.max(payment.captured.amount, seen.captured)
  const refunded = Math.max(payment.refunded.amount, seen.refunded)
  const movements = [
    { type: 'captured', amount: captured - payment.captured.amount },
    { type: 'refunded', amount: refunded - payment.refunded.amount },
  ] as const
  for (const { type, amount } of movements) {
    if (amount === 0) continue
    await data.unrestricted.entry.create({ paymentId, type, amount: pounds(amount), at: now })
  }
  const status = ranks[seen.status] >= ranks[payment.status] ? seen.status : payment.status
  return data.unrestricted.payment.update(paymentId, {
    ...{ status, providerId: seen.id },
    captured: pounds(captured),
    refunded: pounds(refunded),
    // A refund that somebody made at the provider itself has taken its part as well.
    refundOrdered: pounds(Math.max(payment.refundOrdered.amount, refunded)),
    nextAction: status === 'action_required' ? seen.nextAction : null,
  })
}

/** Notes something that people have to look at, in whatever words the provider has put it. */
export async function report(
  { data }: Scope,
  detail: string,
  paymentId: string | null = null,
): Promise<void> {
  await data.unrestricted.discrepancy.create({ paymentId, detail: lineOf(detail) })
}

/** A text of others as one line that fits: a note that were refused would stop the whole step. */
function lineOf(text: string): string {
  const line = text.toWellFormed().replace(/[\s\p{Cc}]+/gu, ' ')
  return [...line].slice(0, 500).join('')
}
