/** Owns the app that the client is tried on: many kinds, rules, and actions of each sort. */

import {
  anyone,
  app,
  belongsTo,
  bigint,
  boolean,
  choice,
  decimal,
  hasMany,
  id,
  identity,
  instant,
  integer,
  json,
  kit,
  list,
  manyToMany,
  money,
  nobody,
  object,
  text,
} from 'plinth'

const catalog = kit('catalog', {
  models: {
    category: {
      fields: { name: text({ max: 80, unique: true }), products: hasMany('product') },
      access: { read: anyone, write: ({ me }) => me.is('staff') },
      key: ['name'],
    },
    product: {
      fields: {
        sku: text({ max: 40 }),
        name: text({ max: 200 }),
        price: money('GBP'),
        stock: integer({ min: 0, default: 0 }),
        weight: decimal({ scale: 3, optional: true }),
        views: bigint({ default: '0' }),
        published: boolean({ default: true }),
        state: choice(['new', 'used'], { default: 'new' }),
        colours: list(text({ max: 20 }), { default: [] }),
        notes: json({ optional: true }),
        from: instant({ optional: true }),
        category: belongsTo('category', { optional: true }),
        tags: manyToMany('tag'),
      },
      access: {
        read: ({ row, me }) => row.published.or(me.is('staff')),
        write: ({ me }) => me.is('staff'),
      },
      key: ['sku'],
    },
    tag: {
      fields: { name: text({ max: 40, unique: true }) },
      access: { read: anyone, write: ({ me }) => me.is('staff') },
    },
    person: {
      plural: 'people',
      fields: { name: text({ max: 80 }) },
      access: { read: anyone, write: anyone },
    },
    vault: {
      fields: { word: text({ max: 40 }) },
      access: { read: ({ me }) => me.provedWithin(5), create: nobody },
    },
  },
})

const orders = kit('orders', {
  uses: [identity, catalog],
  extends: { product: { lines: hasMany('line') } },
  models: {
    order: {
      fields: { number: text({ max: 20 }), owner: belongsTo('user'), lines: hasMany('line') },
      access: {
        read: ({ row, me }) => row.ownerId.eq(me.id),
        write: ({ row, me }) => row.ownerId.eq(me.id),
      },
      key: ['number'],
    },
    line: {
      fields: {
        order: belongsTo('order', { onDelete: 'cascade' }),
        product: belongsTo('product'),
        quantity: integer({ min: 1, max: 999 }),
      },
      access: {
        read: ({ row, me }) => row.order.ownerId.eq(me.id),
        write: ({ row, me }) => row.order.ownerId.eq(me.id),
      },
    },
  },
})

export const buy = orders.action('buy', {
  input: { product: id('product'), quantity: integer({ min: 1, max: 99, default: 1 }) },
  output: 'product',
  allow: anyone,
  money: true,
  failures: {
    sold_out: { detail: 'Not enough is left: choose something else.' },
    too_early: { status: 422, detail: 'It is not for sale yet.' },
  },
  async run({ input: { product, quantity }, data, fail }) {
    const { product: products } = data.unrestricted
    const taking = { from: 'stock', quantity } as const
    if (!(await products.takeWithinLimit(product, taking))) throw fail('sold_out')
    return products.get(product)
  },
})

export const quote = orders.action('quote', {
  input: {
    lines: list(object({ product: id('product'), quantity: integer({ min: 1 }) }), { max: 20 }),
    note: text({ max: 80, optional: true }),
  },
  output: { total: money('GBP'), note: text({ optional: true }) },
  allow: anyone,
  safe: true,
  async run({ input, data }) {
    let amount = 0
    for (const { product, quantity } of input.lines) {
      amount += (await data.product.get(product)).price.amount * quantity
    }
    return { total: { amount, currency: 'GBP' as const }, note: input.note }
  },
})

export const rename = orders.action('renameOrder', {
  input: { order: id('order'), number: text({ max: 20 }) },
  on: 'order',
  output: 'order',
  allow: ({ me }) => me.signedIn,
  failures: { same: { detail: 'It has this number already.' } },
  async run({ input, data, fail }) {
    const order = await data.order.get(input.order)
    if (order.number === input.number) throw fail('same')
    return data.order.update(order.id, { number: input.number })
  },
})

/** Somebody has said something about a product; loud words are for everybody. */
export const praised = orders.event(
  'praised',
  { word: text(), stars: integer() },
  { allow: ({ data, me }) => data.stars.gte(4).or(me.is('staff')) },
)

export const praise = orders.action('praise', {
  input: { word: text({ max: 40 }), stars: integer({ min: 0, max: 5 }) },
  allow: anyone,
  async run({ input, emit }) {
    emit(praised, input)
  },
})

/** Who looks at which shelf, and what they say; guests listen. */
export const shelf = orders.channel('shelf', {
  params: { name: text({ max: 40 }), secret: boolean({ default: false }) },
  allow: {
    join: ({ params, me }) => params.secret.eq(false).or(me.is('staff')),
    publish: ({ me }) => me.signedIn,
  },
  message: { text: text({ max: 80 }), loud: boolean({ default: false }) },
  presence: { mood: choice(['good', 'bad'], { default: 'good' }) },
})

export const ping = orders.action('ping', { allow: anyone, async run() {} })

export const shopApp = app({
  title: 'Shop',
  kits: [identity, catalog, orders],
  roles: ['staff', 'admin'],
  actions: [buy, quote, rename, ping, praise],
})

/** The type that clients are made of. */
export type Shop = typeof shopApp
