/** Owns what a step of a migration is. */

import { assert } from '../../base/assert.ts'
import { type Fragment, statement } from '../../sql/fragment.ts'

/**
 * `safe`: quick, and loses nothing. `locking`: loses nothing, but others wait while it reads or
 * rewrites a table. `destructive`: values are lost that cannot be made again.
 */
export type Safety = 'safe' | 'locking' | 'destructive'

/** One step towards the declaration. */
export interface Step {
  /** Plain words: `Adds product.stock.` */
  readonly summary: string
  readonly safety: Safety
  /** Whom it keeps waiting, in plain words. */
  readonly lock: string
  readonly statements: readonly string[]
  /** False: runs by itself, outside a transaction, and can be run again when it broke off. */
  readonly transactional: boolean
  /** Transactional steps of one stage run in one transaction; stages run in order. */
  readonly stage: Stage
  /** The order within a stage. */
  readonly rank: number
  /** What must not be in the data. Counted before anything is changed. */
  readonly expectations: readonly Expectation[]
  /** What would be lost. */
  readonly loss?: Loss
}

/** A count that must be zero. */
export interface Expectation {
  /** Returns one number. */
  readonly sql: string
  /** `{count} records of product have no name` */
  readonly problem: string
  readonly cure: string
}

/** A count of what a destructive step takes away. */
export interface Loss {
  readonly sql: string
  /** `{count} values of product.name` */
  readonly words: string
}

/** The stages, in order. Between two of them the database serves its callers as ever. */
export const stages = Object.freeze({
  rename: 0,
  change: 1,
  fill: 2,
  build: 3,
  finish: 4,
  drop: 5,
})

/** When a step runs. */
export type Stage = (typeof stages)[keyof typeof stages]

/** Makes a step; what is not said is usual: safe, in a transaction, nothing expected. */
export function step(part: Pick<Step, 'summary' | 'statements' | 'stage'> & Partial<Step>): Step {
  return Object.freeze({
    safety: 'safe',
    lock: 'Holds the table for an instant.',
    transactional: true,
    rank: 50,
    expectations: [],
    ...part,
  })
}

/** Steps in the order in which they run. */
export function inOrder(steps: readonly Step[]): readonly Step[] {
  return [...steps].sort((a, b) => a.stage - b.stage || a.rank - b.rank)
}

/** The text of a statement without parameters. */
export function ddl(fragment: Fragment): string {
  const { text, values } = statement(fragment)
  assert(values.length === 0, 'a statement of a migration has no parameters')
  return text.trim()
}
