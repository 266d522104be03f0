/** Owns the first promotions of the store: one of each type, and two coupons. */

import type { AppModels, Data } from 'plinth'
import type { promotions } from './kit.ts'

/** Offers something of each type. */
export async function seedPromotions({
  data,
}: {
  readonly data: Pick<Data<AppModels<readonly [typeof promotions]>>, 'promotion' | 'coupon'>
}): Promise<void> {
  await data.promotion.create({
    ...{ name: 'Paper: three for two', type: 'buy_get', family: 'season' },
    ...{ buy: 2, get: 1, basisPoints: 10_000, categories: ['paper'] },
  })
  await data.promotion.create({
    ...{ name: 'The more, the less', type: 'tiered', family: 'season' },
    tiers: [
      { from: { amount: 5_000, currency: 'GBP' }, basisPoints: 500, amount: null },
      { from: { amount: 10_000, currency: 'GBP' }, basisPoints: 1_000, amount: null },
    ],
  })
  const welcome = await data.promotion.create({
    ...{ name: 'Welcome', type: 'percentage', basisPoints: 1_000 },
    ...{ firstOrder: true, couponOnly: true },
  })
  const fiver = await data.promotion.create({
    ...{ name: 'Five pounds off', type: 'fixed', couponOnly: true, priority: 10 },
    amount: { amount: 500, currency: 'GBP' },
    minimumTotal: { amount: 2_000, currency: 'GBP' },
  })
  await data.promotion.create({
    ...{ name: 'Trade', type: 'percentage', basisPoints: 2_000, groups: ['trade'] },
    exclusive: true,
  })
  await data.coupon.create({
    ...{ code: 'WELCOME10', promotionId: welcome.id, usesMaxPerCustomer: 1 },
  })
  await data.coupon.create({
    ...{ code: 'FIVER', promotionId: fiver.id, usesMax: 100, usesMaxPerCustomer: 1 },
  })
}
