/** Owns the proof of inference of logic: scopes, inputs, answers; the wrong does not compile. */

import assert from 'node:assert/strict'
import { anyone, belongsTo, id, instant, integer, kit, list, money, object, text } from 'plinth'

/** A kit with every form of logic. */
export const shop = kit('shop', {
  models: {
    product: {
      fields: { name: text(), stock: integer({ min: 0 }), price: money('GBP') },
      access: { read: anyone },
    },
    coupon: {
      fields: {
        code: text(),
        used: integer(),
        usesMax: integer(),
        usedAt: instant({ optional: true }),
      },
      access: { read: anyone },
    },
    order: {
      fields: { product: belongsTo('product'), note: text({ optional: true }) },
      access: {},
    },
  },
})

const placed = shop.event('placed', { orderId: id('order'), total: money('GBP') })
const slow = shop.queue('slow', { concurrency: 2 })
const tell = shop.job('tell', {
  input: { orderId: id('order'), note: text({ optional: true }) },
  queue: slow,
  key: ({ orderId }) => orderId,
  external: async ({ idempotencyKey }) => ({ seen: idempotencyKey.length }),
  async run({ input, result, data }) {
    const order = await data.unrestricted.order.get(input.orderId)
    await data.unrestricted.order.update(order.id, { note: `${input.note} ${result.seen}` })
  },
})
const receipt = shop.mail('receipt', {
  input: { name: text() },
  subject: ({ name }) => `Thank you, ${name}`,
  text: ({ name }) => name,
})
const paid = shop.signal('paid', { reference: text() })

const checkout = shop.action('checkout', {
  input: {
    lines: list({ product: id('product'), quantity: integer({ min: 1, default: 1 }) }, { min: 1 }),
    address: object({ street: text(), city: text({ optional: true }) }, { optional: true }),
  },
  output: 'order',
  allow: ({ me, input }) => me.signedIn.and(input.address.isNull()),
  failures: { sold_out: { detail: 'Choose something else.' } },
  async run({ input, me, data, emit, enqueue, send, fail }) {
    const [line] = input.lines
    assert.ok(line)
    const stock: boolean = await data.product.takeWithinLimit(line.product, {
      from: 'stock',
      quantity: line.quantity,
    })
    if (!stock) throw fail('sold_out')
    // @ts-expect-error There is no such failure.
    if (!me.signedIn) throw fail('unknown')
    // @ts-expect-error name is no number.
    await data.product.takeWithinLimit(line.product, { from: 'name' })
    const order = await data.order.create({ productId: line.product })
    const street: string | undefined = input.address?.street
    emit(placed, { orderId: order.id, total: { amount: 5, currency: 'GBP' } })
    // @ts-expect-error A total is missing.
    emit(placed, { orderId: order.id })
    await enqueue(tell, { orderId: order.id, note: street ?? null }, { delayMs: 10 })
    await send(receipt, { to: 'a@b.example', input: { name: 'Ann' } })
    return order
  },
})

const plain = shop.action('plain', { allow: anyone, async run() {} })

shop.on(placed, async ({ event, data }) => {
  const order: string = event.data.orderId
  await data.unrestricted.order.get(order)
})

const fulfil = shop.workflow('fulfil', {
  input: { orderId: id('order') },
  async run({ input, step, waitForSignal, external, parallel }) {
    const got = await waitForSignal('payment', paid, { timeout: 'P1D' })
    const reference: string | undefined = got?.reference
    const both = await parallel('both', { a: async () => 1, b: async () => 'x' })
    const order = await step('read', ({ data }) => data.unrestricted.order.get(input.orderId))
    const charged = await external('charge', async ({ idempotencyKey }) => idempotencyKey, {
      undo: async ({ result }) => assert.equal(typeof result, 'string'),
    })
    return { reference, charged, both: both.a + both.b.length, id: order.id }
  },
})

shop.action('begin', {
  input: { orderId: id('order') },
  output: { workflow: text() },
  allow: anyone,
  async run({ input, start, call }) {
    const order = await call(checkout, { lines: [{ product: input.orderId }] })
    const made: string = order.id
    const nothing: undefined = await call(plain, {})
    assert.equal(nothing, undefined)
    const { id: workflow } = await start(fulfil, { orderId: made })
    return { workflow }
  },
})

shop.schedule('nightly', { cron: '0 3 * * *', timeZone: 'Europe/London', async run() {} })

void tell
