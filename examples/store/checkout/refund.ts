/** Owns giving money back: in part or in full, with the pieces or without them. */

import { boolean, Failure, id, integer, list, money, type RecordOf, text } from 'plinth'
import { book, report } from './books.ts'
import { moneyReturned, orderCancelled, payId, paymentMoved } from './events.ts'
import { type CheckoutModels, checkout, pounds, type Scope } from './kit.ts'
import { ask, persistent, type Seen, seen } from './provider.ts'
import { release, restock, returnCoupons } from './reserve.ts'

type PaymentRecord = RecordOf<CheckoutModels['payment']>
type LineRecord = RecordOf<CheckoutModels['line']>

interface Piece {
  readonly line: string
  readonly quantity: number
}

/** What a refund is made of. */
interface Returning {
  readonly payment: PaymentRecord
  readonly pieces: readonly Piece[]
  readonly amount: number
  readonly restock: boolean
  readonly reason: string | null
}

const failures = {
  not_paid: { detail: 'Nothing has been captured for this order.' },
  too_much: { detail: 'That is more than was captured and not given back yet.' },
  not_bought: { detail: 'More pieces than were bought and not returned yet.' },
} as const

/** Gives money back: for pieces, an amount, or everything that is left. Staff only. */
export const refundOrder = checkout.action('refund', {
  description: 'Gives money back for some pieces, for an amount, or everything that is left.',
  on: 'order',
  input: {
    order: id('order'),
    pieces: list({ line: id('line'), quantity: integer({ min: 1 }) }, { optional: true, min: 1 }),
    amount: money('GBP', { min: 1, optional: true }),
    restock: boolean({ default: true }),
    reason: text({ max: 200, optional: true }),
  },
  output: 'refund',
  allow: ({ me }) => me.is('staff'),
  isolation: 'read committed',
  money: true,
  failures,
  async run(scope) {
    const { input, fail } = scope
    const payment = await lockPayment(scope, input.order)
    if (!payment || payment.captured.amount === 0) throw fail('not_paid')
    const lines = await linesOf(scope, input.order)
    const whole = input.pieces === null && input.amount === null
    const pieces = input.pieces ?? (whole ? leftOf(lines) : [])
    const worth = worthOf(lines, pieces)
    if (worth === undefined) throw fail('not_bought')
    const left = payment.captured.amount - payment.refundOrdered.amount
    const amount = input.amount?.amount ?? (whole ? left : worth)
    const ordered = await orderRefund(scope, { ...input, payment, pieces, amount })
    if (typeof ordered === 'string') throw fail(ordered)
    return ordered
  },
})

/** Takes an order back before it is shipped: what was paid goes back, the pieces on the shelf. */
export const cancelOrder = checkout.action('cancel', {
  description: 'Cancels an order that has not been shipped. What was paid is given back.',
  on: 'order',
  input: { order: id('order'), reason: text({ max: 200, optional: true }) },
  output: 'order',
  allow: ({ me }) => me.signedIn,
  isolation: 'read committed',
  money: true,
  failures: {
    too_late: { detail: 'The order is on its way, or at its end: ask for a refund instead.' },
    being_returned: {
      detail: 'Some of it is on its way back already: ask for a refund of the rest.',
    },
  },
  async run(scope) {
    const { input, data, fail } = scope
    // Under the caller's own rules: who may not see an order may not cancel it.
    await data.order.get(input.order, { fields: ['status'] })
    const payment = await lockPayment(scope, input.order)
    const order = await data.unrestricted.order.lock(input.order)
    if (order.status === 'open') {
      await withdraw(scope, order.id, payment)
      return data.unrestricted.order.get(order.id)
    }
    if (order.status !== 'paid' || !payment) throw fail('too_late')
    const cancelled = await data.unrestricted.order.update(order.id, { status: 'cancelled' })
    const amount = payment.captured.amount - payment.refundOrdered.amount
    const pieces = leftOf(await linesOf(scope, order.id))
    const { reason } = input
    // Coupons before pieces, as they were taken.
    await returnCoupons(scope, order.id)
    const returned =
      amount > 0
        ? await orderRefund(scope, { payment, pieces, amount, restock: true, reason })
        : await returnPieces(scope, pieces)
    if (typeof returned === 'string') throw fail('being_returned')
    return cancelled
  },
})

/** Takes an open order back. One that staff wrote by hand has taken nothing that goes back. */
async function withdraw(
  scope: Scope,
  orderId: string,
  payment: PaymentRecord | undefined,
): Promise<void> {
  if (!payment) {
    await scope.data.unrestricted.order.update(orderId, { status: 'cancelled' })
    scope.emit(orderCancelled, { orderId, reason: 'withdrawn' })
    return
  }
  await release(scope, orderId, 'withdrawn')
  // Its workflow lets go of the money, or sends it back where it was on its way.
  if (await tellWorkflow(scope, orderId)) return
  await returnUnwanted(scope, payment)
  const detail = 'Cancelled, and nothing collects its price any more: is something still held?'
  await report(scope, detail, payment.id)
}

/** False where the workflow of an order has ended, or was forgotten since. */
async function tellWorkflow({ signal }: Scope, orderId: string): Promise<boolean> {
  try {
    return await signal(payId(orderId), paymentMoved, { what: 'withdrawn' })
  } catch (error) {
    if (error instanceof Failure && error.code === 'not_found') return false
    throw error
  }
}

/** Sends money back. `too_much` and `not_bought` are refusals: the caller ends its transaction. */
export async function orderRefund(
  scope: Scope,
  { payment, pieces, amount, restock: back, reason }: Returning,
) {
  const { data, start } = scope
  if (amount < 1) return 'too_much'
  const taking = { into: 'refundOrdered', limit: 'captured', quantity: amount } as const
  if (!(await data.unrestricted.payment.takeWithinLimit(payment.id, taking))) return 'too_much'
  if (!(await takeBack(scope, pieces))) return 'not_bought'
  const paymentId = payment.id
  const refund = await data.unrestricted.refund.create({
    ...{ paymentId, amount: pounds(amount), restock: back, reason, pieces: [...pieces] },
  })
  await start(giveBack, { refundId: refund.id }, { id: `refund-${refund.id}` })
  return refund
}

/** What was captured for an order that had come to nothing goes straight back. */
export async function returnUnwanted(scope: Scope, payment: PaymentRecord): Promise<void> {
  const amount = payment.captured.amount - payment.refundOrdered.amount
  if (amount === 0) return
  const reason = 'The order had been cancelled.'
  const ordered = await orderRefund(scope, { payment, pieces: [], amount, restock: false, reason })
  if (typeof ordered !== 'string') return
  await report(scope, `${amount} of a cancelled order do not go back: ${ordered}.`, payment.id)
}

/** Ordered → sent back → booked; where the provider refuses, everything can be ordered again. */
export const giveBack = checkout.workflow('giveBack', {
  description: 'Sends money back by the provider, and writes it down.',
  input: { refundId: id('refund') },
  async run({ input, startedAt, step, external }) {
    const { refundId } = input
    const { providerId, amount } = await step('begin', (scope) => begin(scope, refundId))
    const sent = await external(
      'refund',
      async ({ idempotencyKey }) => {
        const order = { paymentId: providerId, amount, idempotencyKey, intendedAt: startedAt }
        const refunded = await ask((provider) => provider.refund(order))
        if (refunded.outcome === 'declined' || refunded.value.status === 'failed') {
          const reason = refunded.outcome === 'declined' ? refunded.reason : 'failed'
          return { outcome: 'declined', reason, message: reason } as const
        }
        // Its sums are what the books are written by.
        return seen(await ask((provider) => provider.retrieve(providerId)))
      },
      persistent,
    )
    if (sent.outcome === 'ok') {
      await step('booked', (scope) => confirm(scope, refundId, sent.value))
      return { status: 'done' }
    }
    await step('refused', (scope) => refuse(scope, refundId, sent.reason))
    return { status: 'refused' }
  },
})

async function begin({ data }: Scope, refundId: string) {
  const refund = await data.unrestricted.refund.get(refundId, { include: { payment: true } })
  const providerId = refund.payment?.providerId
  if (!providerId) throw new Error(`The payment of the refund ${refundId} is unknown there.`)
  return { providerId, amount: refund.amount }
}

async function confirm(scope: Scope, refundId: string, now: Seen): Promise<void> {
  const { data, emit } = scope
  const refund = await data.unrestricted.refund.lock(refundId)
  const payment = await book(scope, refund.paymentId, now)
  await data.unrestricted.refund.update(refundId, { status: 'done' })
  const order = await data.unrestricted.order.lock(payment.orderId)
  if (refund.restock) await restock(scope, await productsOf(scope, refund.pieces))
  const all = payment.refunded.amount === payment.captured.amount
  if (all && order.status !== 'cancelled') {
    await data.unrestricted.order.update(order.id, { status: 'refunded' })
  }
  emit(moneyReturned, { orderId: order.id, refundId, amount: refund.amount })
}

async function refuse(scope: Scope, refundId: string, reason: string): Promise<void> {
  const { data } = scope
  const { paymentId, amount, pieces } = await data.unrestricted.refund.lock(refundId)
  await data.unrestricted.refund.update(refundId, { status: 'refused', refusal: reason })
  const quantity = amount.amount
  const taking = { into: 'refundOrdered', limit: 'captured', quantity } as const
  await data.unrestricted.payment.giveBack(paymentId, taking)
  for (const piece of pieces) {
    const returning = { into: 'returned', limit: 'quantity', quantity: piece.quantity } as const
    await data.unrestricted.line.giveBack(piece.line, returning)
  }
  await report(scope, `The provider refused a refund of ${quantity}: ${reason}.`, paymentId)
}

async function lockPayment({ data }: Scope, orderId: string): Promise<PaymentRecord | undefined> {
  const { data: found } = await data.unrestricted.payment.find({ filter: { orderId }, limit: 1 })
  return found[0] && data.unrestricted.payment.lock(found[0].id)
}

async function linesOf({ data }: Scope, orderId: string): Promise<readonly LineRecord[]> {
  const { data: lines } = await data.unrestricted.line.find({ filter: { orderId }, limit: 100 })
  return lines
}

function leftOf(lines: readonly LineRecord[]): readonly Piece[] {
  return lines
    .filter(({ quantity, returned }) => quantity > returned)
    .map(({ id: line, quantity, returned }) => ({ line, quantity: quantity - returned }))
}

/**
 * What pieces cost, discounts taken off; undefined where there are not so many. A penny that does
 * not divide is with the first pieces, and pieces go back in their order: returning them one by one
 * comes to the same as all at once.
 */
function worthOf(lines: readonly LineRecord[], pieces: readonly Piece[]): number | undefined {
  if (new Set(pieces.map(({ line }) => line)).size < pieces.length) return undefined
  const worths = pieces.map(({ line, quantity }) => {
    const bought = lines.find((one) => one.id === line)
    if (!bought || bought.returned + quantity > bought.quantity) return undefined
    const { amount } = bought.total
    const dearer = amount % bought.quantity
    const until = (count: number) =>
      Math.floor(amount / bought.quantity) * count + Math.min(count, dearer)
    return until(bought.returned + quantity) - until(bought.returned)
  })
  return worths.reduce<number | undefined>(
    (sum, worth) => (sum === undefined || worth === undefined ? undefined : sum + worth),
    0,
  )
}

/** Puts pieces back for which no money goes back. `not_bought` is a refusal. */
async function returnPieces(scope: Scope, pieces: readonly Piece[]) {
  if (!(await takeBack(scope, pieces))) return 'not_bought'
  await restock(scope, await productsOf(scope, pieces))
  return undefined
}

/** Notes pieces as returned: false where they were not bought, or are returned already. */
async function takeBack({ data }: Scope, pieces: readonly Piece[]): Promise<boolean> {
  for (const { line, quantity } of pieces) {
    const returning = { into: 'returned', limit: 'quantity', quantity } as const
    if (!(await data.unrestricted.line.takeWithinLimit(line, returning))) return false
  }
  return true
}

async function productsOf({ data }: Scope, pieces: readonly Piece[]) {
  const lines = await Promise.all(pieces.map(({ line }) => data.unrestricted.line.get(line)))
  return lines.map(({ productId }, place) => {
    return { productId, quantity: pieces[place]?.quantity ?? 0 }
  })
}
