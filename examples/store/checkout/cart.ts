/** Owns what a buyer does with a cart: fill it, use a code, and see what it costs. */

import { id, integer, list, money, text } from 'plinth'
import { normalCode } from '../promotions/kit.ts'
import { basketOf, itemsMax } from './basket.ts'
import { checkout, pounds, type Scope } from './kit.ts'

const gbp = money('GBP')

/** So many codes may be tried by one account: who guesses learns next to nothing. */
const tries = { limit: 20, windowMs: 3_600_000 } as const

const quote = {
  items: list({
    product: id('product'),
    name: text(),
    quantity: integer(),
    unitPrice: gbp,
    discount: gbp,
    net: gbp,
  }),
  reductions: list({ name: text(), amount: gbp }),
  refused: list({ code: text(), reason: text() }),
  gone: list(id('product')),
  full: gbp,
  discount: gbp,
  net: gbp,
}

/** Puts products into the caller's cart: a quantity of 0 takes one out. Answers what it costs. */
export const fillCart = checkout.action('fill', {
  description: 'Sets how many of which products are in the cart. 0 takes one out.',
  on: 'cart',
  input: {
    items: list(
      { product: id('product'), quantity: integer({ min: 0, max: 999 }) },
      {
        min: 1,
        max: itemsMax,
      },
    ),
    codes: list(text({ max: 40 }), { max: 5, optional: true }),
  },
  output: quote,
  allow: ({ me }) => me.signedIn,
  isolation: 'read committed',
  failures: {
    not_for_sale: { detail: 'One of the products cannot be bought: take it out.' },
    cart_full: { detail: `A cart holds at most ${itemsMax} different products.` },
    too_many_codes: { status: 429, detail: 'You have tried many codes: try again in an hour.' },
  },
  async run(scope) {
    const { input, data, fail } = scope
    const cart = await lockCart(scope)
    if (!(await mayTry(scope, input.codes ?? [], cart.codes))) throw fail('too_many_codes')
    const wanted = new Map(input.items.map(({ product, quantity }) => [product, quantity]))
    const { data: known } = await data.product.find({
      filter: { id: { in: [...wanted.keys()] }, published: true },
      fields: ['id'],
      limit: itemsMax,
    })
    const sold = new Set(known.map((product) => product.id))
    const { data: there } = await data.unrestricted.item.find({
      filter: { cartId: cart.id },
      limit: itemsMax,
    })
    for (const [productId, quantity] of wanted) {
      const item = there.find((one) => one.productId === productId)
      if (quantity === 0) {
        if (item) await data.unrestricted.item.delete(item.id)
        continue
      }
      if (!sold.has(productId)) throw fail('not_for_sale')
      await data.unrestricted.item.upsert({ cartId: cart.id, productId, quantity })
    }
    const { count = 0 } = await data.unrestricted.item.find({
      ...{ filter: { cartId: cart.id }, count: 'exact', limit: 1 },
    })
    if (count > itemsMax) throw fail('cart_full')
    const codes = input.codes ?? cart.codes
    if (input.codes) await data.unrestricted.cart.update(cart.id, { codes })
    return quoted(scope, { cartId: cart.id, codes })
  },
})

/**
 * Takes one try for each code that is new in the cart, whether or not it turns out to be one: who
 * has no tries left is told nothing more.
 */
async function mayTry(
  { me, takeWithinLimit }: Scope,
  given: readonly string[],
  known: readonly string[],
): Promise<boolean> {
  const before = new Set(known.map(normalCode))
  const quantity = new Set(given.map(normalCode).filter((code) => !before.has(code))).size
  return quantity === 0 || takeWithinLimit({ key: `codes:user:${me.id}`, quantity, ...tries })
}

/** What the caller's cart costs now, and what each promotion takes off. */
export const quoteCart = checkout.action('quote', {
  description: 'What the cart costs now. Nothing is reserved by it.',
  on: 'cart',
  output: quote,
  allow: ({ me }) => me.signedIn,
  isolation: 'read committed',
  async run(scope) {
    const cart = await lockCart(scope)
    return quoted(scope, { cartId: cart.id, codes: cart.codes })
  },
})

/** The caller's cart, kept from changing: two checkouts of one account come after one another. */
export async function lockCart({ data, me }: Scope) {
  const { data: found } = await data.unrestricted.cart.find({
    filter: { userId: me.id },
    fields: ['id'],
    limit: 1,
  })
  const [known] = found
  const { id: cartId } = known ?? (await data.unrestricted.cart.upsert({ userId: me.id }))
  return data.unrestricted.cart.lock(cartId)
}

/** The caller as a customer, where they have bought before. */
export async function customerOf({ data, me }: Scope) {
  const { data: found } = await data.unrestricted.customer.find({
    filter: { userId: me.id },
    limit: 1,
  })
  return found[0]
}

async function quoted(
  scope: Scope,
  { cartId, codes }: { readonly cartId: string; readonly codes: readonly string[] },
) {
  const customer = await customerOf(scope)
  const { items, gone, price, refused } = await basketOf(scope, { cartId, codes, customer })
  return {
    items: price.lines.map(({ discount, net, line }, place) => ({
      product: items[place]?.productId ?? '',
      name: items[place]?.name ?? '',
      quantity: line.quantity,
      unitPrice: pounds(line.unitPrice),
      discount: pounds(discount),
      net: pounds(net),
    })),
    reductions: price.applied.map(({ promotion: { name }, amount }) => {
      return { name, amount: pounds(amount) }
    }),
    ...{ refused, gone },
    ...{ full: pounds(price.full), discount: pounds(price.discount), net: pounds(price.net) },
  }
}
