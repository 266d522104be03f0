/** Owns the way from a cart to a paid order as records: carts, payments, refunds, and the books. */

import {
  type AppModels,
  belongsTo,
  boolean,
  choice,
  hasMany,
  hasOne,
  id,
  identity,
  instant,
  integer,
  kit,
  type LogicScope,
  list,
  money,
  text,
} from 'plinth'
import { catalog } from '../catalog.ts'
import { orders } from '../orders.ts'
import { promotions } from '../promotions/kit.ts'

const nothing = { amount: 0, currency: 'GBP' } as const

export const checkout = kit('checkout', {
  uses: [identity, catalog, orders, promotions],
  extends: { order: { payment: hasOne('payment') } },
  models: {
    cart: {
      description: 'What somebody is about to buy. One for each account.',
      fields: {
        user: belongsTo('user', { unique: true, onDelete: 'cascade' }),
        codes: list(text({ max: 40 }), { max: 5, default: [] }),
        items: hasMany('item'),
      },
      access: { read: ({ row, me }) => row.userId.eq(me.id) },
      key: ['user'],
    },

    item: {
      description: 'So many of one product in a cart. Its price is that of the product.',
      fields: {
        cart: belongsTo('cart', { onDelete: 'cascade' }),
        product: belongsTo('product', { onDelete: 'cascade' }),
        quantity: integer({ min: 1, max: 999 }),
      },
      access: { read: ({ row, me }) => row.cart.userId.eq(me.id) },
      key: ['cart', 'product'],
    },

    payment: {
      description: 'How the payment of an order stands. Always as the provider says.',
      fields: {
        order: belongsTo('order', { unique: true }),
        provider: text({ max: 20, optional: true }),
        providerId: text({ max: 200, optional: true, unique: true }),
        status: choice(
          ['pending', 'action_required', 'authorised', 'captured', 'cancelled', 'declined'],
          { default: 'pending' },
        ),
        nextAction: text({ max: 2_000, optional: true }),
        declined: text({ max: 40, optional: true }),
        amount: money('GBP', { min: 0 }),
        captured: money('GBP', { min: 0, default: nothing }),
        refunded: money('GBP', { min: 0, default: nothing }),
        refundOrdered: money('GBP', {
          min: 0,
          default: nothing,
          description: 'What refunds have taken of what was captured, done or under way.',
        }),
        entries: hasMany('entry'),
        refunds: hasMany('refund'),
      },
      access: {
        read: ({ row, me }) => row.order.customer.userId.eq(me.id).or(me.is('staff')),
        fields: {
          provider: { read: ({ me }) => me.is('staff') },
          providerId: { read: ({ me }) => me.is('staff') },
        },
      },
      key: ['order'],
      checks: {
        capturedWithinAmount: ({ row }) => row.captured.lte(row.amount),
        refundedWithinCaptured: ({ row }) => row.refunded.lte(row.captured),
        orderedWithinCaptured: ({ row }) => row.refundOrdered.lte(row.captured),
      },
      audit: true,
    },

    entry: {
      description: 'A line of our books: money that moved at the provider. Never changed.',
      fields: {
        payment: belongsTo('payment'),
        type: choice(['captured', 'refunded']),
        amount: money('GBP', { min: 1 }),
        at: instant(),
      },
      access: { read: ({ me }) => me.is('staff') },
    },

    refund: {
      description: 'Money on its way back, in part or in full.',
      fields: {
        payment: belongsTo('payment'),
        amount: money('GBP', { min: 1 }),
        status: choice(['ordered', 'done', 'refused'], { default: 'ordered' }),
        refusal: text({ max: 40, optional: true }),
        reason: text({ max: 200, optional: true }),
        restock: boolean({ default: true }),
        pieces: list({ line: id('line'), quantity: integer({ min: 1 }) }, { default: [] }),
      },
      access: {
        read: ({ row, me }) => row.payment.order.customer.userId.eq(me.id).or(me.is('staff')),
      },
      audit: true,
    },

    discrepancy: {
      description:
        'Something the provider says that does not fit our books. For people to look at.',
      fields: {
        payment: belongsTo('payment', { optional: true }),
        detail: text({ max: 500 }),
        settledAt: instant({ optional: true }),
      },
      access: { read: ({ me }) => me.is('staff'), update: ({ me }) => me.is('staff') },
      audit: true,
    },
  },
})

/** All models that the checkout works with. */
export type CheckoutModels = AppModels<
  readonly [typeof identity, typeof catalog, typeof orders, typeof promotions, typeof checkout]
>

/** What its logic works with inside a transaction. */
export type Scope = LogicScope<CheckoutModels>

/** An amount in pence, as records have it. */
export function pounds(amount: bigint | number): {
  readonly amount: number
  readonly currency: 'GBP'
} {
  return { amount: Number(amount), currency: 'GBP' }
}
