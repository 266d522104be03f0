/** Owns what one promotion takes off each line, given what earlier ones have left of it. */

import { type BasketLine, type Effect, fullPrice, isFor, type Promotion } from './promotion.ts'
import { portion, split } from './split.ts'

/** What is left to pay of a line. */
export interface Remaining {
  readonly line: BasketLine
  readonly left: bigint
}

/** What a promotion takes off each line, in their order: never more than is left. */
export function discountOf(promotion: Promotion, lines: readonly Remaining[]): readonly bigint[] {
  const chosen = lines.map(({ line, left }) => (isFor(promotion, line) ? left : 0n))
  if (promotion.effect.type === 'buy_get') return buyGet(promotion, promotion.effect, lines)
  const sum = chosen.reduce((all, left) => all + left, 0n)
  const full = fullPrice(lines.map(({ line }) => line).filter((line) => isFor(promotion, line)))
  const wanted = amountOf(promotion.effect, sum, full)
  return split(wanted < sum ? wanted : sum, chosen)
}

/** Thresholds look at the full price: a discount elsewhere does not take another one away. */
function amountOf(effect: Exclude<Effect, { type: 'buy_get' }>, sum: bigint, full: bigint): bigint {
  if (effect.type === 'percentage') return portion(sum, BigInt(effect.basisPoints))
  if (effect.type === 'fixed') return effect.amount
  const reached = effect.tiers.filter(({ from }) => from <= full)
  const [first, ...more] = reached
  if (!first) return 0n
  const tier = more.reduce((best, one) => (one.from > best.from ? one : best), first)
  return tier.amount ?? portion(sum, BigInt(tier.basisPoints ?? 0))
}

/** Pieces of one line that have the same value. */
interface Run {
  readonly place: number
  readonly value: bigint
  readonly count: number
}

/** The pieces by value, dearest first; the last of each full group are the cheapest of it. */
function buyGet(
  promotion: Promotion,
  { buy, get, basisPoints }: Extract<Effect, { type: 'buy_get' }>,
  lines: readonly Remaining[],
): readonly bigint[] {
  const runs = lines
    .flatMap(({ line, left }, place) => (isFor(promotion, line) ? runsOf(line, left, place) : []))
    .sort((a, b) => (a.value === b.value ? a.place - b.place : a.value > b.value ? -1 : 1))
  const off = lines.map(() => 0n)
  const group = buy + get
  const all = runs.reduce((sum, { count }) => sum + count, 0)
  const full = all - (all % group)
  // Of the first so many pieces this many are the last `get` of their group.
  const cheaper = (pieces: number): number => {
    const counted = Math.min(pieces, full)
    return Math.floor(counted / group) * get + Math.max(0, (counted % group) - buy)
  }
  let before = 0
  for (const { place, value, count } of runs) {
    const pieces = cheaper(before + count) - cheaper(before)
    off[place] = (off[place] ?? 0n) + portion(value, BigInt(basisPoints)) * BigInt(pieces)
    before += count
  }
  return off
}

/** What is left of a line, by piece: a penny that does not divide makes some dearer by one. */
function runsOf({ quantity }: BasketLine, left: bigint, place: number): readonly Run[] {
  const value = left / BigInt(quantity)
  const dearer = Number(left % BigInt(quantity))
  const runs = [
    { place, value: value + 1n, count: dearer },
    { place, value, count: quantity - dearer },
  ]
  return runs.filter(({ count }) => count > 0)
}
