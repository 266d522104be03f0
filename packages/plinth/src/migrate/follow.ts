/** Owns development: the database follows the declaration by itself, and asks before it loses. */

import { Failure } from '../base/failure.ts'
import { type Clock, systemClock } from '../base/time.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Database, DedicatedSession } from '../database/database.ts'
import { applySteps } from './apply/apply.ts'
import type { Patience } from './apply/attempts.ts'
import { type Examination, examine } from './apply/examine.ts'
import { applyInternal, type InternalSchema, internalSchema } from './apply/internal.ts'
import { withMigrationLock } from './apply/lock.ts'
import { fingerprintOf, readFingerprint, readOwned, remember } from './apply/state.ts'
import { desiredSchema } from './desired/desired.ts'
import type { Step } from './diff/step.ts'
import { obstacleLines, stepLines } from './lines.ts'
import { compare } from './live/compare.ts'
import { identities, type Schema } from './schema.ts'

/** What should be followed, where, and how. */
export interface FollowOptions extends Patience {
  readonly database: Database
  readonly catalog: Catalog
  /** The internal tables of Plinth. Default: only those of migrations. */
  readonly internal?: InternalSchema
  readonly clock?: Clock
  /** Asked before each destructive step. Default: no. */
  readonly ask?: (question: Question) => boolean | Promise<boolean>
  /** Called before each step. */
  readonly onStep?: (step: Step) => void
}

/** A destructive step that needs a yes. */
export interface Question {
  readonly step: Step
  /** `12 values of product.name` */
  readonly loss: string | undefined
}

/** What was done. */
export interface Followed {
  /** False: the database was there already. */
  readonly changed: boolean
  readonly steps: readonly Step[]
  /** What is in the database, is not declared and was left alone. */
  readonly notes: readonly string[]
}

const unchanged: Followed = Object.freeze({ changed: false, steps: [], notes: [] })

/**
 * Brings the database to the declaration. Where nothing has changed this is one small query.
 * Fails with `migration_refused`, and changes nothing, where the data stands in the way or a
 * destructive step got no yes; the failure's problems say each cure.
 *
 * @example await followDeclaration({ database, catalog, ask: ({ step }) => confirm(step.summary) })
 */
export async function followDeclaration(options: FollowOptions): Promise<Followed> {
  const { database, catalog, internal = internalSchema([]), clock = systemClock } = options
  const desired = desiredSchema(catalog)
  const fingerprint = fingerprintOf(desired, internal)
  if ((await readFingerprint(database)) === fingerprint) return unchanged
  return withMigrationLock(database, async (session) => {
    // Another node may have done it while this one waited for the lock.
    if ((await readFingerprint(session)) === fingerprint) return unchanged
    await applyInternal(session, internal, clock)
    return follow(session, { ...options, clock, desired, fingerprint })
  })
}

interface Run extends FollowOptions {
  readonly clock: Clock
  readonly desired: Schema
  readonly fingerprint: string
}

async function follow(session: DedicatedSession, run: Run): Promise<Followed> {
  const { clock, desired, fingerprint } = run
  const owned = await readOwned(session)
  const { steps, notes } = await compare(session, desired, { owned })
  const examination = await examine(session, steps)
  refuseObstacles(examination)
  await askAll(steps, examination, run)
  const own = identities(desired)
  if (steps.length > 0) {
    // Before the first step: what a broken run has made must count as Plinth's own.
    await remember(session, { fingerprint: null, owned: [...owned, ...own], clock })
  }
  await applySteps(session, steps, run)
  const remaining = [...owned].filter((identity) => !isDeclaredKit(desired, identity))
  await remember(session, { fingerprint, owned: [...remaining, ...own], clock })
  return { changed: steps.length > 0, steps, notes }
}

function isDeclaredKit(desired: Schema, identity: string): boolean {
  return desired.schemas.includes(identity.slice(0, identity.indexOf('.')))
}

function refuseObstacles({ obstacles }: Examination): void {
  if (obstacles.length === 0) return
  throw new Failure('migration_refused', {
    detail: `The data stands in the way of ${count(obstacles.length, 'step')}. ${
      obstacleLines(obstacles)[0]
    }`,
    problems: obstacles.map(({ step, problem, cure }) => {
      return { pointer: step.summary, code: 'data_in_the_way', detail: `${problem} ${cure}` }
    }),
  })
}

async function askAll(
  steps: readonly Step[],
  { losses }: Examination,
  { ask = () => false }: FollowOptions,
): Promise<void> {
  const refused: Step[] = []
  for (const step of steps) {
    if (step.safety !== 'destructive') continue
    if (!(await ask({ step, loss: losses.get(step) }))) refused.push(step)
  }
  if (refused.length === 0) return
  throw new Failure('migration_refused', {
    detail:
      `${count(refused.length, 'step')} would lose data: ${stepLines(refused, losses).join(' ')} ` +
      'Nothing was changed. Say yes when asked, declare it again, or name its new name by `was`.',
    problems: refused.map((step) => {
      const loss = losses.get(step)
      const detail = loss === undefined ? step.lock : `Loses ${loss}.`
      return { pointer: step.summary, code: 'destructive', detail }
    }),
  })
}

function count(number: number, word: string): string {
  return number === 1 ? `1 ${word}` : `${number} ${word}s`
}
