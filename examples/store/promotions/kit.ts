/** Owns promotions as records: what is offered, the coupons that open it, and who used them. */

import {
  belongsTo,
  boolean,
  choice,
  hasMany,
  identity,
  instant,
  integer,
  kit,
  list,
  money,
  slug,
  text,
} from 'plinth'
import { catalog } from '../catalog.ts'
import { orders } from '../orders.ts'

const part = integer({ min: 1, max: 10_000, optional: true })

export const promotions = kit('promotions', {
  uses: [identity, catalog, orders],
  extends: { order: { reductions: hasMany('reduction'), redemptions: hasMany('redemption') } },
  models: {
    promotion: {
      description: 'A discount, and who may have it. What is left empty asks for nothing.',
      fields: {
        name: text({ max: 80 }),
        active: boolean({ default: true }),
        type: choice(['percentage', 'fixed', 'buy_get', 'tiered']),
        basisPoints: integer({
          min: 1,
          max: 10_000,
          optional: true,
          description: 'Hundredths of a percent; of the cheaper pieces for buy_get.',
        }),
        amount: money('GBP', { min: 1, optional: true }),
        buy: integer({ min: 1, max: 100, optional: true }),
        get: integer({ min: 1, max: 100, optional: true }),
        tiers: list(
          {
            from: money('GBP', { min: 0 }),
            basisPoints: part,
            amount: money('GBP', { min: 1, optional: true }),
          },
          { max: 20, default: [] },
        ),
        categories: list(slug({ max: 80 }), { max: 50, default: [] }),
        skus: list(text({ max: 40 }), { max: 100, default: [] }),
        minimumTotal: money('GBP', { min: 0, optional: true }),
        groups: list(text({ max: 40 }), { max: 20, default: [] }),
        firstOrder: boolean({ default: false }),
        startsAt: instant({ optional: true }),
        endsAt: instant({ optional: true }),
        couponOnly: boolean({ default: false }),
        priority: integer({ min: -1_000, max: 1_000, default: 0 }),
        exclusive: boolean({ default: false }),
        family: text({ max: 40, optional: true }),
        coupons: hasMany('coupon'),
      },
      access: {
        // A buyer sees what is open to everybody; what a coupon opens stays a surprise.
        read: ({ row, me }) => row.active.and(row.couponOnly.not()).or(me.is('staff')),
        write: ({ me }) => me.is('staff'),
      },
      key: ['name'],
      checks: {
        percentageHasItsPart: ({ row }) =>
          row.type.ne('percentage').or(row.basisPoints.isNull().not()),
        fixedHasItsAmount: ({ row }) => row.type.ne('fixed').or(row.amount.isNull().not()),
        buyGetHasItsNumbers: ({ row }) =>
          row.type
            .ne('buy_get')
            .or(row.buy.isNull().not().and(row.get.isNull().not(), row.basisPoints.isNull().not())),
      },
      audit: true,
    },

    coupon: {
      description: 'A word that opens a promotion, so many times in all and for each customer.',
      fields: {
        code: text({ max: 40 }),
        promotion: belongsTo('promotion'),
        active: boolean({ default: true }),
        used: integer({ min: 0, default: 0 }),
        usesMax: integer({ min: 1, default: 1_000_000_000 }),
        usesMaxPerCustomer: integer({ min: 1, default: 1_000_000_000 }),
        startsAt: instant({ optional: true }),
        endsAt: instant({ optional: true }),
        givenBack: boolean({
          default: true,
          description: 'True: an order that is paid and then cancelled has not used it.',
        }),
        redemptions: hasMany('redemption'),
      },
      access: { read: ({ me }) => me.is('staff'), write: ({ me }) => me.is('staff') },
      key: ['code'],
      checks: { usedWithinLimit: ({ row }) => row.used.lte(row.usesMax) },
      audit: true,
    },

    redemption: {
      description: 'A coupon used for an order. Released where the order came to nothing.',
      fields: {
        coupon: belongsTo('coupon'),
        order: belongsTo('order', { onDelete: 'cascade' }),
        customer: belongsTo('customer'),
        releasedAt: instant({ optional: true }),
      },
      access: { read: ({ me }) => me.is('staff') },
      unique: [['coupon', 'order']],
    },

    reduction: {
      description: 'What a promotion took off an order, as it was then.',
      fields: {
        order: belongsTo('order', { onDelete: 'cascade' }),
        promotion: belongsTo('promotion', { optional: true, onDelete: 'clear' }),
        name: text({ max: 80 }),
        amount: money('GBP', { min: 1 }),
      },
      access: {
        read: ({ row, me }) => row.order.customer.userId.eq(me.id).or(me.is('staff')),
      },
    },
  },
})

/** How the store lets promotions stand beside each other. */
export const stacking = 'best'

/** A written code as coupons have it: upper case, without what people type between. */
export function normalCode(text: string): string {
  return text.toUpperCase().replaceAll(/[\s_-]/g, '')
}
