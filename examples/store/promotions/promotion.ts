/** Owns what a promotion is in code: an effect, who may have it, and what it stands beside. */

/** A line of a basket. Amounts in minor units of the store's one currency. */
export interface BasketLine {
  readonly id: string
  readonly sku: string
  /** The slug of the product's category. */
  readonly category: string | undefined
  readonly unitPrice: bigint
  /** At least 1. */
  readonly quantity: number
}

/** Who buys, when, and with which coupons. */
export interface Basket {
  readonly lines: readonly BasketLine[]
  /** RFC 3339, in UTC. */
  readonly now: string
  readonly firstOrder: boolean
  readonly groups: readonly string[]
  /** Promotions that a coupon of the buyer opens, by id. */
  readonly opened: readonly string[]
}

/** What a promotion does to the lines that it is for. */
export type Effect =
  /** So many hundredths of a percent of them. */
  | { readonly type: 'percentage'; readonly basisPoints: number }
  /** An amount off, at most what they cost. */
  | { readonly type: 'fixed'; readonly amount: bigint }
  /** Of every `buy + get` pieces the `get` cheapest cost less; 10,000 basis points: nothing. */
  | {
      readonly type: 'buy_get'
      readonly buy: number
      readonly get: number
      readonly basisPoints: number
    }
  /** The highest tier that their full price reaches. */
  | { readonly type: 'tiered'; readonly tiers: readonly Tier[] }

/** A step of a tiered discount: a part, or an amount. */
export interface Tier {
  readonly from: bigint
  readonly basisPoints?: number
  readonly amount?: bigint
}

/** A promotion. What is empty or undefined asks for nothing. */
export interface Promotion {
  readonly id: string
  readonly name: string
  readonly effect: Effect
  /** Only lines of these products, and of these categories; both empty: all lines. */
  readonly skus: readonly string[]
  readonly categories: readonly string[]
  /** What the lines that it is for cost at least, at full price. */
  readonly minimumTotal: bigint | undefined
  /** Only for buyers in one of these groups. */
  readonly groups: readonly string[]
  readonly firstOrder: boolean
  /** Valid from and before, RFC 3339 in UTC. */
  readonly startsAt: string | undefined
  readonly endsAt: string | undefined
  /** True: only for who has a coupon that opens it. */
  readonly couponOnly: boolean
  /** Higher is applied earlier. */
  readonly priority: number
  /** True: stands alone. */
  readonly exclusive: boolean
  /** At most one promotion of a family is applied. */
  readonly family: string | undefined
}

/** Whether a line is among those that a promotion is for. */
export function isFor({ skus, categories }: Promotion, line: BasketLine): boolean {
  if (skus.length === 0 && categories.length === 0) return true
  return skus.includes(line.sku) || categories.includes(line.category ?? '')
}

/** Whether a basket may have a promotion. */
export function isEligible(promotion: Promotion, basket: Basket): boolean {
  const { startsAt, endsAt, groups, minimumTotal } = promotion
  const nowMs = Date.parse(basket.now)
  if (startsAt !== undefined && nowMs < Date.parse(startsAt)) return false
  if (endsAt !== undefined && nowMs >= Date.parse(endsAt)) return false
  if (promotion.firstOrder && !basket.firstOrder) return false
  if (promotion.couponOnly && !basket.opened.includes(promotion.id)) return false
  if (groups.length > 0 && !groups.some((group) => basket.groups.includes(group))) return false
  const lines = basket.lines.filter((line) => isFor(promotion, line))
  return lines.length > 0 && fullPrice(lines) >= (minimumTotal ?? 0n)
}

/** What lines cost before any discount. */
export function fullPrice(lines: readonly BasketLine[]): bigint {
  return lines.reduce((sum, { unitPrice, quantity }) => sum + unitPrice * BigInt(quantity), 0n)
}
