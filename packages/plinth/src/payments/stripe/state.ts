/** Owns how Stripe's payments and messages read in the words of the interface. */

import type Stripe from 'stripe'
import { instantText } from '../../base/time.ts'
import type { Money } from '../../kinds/kinds.ts'
import type { Payment, PaymentEvent, PaymentEventType, PaymentStatus, Refund } from '../provider.ts'
import { fromStripe } from './amounts.ts'

/** Where our reference and key stand in Stripe's metadata. */
export const referenceName = 'plinth_reference'
export const keyName = 'plinth_key'

/** A payment as Stripe tells it. */
export function paymentOf(intent: Stripe.PaymentIntent): Payment {
  const { latest_charge: charge } = intent
  const refunded = typeof charge === 'object' && charge !== null ? charge.amount_refunded : 0
  const { currency } = moneyOf(0, intent.currency)
  const status = statusOf(intent)
  return Object.freeze({
    id: intent.id,
    reference: intent.metadata[referenceName] ?? '',
    status,
    amount: moneyOf(intent.amount, intent.currency),
    captured: fromStripe(intent.amount_received, currency),
    refunded: fromStripe(refunded, currency),
    nextAction: status === 'action_required' ? actionOf(intent) : undefined,
  })
}

/** A refund as Stripe tells it. */
export function refundOf(refund: Stripe.Refund): Refund {
  const failed = refund.status === 'failed' || refund.status === 'canceled'
  const done = refund.status === 'succeeded'
  return Object.freeze({
    id: refund.id,
    paymentId: idOf(refund.payment_intent) ?? '',
    amount: moneyOf(refund.amount, refund.currency),
    status: done ? 'done' : failed ? 'failed' : 'pending',
  })
}

function statusOf(intent: Stripe.PaymentIntent): PaymentStatus {
  switch (intent.status) {
    case 'requires_capture':
      return 'authorised'
    case 'succeeded':
      return 'captured'
    case 'canceled':
      return 'cancelled'
    case 'requires_action':
      return 'action_required'
    case 'requires_payment_method':
      return intent.last_payment_error ? 'declined' : 'pending'
    default:
      return 'pending'
  }
}

function actionOf(intent: Stripe.PaymentIntent): string | undefined {
  return intent.next_action?.redirect_to_url?.url ?? intent.client_secret ?? undefined
}

const eventTypes: Readonly<Record<string, PaymentEventType>> = {
  'payment_intent.requires_action': 'payment.action_required',
  'payment_intent.amount_capturable_updated': 'payment.authorised',
  'payment_intent.succeeded': 'payment.captured',
  'payment_intent.canceled': 'payment.cancelled',
  'payment_intent.payment_failed': 'payment.declined',
  'charge.refunded': 'payment.refunded',
  'refund.failed': 'refund.failed',
  'charge.dispute.created': 'payment.disputed',
}

/** A verified message. */
export function eventOf(event: Stripe.Event): PaymentEvent {
  const type = eventTypes[event.type] ?? 'other'
  // Read by form: what a message holds depends on its type, and on what Stripe adds later.
  const object = event.data.object as unknown as { readonly object?: string }
  const payment = type === 'other' ? undefined : paymentIn(object)
  const about = (object as { readonly payment_intent?: string | { readonly id: string } | null })
    .payment_intent
  return Object.freeze({
    id: event.id,
    type,
    name: event.type,
    at: instantText(event.created * 1000),
    payment,
    paymentId: payment?.id ?? idOf(about ?? null),
  })
}

function paymentIn(object: { readonly object?: string }): Payment | undefined {
  // No refund comes before its payment's message, so that a bare charge id means none.
  if (object.object === 'payment_intent') return paymentOf(object as Stripe.PaymentIntent)
  return object.object === 'charge' ? paymentOfCharge(object as Stripe.Charge) : undefined
}

function paymentOfCharge(charge: Stripe.Charge): Payment | undefined {
  const id = idOf(charge.payment_intent)
  if (id === undefined) return undefined
  const { amount, currency } = moneyOf(charge.amount, charge.currency)
  return Object.freeze({
    id,
    reference: charge.metadata[referenceName] ?? '',
    status: charge.captured ? 'captured' : 'authorised',
    amount: { amount, currency },
    captured: fromStripe(charge.amount_captured, currency),
    refunded: fromStripe(charge.amount_refunded, currency),
    nextAction: undefined,
  })
}

function moneyOf(counted: number, stripeCurrency: string): Money {
  const currency = stripeCurrency.toUpperCase()
  return Object.freeze({ amount: fromStripe(counted, currency), currency })
}

function idOf(reference: string | { readonly id: string } | null): string | undefined {
  if (reference === null) return undefined
  return typeof reference === 'string' ? reference : reference.id
}
