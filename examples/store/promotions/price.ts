/** Owns the price of a basket: which promotions apply, and what each takes off which line. */

import { discountOf } from './discount.ts'
import { type Basket, type BasketLine, fullPrice, isEligible, type Promotion } from './promotion.ts'

/**
 * How promotions stand beside each other. In both ways one that is exclusive stands alone, and a
 * family gives at most one.
 *
 * - `priority`: the higher priority is taken first, and keeps out what cannot stand beside it
 * - `best`: of all allowed sets the one that takes most off, of equals the smaller one
 */
export type Stacking = 'priority' | 'best'

/** A promotion that was applied. */
export interface Applied {
  readonly promotion: Promotion
  /** What it takes off, in all. */
  readonly amount: bigint
  /** What it takes off each line, in the order of the basket's lines. */
  readonly perLine: readonly bigint[]
}

/** What a line costs. */
export interface PricedLine {
  readonly line: BasketLine
  /** At full price. */
  readonly full: bigint
  readonly discount: bigint
  /** What is paid: `full - discount`, never below 0. */
  readonly net: bigint
}

/** What a basket costs. All sums are exact. */
export interface Price {
  readonly lines: readonly PricedLine[]
  readonly applied: readonly Applied[]
  readonly full: bigint
  readonly discount: bigint
  readonly net: bigint
}

/** So many promotions compete at most for the best set: those of the highest priority. */
export const competingMax = 10

/**
 * The price of a basket under some promotions. Neither the order of the promotions nor that of the
 * lines changes what anything costs.
 *
 * @example priceOf(basket, promotions, 'best').net
 */
export function priceOf(
  basket: Basket,
  promotions: readonly Promotion[],
  stacking: Stacking,
): Price {
  // By id, so that a penny that is left over falls on the same line however they were given.
  const lines = [...basket.lines].sort((a, b) => order(a.id, b.id))
  const candidates = promotions
    .filter((promotion) => isEligible(promotion, basket))
    .sort((a, b) => b.priority - a.priority || order(a.id, b.id))
  const applied = stacking === 'best' ? best(lines, candidates) : taken(lines, candidates)
  return priced(basket.lines, lines, applied)
}

function taken(lines: readonly BasketLine[], candidates: readonly Promotion[]): readonly Applied[] {
  const chosen: Promotion[] = []
  for (const one of candidates) {
    // What takes nothing off keeps nobody out.
    if (allowed([...chosen, one]) && apply(lines, [...chosen, one]).length > chosen.length) {
      chosen.push(one)
    }
  }
  return apply(lines, chosen)
}

function best(lines: readonly BasketLine[], candidates: readonly Promotion[]): readonly Applied[] {
  let winner: readonly Applied[] = []
  for (const set of subsets(candidates.slice(0, competingMax))) {
    if (!allowed(set)) continue
    const applied = apply(lines, set)
    const gain = total(applied) - total(winner)
    if (gain > 0n || (gain === 0n && applied.length < winner.length)) winner = applied
  }
  return winner
}

/** Every subset, in an order that depends on the candidates' order alone. */
function* subsets(all: readonly Promotion[]): Generator<readonly Promotion[]> {
  for (let bits = 0; bits < 2 ** all.length; bits++) {
    yield all.filter((_, index) => (bits >> index) & 1)
  }
}

function allowed(set: readonly Promotion[]): boolean {
  if (set.length > 1 && set.some(({ exclusive }) => exclusive)) return false
  const families = set.flatMap(({ family }) => (family === undefined ? [] : [family]))
  return new Set(families).size === families.length
}

/** Applies promotions one after another, each to what the earlier left. */
function apply(lines: readonly BasketLine[], set: readonly Promotion[]): readonly Applied[] {
  let remaining = lines.map((line) => ({ line, left: fullPrice([line]) }))
  const applied: Applied[] = []
  for (const promotion of set) {
    const perLine = discountOf(promotion, remaining)
    const amount = perLine.reduce((sum, part) => sum + part, 0n)
    if (amount === 0n) continue
    applied.push({ promotion, amount, perLine })
    remaining = remaining.map(({ line, left }, place) => {
      return { line, left: left - (perLine[place] ?? 0n) }
    })
  }
  return applied
}

function priced(
  given: readonly BasketLine[],
  sorted: readonly BasketLine[],
  applied: readonly Applied[],
): Price {
  const places = given.map((line) => sorted.indexOf(line))
  const inOrder = applied.map((one) => ({
    ...one,
    perLine: places.map((place) => one.perLine[place] ?? 0n),
  }))
  const lines = given.map((line, place) => {
    const full = fullPrice([line])
    const discount = inOrder.reduce((sum, { perLine }) => sum + (perLine[place] ?? 0n), 0n)
    return { line, full, discount, net: full - discount }
  })
  const full = fullPrice(given)
  const discount = total(inOrder)
  return { lines, applied: inOrder, full, discount, net: full - discount }
}

function total(applied: readonly Applied[]): bigint {
  return applied.reduce((sum, { amount }) => sum + amount, 0n)
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
