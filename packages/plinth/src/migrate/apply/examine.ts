/** Owns the look at the data before a migration: what stands in the way, and what would be lost. */

import type { DedicatedSession } from '../../database/database.ts'
import { type Expectation, type Step, stages } from '../diff/step.ts'
import { patiently } from './attempts.ts'

/** What the data says about some steps. */
export interface Examination {
  /** Why the steps cannot run. Empty: they can. */
  readonly obstacles: readonly Obstacle[]
  /** What each destructive step takes away, in words: `12 values of product.name`. */
  readonly losses: ReadonlyMap<Step, string>
}

/** A step that the data does not allow. */
export interface Obstacle {
  readonly step: Step
  readonly problem: string
  readonly cure: string
}

/** Counts what the steps expect of the data. Changes nothing; reports counts, never values. */
export async function examine(
  session: DedicatedSession,
  steps: readonly Step[],
): Promise<Examination> {
  const counting = steps.some((step) => step.expectations.length > 0 || step.loss)
  if (!counting) return { obstacles: [], losses: new Map() }
  return patiently('The data is examined.', () => examineOnce(session, steps))
}

async function examineOnce(
  session: DedicatedSession,
  steps: readonly Step[],
): Promise<Examination> {
  const renames = steps.filter((step) => step.stage === stages.rename)
  // The steps speak of tables and columns by their new names: rename, count, undo.
  await session.script('begin')
  try {
    for (const text of renames.flatMap((step) => step.statements)) await session.script(text)
    return await count(session, steps)
  } finally {
    await session.script('rollback')
  }
}

async function count(session: DedicatedSession, steps: readonly Step[]): Promise<Examination> {
  const obstacles: Obstacle[] = []
  const losses = new Map<Step, string>()
  const seen = new Set<string>()
  for (const step of steps) {
    for (const expectation of step.expectations) {
      if (seen.has(expectation.sql)) continue
      seen.add(expectation.sql)
      const problem = await problemOf(session, expectation)
      if (problem !== undefined) obstacles.push({ step, problem, cure: expectation.cure })
    }
    if (step.loss) {
      const lost = await numberOf(session, step.loss.sql)
      losses.set(step, step.loss.words.replace('{count}', lost))
    }
  }
  return { obstacles, losses }
}

/** The problem in words, or undefined where the count is zero. */
export async function problemOf(
  session: DedicatedSession,
  { sql, problem }: Expectation,
): Promise<string | undefined> {
  const found = await numberOf(session, sql)
  return found === '0' ? undefined : problem.replace('{count}', found)
}

async function numberOf(session: DedicatedSession, text: string): Promise<string> {
  const { rows } = await session.query({ text, values: [] })
  return rows[0]?.[0] ?? '0'
}
