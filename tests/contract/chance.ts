/** Owns random choices: everything of one run follows from one number. */

import fc from 'fast-check'

/** Random choices and random values. */
export interface Chance {
  /** From `min` to `max`, both included. */
  integer(min: number, max: number): number
  /** True in so many of 100 cases. */
  happens(percent: number): boolean
  pick<T>(items: readonly T[]): T
  /** Several items, none twice, in their order. */
  some<T>(items: readonly T[], percent?: number): T[]
  sample<T>(arbitrary: fc.Arbitrary<T>): T
}

/**
 * Chance out of one number: the same number draws the same. Nothing shrinks, because each step
 * would open a database; the number and the request that failed say enough.
 */
export function chanceFrom(seed: number): Chance {
  let drawn = 0
  const sample = <T>(arbitrary: fc.Arbitrary<T>): T => {
    drawn += 7919
    return fc.sample(arbitrary, { seed: seed + drawn, numRuns: 1 })[0] as T
  }
  const chance: Chance = {
    sample,
    integer: (min, max) => sample(fc.noBias(fc.integer({ min, max }))),
    happens: (percent) => chance.integer(1, 100) <= percent,
    pick: (items) => items[chance.integer(0, items.length - 1)] as never,
    some: (items, percent = 50) => items.filter(() => chance.happens(percent)),
  }
  return chance
}

/** Tries a number of runs, each with a number of its own, and names the one that failed. */
export async function tryRuns(body: (chance: Chance) => Promise<void>): Promise<void> {
  const first = argument('seed', 20261121)
  for (let seed = first; seed < first + argument('runs', 6); seed++) {
    try {
      await body(chanceFrom(seed))
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause)
      // Without the cause: a reporter would compare the records of both sides for minutes.
      throw new Error(`with --runs=1 --seed=${seed}: ${message.slice(0, 4_000)}`)
    }
  }
}

/** `--name=12` of the command line, or what is usual. */
function argument(name: string, usual: number): number {
  const prefix = `--${name}=`
  const given = process.argv.find((each) => each.startsWith(prefix))
  return given === undefined ? usual : Number(given.slice(prefix.length))
}
