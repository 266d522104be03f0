/** Owns the app of the action benchmark: an order is placed, with everything that belongs to it. */

import { app, belongsTo, id, integer, kit, money, text } from 'plinth'

export const shop = kit('shop', {
  models: {
    product: {
      fields: { name: text({ max: 100 }), price: money('GBP'), stock: integer({ min: 0 }) },
      access: { read: ({ me }) => me.signedIn },
    },
    order: {
      fields: { number: text({ max: 40, unique: true }), total: money('GBP') },
      access: { read: ({ me }) => me.signedIn },
      audit: true,
    },
    line: {
      fields: {
        order: belongsTo('order', { onDelete: 'cascade' }),
        product: belongsTo('product'),
        quantity: integer({ min: 1 }),
        price: money('GBP'),
      },
      access: { read: ({ me }) => me.signedIn },
      audit: true,
    },
  },
})

export const placed = shop.event('placed', { orderId: id('order'), total: integer() })

// Once as every action is by default, and once as the peer's transaction is: what it must keep, it
// keeps by one conditional statement and by constraints.
for (const [name, isolation] of [
  ['place', 'serializable'],
  ['placeReadCommitted', 'read committed'],
] as const) {
  shop.action(name, {
    isolation,
    input: {
      number: text({ max: 40 }),
      product: id('product'),
      quantity: integer({ min: 1, max: 9 }),
    },
    output: { orderId: id('order'), total: integer() },
    allow: ({ me }) => me.signedIn,
    failures: { sold_out: { detail: 'Choose another product.' } },
    async run({ input: { number, product, quantity }, data, emit, fail }) {
      const past = data.unrestricted
      const { price } = await past.product.get(product)
      const total = price.amount * quantity
      const taken = await past.product.takeWithinLimit(product, { from: 'stock', quantity })
      if (!taken) throw fail('sold_out')
      const order = await past.order.create({ number, total: { amount: total, currency: 'GBP' } })
      await past.line.create({ orderId: order.id, productId: product, quantity, price })
      emit(placed, { orderId: order.id, total })
      return { orderId: order.id, total }
    },
  })
}

export default app({ title: 'Action benchmark', kits: [shop] })
