/** Owns the provider's messages: verified, held against our own books, and acted on once. */

import { Failure, type RecordOf } from 'plinth'
import type { PaymentEvent } from 'plinth/payments'
import { book, report } from './books.ts'
import { payId, paymentMoved } from './events.ts'
import { type CheckoutModels, checkout, type Scope } from './kit.ts'
import { readMessage, type Seen, seen } from './provider.ts'
import { returnUnwanted } from './refund.ts'

type PaymentRecord = RecordOf<CheckoutModels['payment']>

/** What is kept of a message. */
interface Told {
  readonly type: PaymentEvent['type']
  readonly reference: string | null
  readonly payment: Seen | null
  readonly providerId: string | null
}

/** `POST /webhooks/checkout/payments`. */
export const paymentsWebhook = checkout.webhook('payments', {
  async verify({ body, headers, receivedAt }) {
    try {
      const event = await readMessage(body, headers, Date.parse(receivedAt))
      const data = toldBy(event)
      return { id: event.id, data, key: data.reference ?? data.providerId ?? event.id }
    } catch (error) {
      if (error instanceof Failure && error.code === 'invalid_credentials') return undefined
      throw error
    }
  },
  async run(scope) {
    const told = scope.message.data as Told
    if (told.type === 'refund.failed' || told.type === 'payment.disputed') {
      await report(scope, `The provider says ${told.type} of ${told.providerId}.`)
    }
    if (!told.payment || !told.reference) return
    const payment = await paymentOf(scope, told.reference)
    // Somebody else may use the same account at the provider.
    if (!payment) return
    const problem = misfit(payment, told.payment)
    if (problem === undefined) await act(scope, payment, told.payment)
    else await report(scope, `${told.type} ${told.payment.id}: ${problem}`, payment.id)
  },
})

function toldBy({ type, payment, paymentId }: PaymentEvent): Told {
  const known = payment && seen({ outcome: 'ok', value: payment })
  return {
    type,
    reference: payment?.reference || null,
    payment: known?.outcome === 'ok' ? known.value : null,
    providerId: paymentId ?? null,
  }
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

async function paymentOf({ data }: Scope, orderId: string): Promise<PaymentRecord | undefined> {
  if (!uuid.test(orderId)) return undefined
  const { data: found } = await data.unrestricted.payment.find({ filter: { orderId }, limit: 1 })
  return found[0]
}

/** Genuine, and yet not ours: another amount, another currency, another payment. */
function misfit(payment: PaymentRecord, told: Seen): string | undefined {
  const { providerId, amount } = payment
  if (providerId !== null && providerId !== told.id) return `our payment is ${providerId}`
  if (told.currency !== amount.currency) return `it is in ${told.currency}`
  return told.amount === amount.amount ? undefined : `it is of ${told.amount}, not ${amount.amount}`
}

async function act(scope: Scope, known: PaymentRecord, told: Seen): Promise<void> {
  const { data, signal } = scope
  // The payment first, then its order: as everybody else does, so that nobody waits in a circle.
  const before = await data.unrestricted.payment.lock(known.id)
  const now = await book(scope, known.id, told)
  const { status } = await data.unrestricted.order.lock(known.orderId)
  const waits = before.status === 'pending' || before.status === 'action_required'
  const decided = told.status !== 'action_required' && told.status !== 'pending'
  if (status === 'open' && waits && decided) {
    // The workflow asks the provider itself: a message only says that it is worth asking.
    await signal(payId(known.orderId), paymentMoved, { what: 'provider' })
  }
  if (status === 'cancelled') await returnUnwanted(scope, now)
}
