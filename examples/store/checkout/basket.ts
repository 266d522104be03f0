/** Owns the basket of a cart: lines at the prices of this moment, and the promotions they get. */

import type { RecordOf } from 'plinth'
import { normalCode, stacking } from '../promotions/kit.ts'
import { type Price, priceOf } from '../promotions/price.ts'
import type { BasketLine, Effect, Promotion } from '../promotions/promotion.ts'
import type { CheckoutModels, Scope } from './kit.ts'

type PromotionRecord = RecordOf<CheckoutModels['promotion']>
type CouponRecord = RecordOf<CheckoutModels['coupon']>
type CustomerRecord = RecordOf<CheckoutModels['customer']>

/** At most so many different products in a cart. */
export const itemsMax = 50

/** So many promotions are looked at: those of the highest priority. */
const promotionsMax = 100

/** What somebody is about to buy. */
export interface Basketed {
  readonly items: readonly Item[]
  /** Products that cannot be bought any more. */
  readonly gone: readonly string[]
  readonly price: Price
  /** Coupons that open a promotion which is applied. */
  readonly coupons: readonly CouponRecord[]
  /** Codes that open nothing, with the reason. */
  readonly refused: readonly { readonly code: string; readonly reason: CouponProblem }[]
}

/** A product of the basket. */
export interface Item {
  readonly productId: string
  readonly name: string
  readonly line: BasketLine
}

/** Why a code opens nothing. */
export type CouponProblem = 'unknown' | 'over' | 'used_up' | 'no_effect'

/** What is looked at. */
export interface Basketing {
  readonly cartId: string
  readonly codes: readonly string[]
  /** Undefined: somebody who has never bought. */
  readonly customer: CustomerRecord | undefined
}

/** Reads a cart and its prices, all from the database, inside the caller's transaction. */
export async function basketOf(scope: Scope, basketing: Basketing): Promise<Basketed> {
  const { items, gone } = await itemsOf(scope, basketing.cartId)
  const { coupons, refused } = await couponsOf(scope, basketing.codes)
  const { now } = scope
  const { customer } = basketing
  const basket = {
    lines: items.map(({ line }) => line),
    now,
    firstOrder: await isFirstOrder(scope, customer),
    groups: customer?.groups ?? [],
    opened: coupons.map(({ promotionId }) => promotionId),
  }
  const price = priceOf(basket, await promotionsOf(scope), stacking)
  const applied = new Set(price.applied.map(({ promotion }) => promotion.id))
  const idle = coupons.filter(({ promotionId }) => !applied.has(promotionId))
  return {
    ...{ items, gone, price },
    coupons: coupons.filter(({ promotionId }) => applied.has(promotionId)),
    refused: [...refused, ...idle.map(({ code }) => ({ code, reason: 'no_effect' as const }))],
  }
}

async function itemsOf({ data }: Scope, cartId: string) {
  const { data: found } = await data.unrestricted.item.find({
    filter: { cartId },
    include: { product: { include: { category: { fields: ['slug'] } } } },
    sort: ['createdAt', 'id'],
    limit: itemsMax,
  })
  const buyable = found.flatMap(({ id, quantity, product }) => {
    if (!product?.published) return []
    const { sku, name, price, category } = product
    const unitPrice = BigInt(price.amount)
    const line = { id, sku, category: category?.slug, unitPrice, quantity }
    return [{ productId: product.id, name, line }]
  })
  const gone = found.filter(({ product }) => !product?.published).map((item) => item.productId)
  return { items: buyable, gone }
}

async function couponsOf({ data, now }: Scope, given: readonly string[]) {
  const codes = [...new Set(given.map(normalCode))]
  if (codes.length === 0) return { coupons: [], refused: [] }
  const { data: found } = await data.unrestricted.coupon.find({
    filter: { code: { in: codes } },
    limit: codes.length,
  })
  const judged = codes.map((code) => {
    const coupon = found.find((one) => one.code === code)
    return { code, coupon, reason: couponProblem(coupon, now) }
  })
  return {
    coupons: judged.flatMap(({ coupon, reason }) => (coupon && !reason ? [coupon] : [])),
    refused: judged.flatMap(({ code, reason }) => (reason ? [{ code, reason }] : [])),
  }
}

function couponProblem(coupon: CouponRecord | undefined, now: string): CouponProblem | undefined {
  if (!coupon) return 'unknown'
  const nowMs = Date.parse(now)
  const early = coupon.startsAt !== null && nowMs < Date.parse(coupon.startsAt)
  const late = coupon.endsAt !== null && nowMs >= Date.parse(coupon.endsAt)
  if (!coupon.active || early || late) return 'over'
  return coupon.used >= coupon.usesMax ? 'used_up' : undefined
}

/** An order that came to nothing does not count. */
async function isFirstOrder({ data }: Scope, customer: CustomerRecord | undefined) {
  if (!customer) return true
  const { data: earlier } = await data.unrestricted.order.find({
    filter: { customerId: customer.id, type: 'sale', status: { ne: 'cancelled' } },
    fields: ['number'],
    limit: 1,
  })
  return earlier.length === 0
}

async function promotionsOf({ data }: Scope): Promise<readonly Promotion[]> {
  const { data: found } = await data.unrestricted.promotion.find({
    filter: { active: true },
    sort: ['-priority', 'id'],
    limit: promotionsMax,
  })
  return found.map(promotionOf)
}

/** A promotion's record as the engine of prices has it. */
export function promotionOf(record: PromotionRecord): Promotion {
  const { id, name, categories, skus, groups, firstOrder, couponOnly } = record
  const { priority, exclusive } = record
  return {
    ...{ id, name, categories, skus, groups, firstOrder, couponOnly, priority, exclusive },
    effect: effectOf(record),
    minimumTotal: record.minimumTotal ? BigInt(record.minimumTotal.amount) : undefined,
    startsAt: record.startsAt ?? undefined,
    endsAt: record.endsAt ?? undefined,
    family: record.family ?? undefined,
  }
}

/** The model's checks see to it that each type has what it needs. */
function effectOf({ type, basisPoints, amount, buy, get, tiers }: PromotionRecord): Effect {
  if (type === 'percentage') return { type, basisPoints: basisPoints ?? 0 }
  if (type === 'fixed') return { type, amount: BigInt(amount?.amount ?? 0) }
  if (type === 'buy_get') {
    return { type, buy: buy ?? 1, get: get ?? 1, basisPoints: basisPoints ?? 0 }
  }
  return {
    type,
    tiers: tiers.map((tier) => ({
      from: BigInt(tier.from.amount),
      ...(tier.basisPoints === null ? {} : { basisPoints: tier.basisPoints }),
      ...(tier.amount === null ? {} : { amount: BigInt(tier.amount.amount) }),
    })),
  }
}
