/** Owns the look at a database: which files ran, and whether it follows the declaration. */

import { Failure } from '../../base/failure.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import type { Database, DedicatedSession } from '../../database/database.ts'
import { type InternalSchema, internalSchema } from '../apply/internal.ts'
import { fingerprintOf, markDrifted, readFingerprint, readOwned } from '../apply/state.ts'
import { desiredSchema } from '../desired/desired.ts'
import { type Step, stages } from '../diff/step.ts'
import { stepLines } from '../lines.ts'
import { compare } from '../live/compare.ts'
import { type FileStatus, fileStates } from './directory.ts'

/** What to look at. */
export interface StatusOptions {
  readonly database: Database
  readonly catalog: Catalog
  readonly internal?: InternalSchema
  /** The directory of migration files. */
  readonly directory: string
}

/** How a database stands. */
export interface MigrationStatus {
  readonly files: readonly FileStatus[]
  /** What would bring the database to the declaration; empty: it follows it. */
  readonly steps: readonly Step[]
  /** True where the database was left in this state and was changed by hand since. */
  readonly drifted: boolean
  /** What is there, is not declared and is left alone. */
  readonly notes: readonly string[]
  readonly lines: readonly string[]
}

/** Reports files and drift. Changes nothing but the mark that makes the next start look closely. */
export function migrationStatus(options: StatusOptions): Promise<MigrationStatus> {
  const desired = desiredSchema(options.catalog)
  const wanted = fingerprintOf(desired, options.internal ?? internalSchema([]))
  return options.database.dedicated(async (session) => {
    const files = await fileStates(session, options.directory)
    const { steps, notes } = await compare(session, desired, { owned: await readOwned(session) })
    const drifted = steps.length > 0 && (await readFingerprint(session)) === wanted
    if (drifted) await markDrifted(session)
    return { files, steps, drifted, notes, lines: statusLines({ files, steps, drifted, notes }) }
  })
}

function statusLines({ files, steps, drifted, notes }: Omit<MigrationStatus, 'lines'>) {
  const gap = drifted
    ? 'The database was changed by hand. To follow the declaration again:'
    : 'The database does not follow the declaration:'
  return [
    ...files.map(({ name, state, appliedAt }) => `${state.padEnd(8)} ${name} ${appliedAt ?? ''}`),
    ...(steps.length === 0
      ? ['The database follows the declaration.']
      : [gap, ...stepLines(steps)]),
    ...notes,
  ].map((line) => line.trimEnd())
}

/**
 * For production: refuses to start where the database lacks something that is declared. What it
 * has beyond the declaration is no obstacle, so that the nodes of the last version keep starting
 * while those of the next one are rolled out. Fails with `migration_refused`.
 */
export async function requireSchema(options: Omit<StatusOptions, 'directory'>): Promise<void> {
  const { database, catalog, internal = internalSchema([]) } = options
  const desired = desiredSchema(catalog)
  if ((await readFingerprint(database)) === fingerprintOf(desired, internal)) return
  await database.dedicated((session) => refuseGap(session, desired))
}

async function refuseGap(
  session: DedicatedSession,
  desired: ReturnType<typeof desiredSchema>,
): Promise<void> {
  const { steps } = await compare(session, desired, { owned: await readOwned(session) })
  const lacking = steps.filter(({ stage }) => stage < stages.finish)
  if (lacking.length === 0) return
  throw new Failure('migration_refused', {
    detail:
      `The database lacks what is declared: ${lacking[0]?.summary} ` +
      'Run plinth migrate plan, review the file, and run plinth migrate apply.',
    problems: lacking.map(({ summary, lock }) => {
      return { pointer: summary, code: 'schema_behind', detail: lock }
    }),
  })
}
