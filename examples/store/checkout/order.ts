/** Owns the checkout itself: a cart becomes an order, reserved, its payment under way. */

import { money, type RecordOf, text } from 'plinth'
import { type Basketed, basketOf, itemsMax } from './basket.ts'
import { customerOf, lockCart } from './cart.ts'
import { orderPaid, payId } from './events.ts'
import { type CheckoutModels, checkout, pounds, type Scope } from './kit.ts'
import { pay } from './pay.ts'
import { takeCoupons } from './reserve.ts'

type CustomerRecord = RecordOf<CheckoutModels['customer']>

/** One account keeps no more from others by orders that it does not pay. */
const unpaidMax = 10

/**
 * Makes an order of the caller's cart. Prices, promotions and stock are those of this transaction;
 * the payment follows it, and the order is paid a moment later, or waits for the customer.
 */
export const place = checkout.action('checkout', {
  description: 'Makes an order of the cart, reserves its pieces, and begins to collect its price.',
  on: 'order',
  input: {
    method: text({ max: 200, description: "The provider's token for the way to pay." }),
    country: text({ max: 60, optional: true }),
    total: money('GBP', {
      optional: true,
      description: 'What the buyer was shown: where it costs something else now, it is not bought.',
    }),
  },
  output: 'order',
  allow: ({ me }) => me.signedIn,
  // Nothing here rests on the isolation: the cart is locked, stock and coupons are taken by one
  // conditional statement each. So buyers of one thing wait for each other in place of failing.
  isolation: 'read committed',
  money: true,
  failures: {
    cart_empty: { detail: 'The cart is empty: put something into it first.' },
    not_for_sale: { detail: 'Something in the cart cannot be bought any more: take it out.' },
    sold_out: { detail: 'Not enough is left of something in the cart.' },
    price_changed: { detail: 'It costs something else by now: look at the cart again.' },
    too_many_unpaid: {
      status: 429,
      detail: `${unpaidMax} of your orders wait to be paid: pay or cancel one of them first.`,
    },
    coupon_refused: { detail: 'A code does not hold any more: take it out of the cart.' },
  },
  async run(scope) {
    const { input, data, fail, emit, start } = scope
    const cart = await lockCart(scope)
    const customer = (await customerOf(scope)) ?? (await newCustomer(scope, input.country))
    const held = await unpaidOf(scope, customer.id)
    if (held >= unpaidMax) throw fail('too_many_unpaid')
    const basket = await basketOf(scope, { cartId: cart.id, codes: cart.codes, customer })
    if (basket.gone.length > 0) throw fail('not_for_sale')
    if (basket.items.length === 0) throw fail('cart_empty')
    const broken = basket.refused.find(({ reason }) => reason !== 'no_effect')
    if (broken) throw fail('coupon_refused', `The code ${broken.code} does not hold any more.`)
    const { net } = basket.price
    if (input.total && BigInt(input.total.amount) !== net) throw fail('price_changed')
    const order = await writeOrder(scope, { basket, customer, country: input.country })
    const free = net === 0n
    await data.unrestricted.payment.create({
      orderId: order.id,
      amount: pounds(net),
      status: free ? 'captured' : 'pending',
    })
    await emptyCart(scope, cart.id)
    if (free) emit(orderPaid, { orderId: order.id, total: pounds(0) })
    else await start(pay, { orderId: order.id, method: input.method }, { id: payId(order.id) })
    const refused = await takeCoupons(scope, { basket, orderId: order.id, customer })
    if (refused !== undefined) throw fail('coupon_refused', `The code ${refused} is used up.`)
    // Last, so that the rows that everybody wants are held for as short a time as can be.
    const short = await takeStock(scope, basket)
    if (short !== undefined) throw fail('sold_out', `Not enough is left of ${short}.`)
    return order
  },
})

/** The first order makes an account a customer. */
function newCustomer({ data, me }: Scope, country: string | null): Promise<CustomerRecord> {
  const number = `U-${me.id.replaceAll('-', '').slice(-18)}`
  return data.unrestricted.customer.create({ number, userId: me.id, country })
}

/** How many orders of a customer hold pieces that nobody has paid; the cart is locked meanwhile. */
async function unpaidOf({ data }: Scope, customerId: string): Promise<number> {
  const { data: open } = await data.unrestricted.order.find({
    ...{ filter: { customerId, status: 'open' }, fields: ['id'], limit: unpaidMax },
  })
  return open.length
}

/** The cart itself stays: who waits for it finds it empty. */
async function emptyCart({ data }: Scope, cartId: string): Promise<void> {
  const { data: items } = await data.unrestricted.item.find({
    ...{ filter: { cartId }, fields: ['quantity'], limit: itemsMax },
  })
  await Promise.all(items.map(({ id }) => data.unrestricted.item.delete(id)))
  await data.unrestricted.cart.update(cartId, { codes: [] })
}

interface Writing {
  readonly basket: Basketed
  readonly customer: CustomerRecord
  readonly country: string | null
}

async function writeOrder({ data, now }: Scope, { basket, customer, country }: Writing) {
  const { price, items } = basket
  const order = await data.unrestricted.order.create({
    number: `W-${crypto.randomUUID().replaceAll('-', '').slice(0, 16)}`,
    status: price.net === 0n ? 'paid' : 'open',
    placedAt: now,
    customerId: customer.id,
    country: country ?? customer.country,
  })
  for (const [place, { line, discount }] of price.lines.entries()) {
    await data.unrestricted.line.create({
      orderId: order.id,
      position: place + 1,
      productId: items[place]?.productId ?? '',
      quantity: line.quantity,
      unitPrice: pounds(line.unitPrice),
      discount: pounds(discount),
    })
  }
  for (const { promotion, amount } of price.applied) {
    const { id: promotionId, name } = promotion
    const reduction = { orderId: order.id, promotionId, name, amount: pounds(amount) }
    await data.unrestricted.reduction.create(reduction)
  }
  return order
}

/** Takes every piece, in one order for all buyers, so that none waits for one who waits for it. */
async function takeStock({ data }: Scope, { items }: Basketed): Promise<string | undefined> {
  const sorted = [...items].sort((a, b) => (a.productId < b.productId ? -1 : 1))
  for (const { productId, name, line } of sorted) {
    const taking = { from: 'stock', quantity: line.quantity } as const
    const taken = await data.unrestricted.product.takeWithinLimit(productId, taking)
    if (!taken) return name
  }
  return undefined
}
