/** Owns what an order holds beside its payment: coupons and pieces, taken, and given back. */

import type { Basketed } from './basket.ts'
import { orderCancelled } from './events.ts'
import type { Scope } from './kit.ts'

interface TakingCoupons {
  readonly basket: Basketed
  readonly orderId: string
  readonly customer: { readonly id: string }
}

/** Uses coupons up, in one order for all buyers. Returns the code that does not hold any more. */
export async function takeCoupons(
  scope: Scope,
  { basket, orderId, customer }: TakingCoupons,
): Promise<string | undefined> {
  const { data } = scope
  const sorted = [...basket.coupons].sort((a, b) => (a.id < b.id ? -1 : 1))
  for (const { id, code, usesMaxPerCustomer } of sorted) {
    const key = couponKey(id, customer.id)
    const theirs = await scope.takeWithinLimit({ key, limit: usesMaxPerCustomer })
    if (!theirs) return code
    const taking = { into: 'used', limit: 'usesMax' } as const
    if (!(await data.unrestricted.coupon.takeWithinLimit(id, taking))) return code
    await data.unrestricted.redemption.create({ couponId: id, orderId, customerId: customer.id })
  }
  return undefined
}

/**
 * Undoes an order that was not paid: its pieces go back on the shelf, its coupons can be used
 * again. Of several reasons the first one does it; false where it was not open any more.
 */
export async function release(
  scope: Scope,
  orderId: string,
  reason: 'declined' | 'too_late' | 'withdrawn',
): Promise<boolean> {
  const { data, emit } = scope
  const order = await data.unrestricted.order.lock(orderId)
  if (order.status !== 'open') return false
  await data.unrestricted.order.update(orderId, { status: 'cancelled' })
  // Coupons before pieces, as they were taken.
  await releaseCoupons(scope, orderId)
  await restock(scope, await piecesOf(scope, orderId))
  emit(orderCancelled, { orderId, reason })
  return true
}

/** Some pieces of one product. */
export interface Pieces {
  readonly productId: string
  readonly quantity: number
}

/** Puts pieces back on the shelf, in one order for everybody. */
export async function restock({ data }: Scope, pieces: readonly Pieces[]): Promise<void> {
  const sorted = [...pieces].sort((a, b) => (a.productId < b.productId ? -1 : 1))
  for (const { productId, quantity } of sorted) {
    if (quantity === 0) continue
    await data.unrestricted.product.giveBack(productId, { from: 'stock', quantity })
  }
}

async function piecesOf({ data }: Scope, orderId: string): Promise<readonly Pieces[]> {
  const { data: lines } = await data.unrestricted.line.find({
    filter: { orderId },
    fields: ['productId', 'quantity'],
    limit: 100,
  })
  return lines
}

/** Gives the uses of an order's coupons back: those of the coupons that go on after a payment. */
export function returnCoupons(scope: Scope, orderId: string): Promise<void> {
  return releaseCoupons(scope, orderId, ({ givenBack }) => givenBack)
}

async function releaseCoupons(
  { data, giveBack, now }: Scope,
  orderId: string,
  goesBack: (coupon: { readonly givenBack: boolean }) => boolean = () => true,
): Promise<void> {
  const { data: used } = await data.unrestricted.redemption.find({
    filter: { orderId, releasedAt: { isNull: true } },
    include: { coupon: true },
    limit: 20,
  })
  // In the order in which they are taken, so that none waits for one who waits for it.
  const sorted = [...used].sort((a, b) => (a.couponId < b.couponId ? -1 : 1))
  for (const { id, couponId, customerId, coupon } of sorted) {
    if (!coupon || !goesBack(coupon)) continue
    await giveBack({ key: couponKey(couponId, customerId), limit: 0 })
    const taking = { into: 'used', limit: 'usesMax' } as const
    await data.unrestricted.coupon.giveBack(couponId, taking)
    await data.unrestricted.redemption.update(id, { releasedAt: now })
  }
}

function couponKey(couponId: string, customerId: string): string {
  return `coupon:${couponId}:customer:${customerId}`
}
