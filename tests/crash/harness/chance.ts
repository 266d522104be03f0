/** Owns the random choices of a run: everything that one number can decide is decided by it. */

/** Random choices. */
export interface Chance {
  /** From 0 to below 1. */
  fraction(): number
  /** From `min` to `max`, both included. */
  integer(min: number, max: number): number
  /** True in so many of 100 cases. */
  happens(percent: number): boolean
  pick<T>(items: readonly T[]): T
  /** One of the names, as often as its weight says. */
  weighted<N extends string>(weights: Readonly<Record<N, number>>): N
  /** Another chance, decided by this one and a name: what it draws does not change this one. */
  branch(name: string): Chance
}

/** Chance out of one number (mulberry32): the same number draws the same. */
export function chanceFrom(seed: number): Chance {
  let state = seed | 0
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const integer = (min: number, max: number): number =>
    min + Math.floor(fraction() * (max - min + 1))
  return {
    fraction,
    integer,
    happens: (percent) => fraction() * 100 < percent,
    pick: <T>(items: readonly T[]) => items[integer(0, items.length - 1)] as T,
    weighted: (weights) => weighted(weights, fraction()),
    branch: (name) => chanceFrom(mix(seed, name)),
  }
}

function weighted<N extends string>(weights: Readonly<Record<N, number>>, at: number): N {
  const entries = Object.entries<number>(weights) as [N, number][]
  const sum = entries.reduce((total, [, weight]) => total + weight, 0)
  let left = at * sum
  for (const [name, weight] of entries) {
    left -= weight
    if (left < 0) return name
  }
  return entries.at(-1)?.[0] as N
}

function mix(seed: number, name: string): number {
  let mixed = seed | 0
  for (const letter of name) mixed = Math.imul(mixed ^ (letter.codePointAt(0) ?? 0), 0x01000193)
  return mixed
}
