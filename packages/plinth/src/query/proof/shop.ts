/** Owns the shop that reads are proven with: every relation, many kinds, every form of rule. */

import { anonymous, type Caller } from '../../access/caller.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import { compileCatalog } from '../../catalog/compile.ts'
import {
  boolean,
  choice,
  decimal,
  instant,
  integer,
  json,
  list,
  money,
  text,
} from '../../define/fields.ts'
import { app, kit } from '../../define/kit.ts'
import { belongsTo, hasMany, hasOne, manyToMany } from '../../define/relation.ts'
import { anyone } from '../../define/rule.ts'

const shop = kit('shop', {
  models: {
    user: {
      fields: { name: text(), profile: hasOne('profile') },
      access: { read: ({ row, me }) => row.id.eq(me.id).or(me.is('staff')) },
    },
    profile: {
      fields: { user: belongsTo('user', { unique: true }), motto: text({ optional: true }) },
      access: { read: anyone },
    },
    category: {
      fields: {
        name: text(),
        hidden: boolean({ default: false }),
        parent: belongsTo('category', { optional: true }),
        products: hasMany('product'),
      },
      access: { read: ({ row }) => row.hidden.not() },
      softDelete: true,
    },
    product: {
      fields: {
        sku: text(),
        name: text(),
        price: money('GBP'),
        weight: decimal({ precision: 10, scale: 3, optional: true }),
        state: choice(['new', 'used'], { default: 'new' }),
        published: boolean({ default: false }),
        launchedAt: instant({ optional: true }),
        words: list(text(), { optional: true }),
        details: json({ optional: true }),
        cost: money('GBP', { optional: true }),
        rank: integer({ optional: true }),
        category: belongsTo('category', { optional: true }),
        owner: belongsTo('user', { optional: true }),
        tags: manyToMany('tag'),
        reviews: hasMany('review'),
        ledgers: hasMany('ledger'),
      },
      access: {
        read: ({ row, me }) => row.published.or(me.is('staff')),
        fields: {
          cost: { read: ({ me }) => me.is('staff') },
          rank: { read: ({ row, me }) => row.ownerId.eq(me.id).or(me.is('staff')) },
        },
      },
      key: ['sku'],
      softDelete: true,
    },
    tag: { fields: { label: text(), products: manyToMany('product') }, access: { read: anyone } },
    review: {
      fields: {
        product: belongsTo('product'),
        author: belongsTo('user', { optional: true }),
        stars: integer(),
        body: text({ optional: true }),
        secret: text({ optional: true }),
        replies: hasMany('reply'),
      },
      access: {
        read: ({ row }) => row.stars.gte(1),
        fields: { secret: { read: ({ row, me }) => row.product.ownerId.eq(me.id) } },
      },
    },
    reply: {
      fields: { review: belongsTo('review'), body: text() },
      access: { read: ({ me }) => me.signedIn },
    },
    ledger: { fields: { note: text(), product: belongsTo('product') }, access: {} },
  },
})

/** The catalog of the shop. */
export const catalog: Catalog = compileCatalog(app({ kits: [shop] }))

/** The n-th id of a table's rows, counted by a letter: `idOf('a', 1)`. */
export function idOf(letter: string, number: number): string {
  const tail = number.toString().padStart(12, '0')
  return `${letter.repeat(8)}-0000-7000-8000-${tail}`
}

/** Ada, a user. */
export const ada: Caller = { is: 'user', id: idOf('a', 1), roles: new Set() }

/** Ben, of the staff. */
export const ben: Caller = { is: 'user', id: idOf('a', 2), roles: new Set(['staff', 'other']) }

/** Nobody in particular. */
export const guest: Caller = anonymous
