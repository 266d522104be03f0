/** Owns what the checkout tells others: facts about orders, and what a payment waits for. */

import { choice, id, money } from 'plinth'
import { checkout } from './kit.ts'

/** An order is paid. */
export const orderPaid = checkout.event(
  'orderPaid',
  { orderId: id('order'), total: money('GBP') },
  { subject: ({ orderId }) => orderId },
)

/** An order came to nothing before it was paid. */
export const orderCancelled = checkout.event(
  'orderCancelled',
  { orderId: id('order'), reason: choice(['declined', 'too_late', 'withdrawn']) },
  { subject: ({ orderId }) => orderId },
)

/** Money went back. */
export const moneyReturned = checkout.event(
  'moneyReturned',
  { orderId: id('order'), refundId: id('refund'), amount: money('GBP') },
  { subject: ({ orderId }) => orderId },
)

/** Something happened to a payment that its workflow waits for. */
export const paymentMoved = checkout.signal('paymentMoved', {
  what: choice(['provider', 'withdrawn']),
})

/** The id of the workflow that collects the price of an order: there is one for each. */
export function payId(orderId: string): string {
  return `pay-${orderId}`
}
