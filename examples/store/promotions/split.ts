/** Owns dividing an amount without losing a penny: the largest remainder. */

/**
 * Divides a total by weights. The parts are whole and add up to the total exactly; no part differs
 * from its exact share by a whole unit. What is left after rounding down goes to the largest
 * remainders, the earlier first. Where all weights are 0, everything goes to the first.
 *
 * @example split(100n, [1n, 1n, 1n]) // 34n, 33n, 33n
 */
export function split(total: bigint, weights: readonly bigint[]): readonly bigint[] {
  if (total < 0n || weights.some((weight) => weight < 0n)) {
    throw new RangeError('Only amounts of at least 0 are divided.')
  }
  const sum = weights.reduce((all, weight) => all + weight, 0n)
  if (sum === 0n) return weights.map((_, index) => (index === 0 ? total : 0n))
  const parts = weights.map((weight) => (total * weight) / sum)
  const remainders = weights.map((weight) => (total * weight) % sum)
  const order = remainders
    .map((remainder, index) => ({ remainder, index }))
    .sort((a, b) => compare(b.remainder, a.remainder) || a.index - b.index)
  const left = total - parts.reduce((all, part) => all + part, 0n)
  // Fewer are left than there are remainders above 0.
  for (const { index } of order.slice(0, Number(left))) parts[index] = (parts[index] ?? 0n) + 1n
  return parts
}

/** So many hundredths of a percent of an amount, rounded to the nearest unit, halves up. */
export function portion(amount: bigint, basisPoints: bigint): bigint {
  return (amount * basisPoints + 5_000n) / 10_000n
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
