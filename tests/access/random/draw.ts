/** Owns the drawing of random choices: small words over fast-check, which shrinks and replays. */

import fc from 'fast-check'

/** Random choices. Earlier items and smaller numbers are what failures shrink to. */
export interface Draw {
  /** From `min` to `max`, both included. */
  integer(min: number, max: number): number
  /** True in so many of 100 cases. */
  chance(percent: number): boolean
  pick<T>(items: readonly T[]): T
  /** Several items, none twice, in their order. */
  some<T>(items: readonly T[], percent?: number): T[]
}

/** Choices drawn from a fast-check generator. */
export function drawFrom(generate: fc.GeneratorValue): Draw {
  const draw: Draw = {
    integer: (min, max) => generate(fair, min, max),
    chance: (percent) => draw.integer(0, 99) >= 100 - percent,
    pick<T>(items: readonly T[]): T {
      if (items.length === 0) throw new Error('there is nothing to pick from')
      return items[draw.integer(0, items.length - 1)] as T
    },
    some: (items, percent = 50) => items.filter(() => draw.chance(percent)),
  }
  return draw
}

/** Without fast-check's liking for the ends of a range: most declarations are to be lively. */
function fair(min: number, max: number): fc.Arbitrary<number> {
  return fc.noBias(fc.integer({ min, max }))
}

/** How long a property is tried. */
export interface Trial {
  readonly numRuns: number
  readonly seed: number
  readonly timeoutMs: number
}

/**
 * Runs a property; its failure is thrown as it came, with the seed, without the thousands of
 * choices that led to it.
 */
export async function hold(
  property: fc.IAsyncProperty<unknown>,
  { numRuns, seed, timeoutMs }: Trial,
): Promise<void> {
  const details = await fc.check(property, {
    numRuns,
    seed,
    endOnFailure: true,
    interruptAfterTimeLimit: timeoutMs,
  })
  if (!details.failed || details.errorInstance === null) return
  const { message } = details.errorInstance as Error
  throw new Error(`with --seed=${seed}, run ${details.numRuns}: ${message}`)
}
