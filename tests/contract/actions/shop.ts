/** Owns the app that actions are proven on: stock, coupons, accounts, and actions of every sort. */

import {
  anyone,
  app,
  belongsTo,
  id,
  instant,
  integer,
  json,
  kit,
  list,
  money,
  object,
  text,
} from 'plinth'

export const shop = kit('shop', {
  models: {
    product: {
      fields: {
        name: text(),
        stock: integer({ min: 0, default: 10 }),
        cost: money('GBP', { optional: true }),
      },
      access: {
        read: anyone,
        create: ({ me }) => me.is('staff'),
        update: ({ me }) => me.signedIn,
        fields: { cost: { read: ({ me }) => me.is('staff') } },
      },
    },
    coupon: {
      fields: {
        code: text({ unique: true }),
        used: integer({ min: 0, default: 0 }),
        usesMax: integer({ default: 5 }),
        spentAt: instant({ optional: true }),
      },
      access: { read: anyone, update: ({ me }) => me.signedIn },
    },
    account: {
      fields: { owner: text(), balance: integer({ default: 0 }) },
      access: {},
    },
    note: {
      fields: { body: text(), product: belongsTo('product', { optional: true }) },
      access: { read: ({ me }) => me.signedIn, create: ({ me }) => me.signedIn },
    },
  },
})

export const sold = shop.event('sold', { product: id('product'), quantity: integer() })
export const tell = shop.job('tell', { input: { body: text() }, async run() {} })

export const buy = shop.action('buy', {
  description: 'Takes a product out of stock.',
  on: 'product',
  input: { product: id('product'), quantity: integer({ min: 1, max: 100, default: 1 }) },
  output: { left: integer() },
  allow: ({ me, input }) => me.signedIn.and(input.quantity.lte(50)),
  failures: { sold_out: { detail: 'Choose something else.' } },
  async run({ input: { product, quantity }, data, emit, fail }) {
    const taken = await data.product.takeWithinLimit(product, { from: 'stock', quantity })
    if (!taken) throw fail('sold_out')
    emit(sold, { product, quantity })
    return { left: (await data.product.get(product)).stock }
  },
})

export const redeem = shop.action('redeem', {
  input: { coupon: id('coupon') },
  allow: ({ me }) => me.signedIn,
  failures: { used_up: { status: 410, detail: 'The coupon is used up.' } },
  async run({ input, me, data, takeWithinLimit, fail }) {
    const mine = { key: `coupon:${input.coupon}:${me.id}`, limit: 2 }
    if (!(await takeWithinLimit(mine))) throw fail('used_up', 'You have used this coupon twice.')
    const taking = { into: 'used', limit: 'usesMax' } as const
    if (!(await data.coupon.takeWithinLimit(input.coupon, taking))) throw fail('used_up')
  },
})

export const spend = shop.action('spend', {
  input: { coupon: id('coupon') },
  output: { first: text() },
  allow: ({ me }) => me.signedIn,
  async run({ input, data }) {
    return { first: String(await data.coupon.consumeOnce(input.coupon, 'spentAt')) }
  },
})

export const quota = shop.action('quota', {
  input: { word: text(), limit: integer({ min: 0 }), windowMs: integer({ optional: true }) },
  output: { granted: text() },
  allow: anyone,
  async run({ input: { word, limit, windowMs }, takeWithinLimit, consumeOnce }) {
    const granted =
      limit === 0
        ? await consumeOnce(word)
        : await takeWithinLimit({ key: word, limit, ...(windowMs === null ? {} : { windowMs }) })
    return { granted: String(granted) }
  },
})

export const transfer = shop.action('transfer', {
  money: true,
  input: { from: id('account'), to: id('account'), amount: integer({ min: 1 }) },
  allow: anyone,
  failures: { not_enough: { detail: 'There is not enough in the account.' } },
  async run({ input: { from, to, amount }, data, fail }) {
    const accounts = data.unrestricted.account
    const [payer, payee] = [await accounts.get(from), await accounts.get(to)]
    if (payer.balance < amount) throw fail('not_enough')
    await accounts.update(from, { balance: payer.balance - amount })
    await accounts.update(to, { balance: payee.balance + amount })
  },
})

export const look = shop.action('look', {
  safe: true,
  input: { name: text({ optional: true }), few: integer({ default: 3 }) },
  output: { names: list(text()), few: integer() },
  allow: anyone,
  async run({ input, data }) {
    const { data: found } = await data.product.find({ limit: input.few })
    return { names: found.map(({ name }) => name), few: input.few }
  },
})

export const peek = shop.action('peek', {
  input: { product: id('product'), past: text({ default: 'no' }) },
  output: 'product',
  allow: anyone,
  async run({ input, data }) {
    if (input.past === 'yes') return data.unrestricted.product.get(input.product)
    return data.product.get(input.product)
  },
})

const deep = object({ lines: list({ product: id('product'), quantity: integer({ min: 1 }) }) })
export const nested = shop.action('nested', {
  input: { order: deep, more: json({ optional: true }) },
  output: { count: integer() },
  allow: anyone,
  async run({ input }) {
    return { count: input.order.lines.length }
  },
})

export const both = shop.action('both', {
  input: { product: id('product'), catches: text({ default: 'yes' }) },
  output: { outcome: text() },
  allow: ({ me }) => me.signedIn,
  async run({ input, data, call, emit }) {
    await data.note.create({ body: 'before' })
    emit(sold, { product: input.product, quantity: 1 })
    try {
      await call(leaving, { product: input.product })
      return { outcome: 'done' }
    } catch (error) {
      if (input.catches !== 'yes') throw error
      await data.note.create({ body: 'after' })
      return { outcome: (error as { code?: string }).code ?? 'none' }
    }
  },
})

export const leaving = shop.action('leaving', {
  input: { product: id('product') },
  allow: ({ me }) => me.signedIn,
  failures: { no_way: { detail: 'There is no way.' } },
  async run({ input, data, emit, fail }) {
    await data.note.create({ body: 'inside' })
    await data.product.takeWithinLimit(input.product, { from: 'stock' })
    emit(sold, { product: input.product, quantity: 99 })
    throw fail('no_way')
  },
})

export const secretive = shop.action('secretive', {
  allow: ({ me }) => me.is('staff'),
  output: { said: text() },
  async run() {
    return { said: 'only to staff' }
  },
})

export const asksStaff = shop.action('asksStaff', {
  allow: ({ me }) => me.signedIn,
  output: { said: text() },
  async run({ call }) {
    return call(secretive, {})
  },
})

export const shopApp = app({ title: 'Shop', kits: [shop] })
