/** Owns what buyers are written: the receipt, and that money is on its way back. */

import { html, list, text } from 'plinth'
import { moneyReturned, orderCancelled, orderPaid } from './events.ts'
import { checkout, type Scope } from './kit.ts'

const rows = list({ name: text({ max: 300 }), amount: text({ max: 30 }) }, { max: 110 })

/** What was bought and paid. */
export const receipt = checkout.mail('receipt', {
  input: { name: text(), number: text(), rows, total: text() },
  subject: ({ number }) => `Your order ${number}`,
  text: ({ name, number, rows: bought, total }) =>
    [
      `Hello ${name},`,
      '',
      `thank you for your order ${number}.`,
      '',
      ...bought.map((row) => `${row.name}: ${row.amount}`),
      '',
      `Paid: ${total}`,
    ].join('\n'),
  html: ({ name, number, rows: bought, total }) => html`<p>Hello ${name},</p>
    <p>thank you for your order ${number}.</p>
    <table>${bought.map((row) => html`<tr><td>${row.name}</td><td>${row.amount}</td></tr>`)}</table>
    <p>Paid: <b>${total}</b></p>`,
})

/** Money is on its way back. */
export const moneyBack = checkout.mail('moneyBack', {
  input: { name: text(), number: text(), amount: text() },
  subject: ({ number }) => `Money back for your order ${number}`,
  text: ({ name, number, amount }) =>
    `Hello ${name},\n\nwe have sent ${amount} back to you for your order ${number}.`,
})

/** An order came to nothing. */
export const cancelled = checkout.mail('cancelled', {
  input: { name: text(), number: text(), why: text() },
  subject: ({ number }) => `Your order ${number} was cancelled`,
  text: ({ name, number, why }) =>
    `Hello ${name},\n\nyour order ${number} was cancelled: ${why} It costs you nothing.`,
})

checkout.on(orderPaid, async (scope) => {
  const { orderId, total } = scope.event.data
  const buyer = await buyerOf(scope, orderId)
  if (!buyer) return
  const { data: lines } = await scope.data.unrestricted.line.find({
    filter: { orderId },
    include: { product: { fields: ['name'] } },
    sort: ['position'],
    limit: 100,
  })
  const bought = lines.map((line) => ({
    name: `${line.quantity} × ${line.product?.name ?? 'something'}`,
    amount: printed(line.total),
  }))
  const { name, number, to } = buyer
  await scope.send(receipt, { to, input: { name, number, rows: bought, total: printed(total) } })
})

checkout.on(moneyReturned, async (scope) => {
  const { orderId, amount } = scope.event.data
  const buyer = await buyerOf(scope, orderId)
  if (!buyer) return
  const { name, number, to } = buyer
  await scope.send(moneyBack, { to, input: { name, number, amount: printed(amount) } })
})

const reasons = {
  declined: 'the payment was declined.',
  too_late: 'it was not paid in time.',
  withdrawn: 'as you asked.',
} as const

checkout.on(orderCancelled, async (scope) => {
  const { orderId, reason } = scope.event.data
  const buyer = await buyerOf(scope, orderId)
  if (!buyer) return
  const { name, number, to } = buyer
  await scope.send(cancelled, { to, input: { name, number, why: reasons[reason] } })
})

/** Undefined for an order without an address, such as an imported one. */
async function buyerOf({ data }: Scope, orderId: string) {
  const order = await data.unrestricted.order.get(orderId, {
    include: { customer: { include: { user: { fields: ['email', 'name'] } } } },
  })
  const user = order.customer?.user
  if (!user?.email) return undefined
  return { to: user.email, name: user.name ?? 'there', number: order.number }
}

function printed({ amount }: { readonly amount: number }): string {
  const pence = BigInt(amount)
  return `£${pence / 100n}.${String(pence % 100n).padStart(2, '0')}`
}
