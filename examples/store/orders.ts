/** Owns who bought what: customers, orders, their lines, and charges that are no products. */

import {
  belongsTo,
  choice,
  computed,
  hasMany,
  identity,
  instant,
  integer,
  kit,
  list,
  money,
  text,
} from 'plinth'
import { catalog } from './catalog.ts'

export const orders = kit('orders', {
  uses: [identity, catalog],
  extends: { product: { lines: hasMany('line') } },
  models: {
    customer: {
      description: 'Somebody who buys. May have an account to sign in with.',
      fields: {
        number: text({ max: 20 }),
        name: text({ max: 200, optional: true }),
        country: text({ max: 60, optional: true }),
        groups: list(text({ max: 40 }), {
          max: 20,
          default: [],
          description: 'Groups that promotions ask for, such as trade.',
        }),
        user: belongsTo('user', { optional: true, unique: true, onDelete: 'clear' }),
        orders: hasMany('order'),
      },
      access: {
        read: ({ row, me }) => row.userId.eq(me.id).or(me.is('staff')),
        write: ({ me }) => me.is('staff'),
      },
      key: ['number'],
      audit: true,
    },

    order: {
      description:
        'A sale, its cancellation, or a correction of the stock. Customers see their own.',
      fields: {
        number: text({ max: 20 }),
        type: choice(['sale', 'cancellation', 'correction'], { default: 'sale' }),
        status: choice(['open', 'paid', 'shipped', 'cancelled', 'refunded'], { default: 'open' }),
        placedAt: instant(),
        country: text({ max: 60, optional: true }),
        customer: belongsTo('customer', { optional: true }),
        lines: hasMany('line'),
        charges: hasMany('charge'),
      },
      access: {
        read: ({ row, me }) => row.customer.userId.eq(me.id).or(me.is('staff')),
        write: ({ me }) => me.is('staff'),
      },
      key: ['number'],
      indexes: [['customer', 'placedAt']],
      audit: true,
    },

    line: {
      description:
        'So many of one product. Cancellations and corrections have negative quantities.',
      fields: {
        order: belongsTo('order', { onDelete: 'cascade' }),
        position: integer({ min: 1 }),
        product: belongsTo('product'),
        quantity: integer({ min: -1_000_000, max: 1_000_000 }),
        unitPrice: money('GBP', { min: 0 }),
        discount: money('GBP', {
          min: 0,
          default: { amount: 0, currency: 'GBP' },
          description: 'What promotions take off the whole line.',
        }),
        returned: integer({ min: 0, default: 0, description: 'Pieces whose price went back.' }),
        total: computed(money('GBP')),
      },
      compute: { total: ({ row }) => row.unitPrice.times(row.quantity).minus(row.discount) },
      access: {
        read: ({ row, me }) => row.order.customer.userId.eq(me.id).or(me.is('staff')),
        write: ({ me }) => me.is('staff'),
      },
      key: ['order', 'position'],
      checks: { quantityIsNotZero: ({ row }) => row.quantity.ne(0) },
      audit: true,
    },

    charge: {
      description: 'What an order costs beside its products: postage, fees, discounts.',
      fields: {
        order: belongsTo('order', { onDelete: 'cascade' }),
        position: integer({ min: 1 }),
        code: text({ max: 40 }),
        description: text({ max: 200, optional: true }),
        quantity: integer({ min: -1_000_000, max: 1_000_000 }),
        unitPrice: money('GBP'),
        total: computed(money('GBP')),
      },
      compute: { total: ({ row }) => row.unitPrice.times(row.quantity) },
      access: {
        read: ({ row, me }) => row.order.customer.userId.eq(me.id).or(me.is('staff')),
        write: ({ me }) => me.is('staff'),
      },
      key: ['order', 'position'],
      audit: true,
    },
  },
})
