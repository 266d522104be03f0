/** Owns the planning of a migration file against a database at the state of the last one. */

import { Failure } from '../../base/failure.ts'
import { type Clock, instantText, systemClock } from '../../base/time.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import type { Database, DedicatedSession } from '../../database/database.ts'
import { examine } from '../apply/examine.ts'
import { type InternalSchema, internalSchema } from '../apply/internal.ts'
import { withMigrationLock } from '../apply/lock.ts'
import { fingerprintOf, readFingerprint, readOwned } from '../apply/state.ts'
import { desiredSchema } from '../desired/desired.ts'
import { type Step, stages } from '../diff/step.ts'
import { obstacleLines, stepLines } from '../lines.ts'
import { compare } from '../live/compare.ts'
import { fileStates, writeNewFile } from './directory.ts'
import { printFile } from './format.ts'

/** What to plan, and where the files are. */
export interface PlanOptions {
  readonly database: Database
  readonly catalog: Catalog
  readonly internal?: InternalSchema
  readonly directory: string
  /** A few words for the file's name: `add-stock`. */
  readonly title?: string
  readonly clock?: Clock
}

/** A plan. */
export interface Plan {
  /** The name of the file written; undefined where there is nothing to do. */
  readonly file: string | undefined
  readonly steps: readonly Step[]
  readonly notes: readonly string[]
  /** What a person should read: the steps, what they lock and lose, what stands in the way. */
  readonly lines: readonly string[]
}

/**
 * Writes `<time>_<title>.sql` with the steps from the database to the declaration. Any database
 * will do on which all files so far have been applied: production's own, or an empty one. Fails
 * with `migration_refused` where a file is not applied there.
 */
export async function planFile(options: PlanOptions): Promise<Plan> {
  const { database, catalog, directory, clock = systemClock } = options
  const desired = desiredSchema(catalog)
  const to = fingerprintOf(desired, options.internal ?? internalSchema([]))
  return withMigrationLock(database, async (session) => {
    await refuseUnapplied(session, directory)
    const from = await readFingerprint(session)
    const owned = await readOwned(session)
    // The file may run where there are many rows, whatever there is here.
    const { steps, notes } = await compare(session, desired, { owned, assumeRows: true })
    if (steps.length === 0) {
      return { file: undefined, steps, notes, lines: ['Nothing to do.', ...notes] }
    }
    // To count by new names, tables are renamed for a moment: not where others may be at work.
    const renames = steps.some(({ stage }) => stage === stages.rename)
    const { losses, obstacles } = await examine(session, renames ? [] : steps)
    const shown = stepLines(steps, losses)
    const at = instantText(clock.now())
    const file = `${at.replaceAll(/\D/g, '').slice(0, 14)}_${slug(options.title, steps)}.sql`
    const header = [
      `plinth migration, planned ${at}`,
      `from ${from?.slice(0, 16) ?? 'an unknown state'} to ${to.slice(0, 16)}`,
      '',
      ...shown,
      ...(obstacles.length === 0 ? [] : ['', 'In the way where this was planned:']),
      ...obstacleLines(obstacles),
    ]
    await writeNewFile(directory, file, printFile(steps, header))
    return { file, steps, notes, lines: [`Wrote ${file}.`, ...header.slice(3), ...notes] }
  })
}

async function refuseUnapplied(session: DedicatedSession, directory: string): Promise<void> {
  const states = await fileStates(session, directory)
  const open = states.find(({ state }) => state !== 'applied' && state !== 'missing')
  if (!open) return
  throw new Failure('migration_refused', {
    detail:
      `${open.name} is ${open.state} on this database. Apply the files first; a plan starts from ` +
      'the state that they lead to.',
  })
}

function slug(title: string | undefined, steps: readonly Step[]): string {
  const text = title ?? steps[0]?.summary ?? 'change'
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? ['change']
  return words.slice(0, 6).join('-').slice(0, 60)
}
