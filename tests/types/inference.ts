/** Owns the proof of inference: what must type-check does, what must not is expected to fail. */

import type { Data } from 'plinth'
import {
  anyone,
  app,
  belongsTo,
  bigint,
  boolean,
  choice,
  computed,
  decimal,
  hasMany,
  hasOne,
  identity,
  instant,
  integer,
  json,
  kit,
  list,
  manyToMany,
  money,
  now,
  text,
} from 'plinth'

/** True only where two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

function same<A, B>(proof: Same<A, B>): void {
  void proof
}

// ── two mutually related models in one kit ──────────────────────────────────────────────────

const catalog = kit('catalog', {
  models: {
    category: {
      fields: { name: text({ max: 80, unique: true }), products: hasMany('product') },
      access: {
        read: ({ row }) => row.products.some((product) => product.published),
        write: ({ me }) => me.is('staff'),
      },
    },
    product: {
      fields: {
        sku: text({ max: 40 }),
        price: money('GBP'),
        cost: money('GBP', { optional: true }),
        stock: integer({ min: 0, default: 0 }),
        weight: decimal({ scale: 3, optional: true }),
        views: bigint({ default: '0' }),
        published: boolean({ default: false }),
        state: choice(['new', 'used']),
        colours: list(text(), { default: [] }),
        notes: json({ optional: true }),
        from: instant({ optional: true }),
        worth: computed(money('GBP')),
        category: belongsTo('category', { optional: true }),
        detail: hasOne('detail'),
        tags: manyToMany('tag'),
        houses: manyToMany('tag'),
        statuses: manyToMany('tag'),
        boxes: manyToMany('tag'),
      },
      compute: { worth: ({ row }) => row.price.times(row.stock) },
      access: {
        read: ({ row, me }) => row.published.or(me.is('staff'), row.from.lte(now)),
        create: ({ input, me }) => me.is('staff').and(input.stock.gt(0), input.cost.given()),
        update: ({ row, me }) =>
          row.category.name.eq('open').and(
            row.category.products.none((other) => other.stock.gt(3)),
            me.signedIn,
          ),
        fields: { cost: { read: ({ me }) => me.is('staff') }, categoryId: { write: anyone } },
      },
      key: ['sku'],
      unique: [['sku', 'category']],
      indexes: [['category', 'createdAt']],
      checks: { stockIsSmall: ({ row }) => row.stock.lt(1_000).or(row.colours.has('grey')) },
    },
    detail: {
      fields: { product: belongsTo('product', { unique: true }), body: text() },
      access: {
        update: {
          before: ({ row, me }) => row.product.published.and(me.signedIn),
          after: ({ row, before, input }) =>
            row.body
              .ne(before.body)
              .and(input.body.given(), before.product.stock.lte(row.product.stock)),
        },
      },
    },
    tag: { fields: { name: text(), products: manyToMany('product') } },
  },
})

// ── and across kits, both ways ──────────────────────────────────────────────────────────────

const orders = kit('orders', {
  uses: [identity, catalog],
  extends: { product: { lines: hasMany('line') } },
  models: {
    order: {
      fields: { number: text(), buyer: belongsTo('user'), lines: hasMany('line') },
      access: {
        read: ({ row, me }) =>
          row.buyerId.eq(me.id).or(row.lines.some((line) => line.product.published)),
      },
    },
    line: {
      fields: { order: belongsTo('order'), product: belongsTo('product'), quantity: integer() },
      access: {
        read: ({ row }) =>
          row.order.buyer.email
            .endsWith('@example.org')
            .and(row.product.lines.some((line) => line.quantity.gt(3))),
      },
    },
  },
})

const store = app({ kits: [identity, catalog, orders] })
type Store = NonNullable<(typeof store)['models']>

/** Never called: the types are the test. */
export async function positive(data: Data<Store>): Promise<void> {
  const page = await data.product.find({
    filter: {
      price: { lte: 10 },
      category: { name: 'Lights' },
      lines: { some: { quantity: { gt: 3 } } },
      or: [{ state: 'new' }, { colours: { has: 'red' } }],
    },
    include: { category: true, lines: { include: { order: { fields: ['number'] } }, limit: 5 } },
    sort: ['-createdAt', 'sku'],
  })
  const product = page.data[0]
  if (!product) return
  same<typeof product.price, { readonly amount: number; readonly currency: 'GBP' }>(true)
  same<typeof product.cost, { readonly amount: number; readonly currency: 'GBP' } | null>(true)
  same<typeof product.state, 'new' | 'used'>(true)
  same<typeof product.views, string>(true)
  same<typeof product.colours, readonly string[]>(true)
  same<typeof product.categoryId, string | null>(true)
  same<typeof product.version, number>(true)
  const name: string | undefined = product.category?.name
  const quantity: number | undefined = product.lines[0]?.quantity
  const number: string | undefined = product.lines[0]?.order?.number
  void [name, quantity, number]
  same<typeof product.$more, readonly 'lines'[] | undefined>(true)

  const narrow = await data.product.get('id', { fields: ['sku'] })
  same<keyof typeof narrow, 'sku' | 'id'>(true)

  await data.product.create({ sku: 'a', price: { amount: 1, currency: 'GBP' }, state: 'new' })
  await data.product.update(
    'id',
    { cost: null, tagIds: ['id'], houseIds: [], statusIds: [], boxIds: [] },
    { version: 3 },
  )
  await data.line.create({ orderId: 'a', productId: 'b', quantity: 3 })
  await data.user.find({ filter: { email: { icontains: 'x' } } })
}

/** Never called: each line must fail to type-check. */
export async function negative(data: Data<Store>): Promise<void> {
  // @ts-expect-error a filter on a field that does not exist
  await data.product.find({ filter: { prise: 1 } })
  // @ts-expect-error the same for a model that belongs to no other
  await data.category.find({ filter: { nmae: 'x' } })
  // @ts-expect-error a filter on such a field beside one that does
  await data.category.find({ filter: { name: 'x', nmae: 'x' } })
  // @ts-expect-error a sort by a field that does not exist
  await data.category.find({ sort: ['nmae'] })
  // @ts-expect-error a filter value of another type
  await data.product.find({ filter: { stock: { gt: 'many' } } })
  // @ts-expect-error an operator that the kind does not have
  await data.product.find({ filter: { published: { contains: 'x' } } })
  // @ts-expect-error an include that does not exist
  await data.product.find({ include: { categories: true } })
  // @ts-expect-error a sort key that does not exist
  await data.product.find({ sort: ['-prise'] })
  // @ts-expect-error a required field is missing
  await data.product.create({ sku: 'a', state: 'new' })
  // @ts-expect-error a computed field is not written
  await data.product.update('id', { worth: { amount: 1, currency: 'GBP' } })
  // @ts-expect-error another currency
  await data.product.update('id', { price: { amount: 1, currency: 'EUR' } })
  // @ts-expect-error a base field is not written
  await data.product.update('id', { version: 3 })
  // @ts-expect-error a choice that does not exist
  await data.product.update('id', { state: 'lost' })
  // @ts-expect-error null where the field is required
  await data.product.update('id', { sku: null })
  const { order } =
    (await data.line.find({ include: { order: { fields: ['number'] } } })).data[0] ?? {}
  const bare = await data.product.get('id', { include: { category: true } })
  // @ts-expect-error only an included list can be cut
  void bare.$more
  // @ts-expect-error a field that was not asked for
  void order?.createdAt
}

// ── declarations that must not type-check ───────────────────────────────────────────────────

// @ts-expect-error a relation to a model that does not exist
kit('k', { models: { a: { fields: { b: belongsTo('zzz') } } } })

kit('k', {
  models: {
    a: {
      fields: { b: text(), c: integer(), d: belongsTo('a', { optional: true }) },
      access: {
        // @ts-expect-error a rule on a field that does not exist
        read: ({ row }) => row.x.eq('x'),
        // @ts-expect-error a rule that compares a number with text
        create: ({ row }) => row.c.eq('x'),
        // @ts-expect-error a rule on a related field that does not exist
        update: ({ row }) => row.d.zz.eq('x'),
        // @ts-expect-error text has no plus
        delete: ({ row }) => row.b.plus(1),
      },
    },
  },
})

kit('k', {
  models: {
    a: {
      fields: { b: text(), c: integer() },
      access: {
        // @ts-expect-error the row before is known to a rule about the row after alone
        update: ({ row, before }) => row.b.eq(before.b),
      },
    },
    b: {
      fields: { c: integer() },
      access: {
        update: {
          before: anyone,
          // @ts-expect-error a rule on a field that the row before does not have
          after: ({ before }) => before.x.eq(1),
        },
      },
    },
    c: {
      fields: { b: text(), c: integer() },
      access: {
        // @ts-expect-error one side of an update without the other
        update: { before: anyone },
      },
    },
    d: {
      fields: { b: text(), c: integer() },
      access: {
        // @ts-expect-error only an update has a row before and a row after
        delete: { before: anyone, after: anyone },
      },
    },
  },
})

kit('k', {
  models: {
    // @ts-expect-error field access for a field that does not exist
    a: { fields: { b: text() }, access: { fields: { c: { read: anyone } } } },
  },
})

kit('k', {
  models: {
    // @ts-expect-error a key of a field that does not exist
    a: { fields: { b: text() }, key: ['zz'] },
  },
})

kit('k', {
  uses: [catalog],
  // @ts-expect-error an extension of a model that no used kit has
  extends: { zzz: { lines: hasMany('line') } },
  models: { line: { fields: { product: belongsTo('product') } } },
})

// @ts-expect-error a default of another type
integer({ default: 'three' })

// @ts-expect-error a default that is no choice
choice(['a', 'b'], { default: 'c' })
