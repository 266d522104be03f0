/** Owns the running of migration files: in order, once, and on from where one broke off. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { type Clock, instantText, systemClock } from '../../base/time.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import type { Database, DedicatedSession } from '../../database/database.ts'
import { sql, statement, typed, value } from '../../sql/fragment.ts'
import { setLockTimeout } from '../apply/apply.ts'
import { type Patience, patiently } from '../apply/attempts.ts'
import { problemOf } from '../apply/examine.ts'
import {
  applyInternal,
  checksumOf,
  type InternalSchema,
  internalSchema,
} from '../apply/internal.ts'
import { withMigrationLock } from '../apply/lock.ts'
import { fingerprintOf, readOwned, remember } from '../apply/state.ts'
import { inTransaction } from '../apply/transaction.ts'
import { desiredSchema } from '../desired/desired.ts'
import { stepLines } from '../lines.ts'
import { compare, schemasOf } from '../live/compare.ts'
import { introspect } from '../live/introspect.ts'
import { identities, type Schema } from '../schema.ts'
import { type FileStatus, fileStates } from './directory.ts'
import type { MigrationFile, Section } from './format.ts'

/** What to apply, where, and how. */
export interface ApplyFilesOptions extends Patience {
  readonly database: Database
  readonly catalog: Catalog
  readonly internal?: InternalSchema
  readonly directory: string
  readonly clock?: Clock
  /** Files with the mark `-- plinth:destructive` are refused without it. Default false. */
  readonly allowDestructive?: boolean
  /** Called before each section. What it throws ends the run; a later one goes on from there. */
  readonly onSection?: (file: string, section: Section) => void
}

/** What was done. */
export interface AppliedFiles {
  readonly applied: readonly string[]
  /** True where the database now follows the declaration. */
  readonly complete: boolean
  readonly lines: readonly string[]
}

/**
 * Applies the pending files in order, under the migration lock. Fails with `migration_refused`
 * where an applied file was edited, a destructive one is not allowed, or the data is in the way.
 */
export function applyFiles(options: ApplyFilesOptions): Promise<AppliedFiles> {
  const { catalog, clock = systemClock, internal = internalSchema([]) } = options
  const desired = desiredSchema(catalog)
  return withMigrationLock(options.database, async (session) => {
    await applyInternal(session, internal, clock)
    const pending = pendingOf(await fileStates(session, options.directory), options)
    const run: Run = { ...options, clock, desired }
    for (const status of pending) await applyOwning(session, status, run)
    const fingerprint = fingerprintOf(desired, internal)
    const applied = pending.map(({ name }) => name)
    return { applied, ...(await settle(session, { ...run, fingerprint }, applied)) }
  })
}

type Pending = FileStatus & { readonly file: MigrationFile }

function pendingOf(
  states: readonly FileStatus[],
  { allowDestructive = false }: ApplyFilesOptions,
): readonly Pending[] {
  const edited = states.find(({ state }) => state === 'edited')
  if (edited) {
    throw new Failure('migration_refused', {
      detail: `${edited.name} was edited after it ran. Restore it, and plan a new file instead.`,
    })
  }
  const pending = states.flatMap((status): Pending[] => {
    const { file, state } = status
    return file && (state === 'pending' || state === 'partial') ? [{ ...status, file }] : []
  })
  const destructive = pending.find(({ file }) => file.destructive)
  if (destructive && !allowDestructive) {
    throw new Failure('migration_refused', {
      detail:
        `${destructive.name} loses data: see what follows -- plinth:destructive in it. ` +
        'Nothing was applied. Apply with --allow-destructive when that is meant.',
    })
  }
  return pending
}

interface Run extends ApplyFilesOptions {
  readonly clock: Clock
  readonly desired: Schema
}

/** Applies a file, and remembers what it made as Plinth's own. */
async function applyOwning(session: DedicatedSession, status: Pending, run: Run): Promise<void> {
  const owned = await readOwned(session)
  const schemas = schemasOf(run.desired, owned)
  const before = new Set(identities(await introspect(session, schemas)))
  await remember(session, { fingerprint: null, owned, clock: run.clock })
  await applyFile(session, status, run)
  const after = identities(await introspect(session, schemas))
  const made = after.filter((identity) => !before.has(identity))
  await remember(session, { fingerprint: null, owned: [...owned, ...made], clock: run.clock })
}

async function applyFile(
  session: DedicatedSession,
  { file, done }: Pending,
  run: Run,
): Promise<void> {
  const { name, sections, text } = file
  const total = typed(String(sections.length), 'integer')
  const at = (): string => instantText(run.clock.now())
  await session.query(
    statement(
      sql`insert into plinth.migration (type, name, checksum, total, started_at)
        values ('file', ${value(name)}, ${value(checksumOf(text))}, ${total},
          ${typed(at(), 'timestamptz')})
        on conflict (type, name) where type <> 'follow' do nothing`,
    ),
  )
  for (const [index, section] of sections.entries()) {
    if (index < done) continue
    const last = index + 1 === sections.length
    await runSection(session, section, {
      ...run,
      name,
      progress: async () => {
        await session.query(
          statement(
            sql`update plinth.migration set done = ${typed(String(index + 1), 'integer')},
              applied_at = ${typed(last ? at() : null, 'timestamptz')}
              where type = 'file' and name = ${value(name)}`,
          ),
        )
      },
    })
  }
}

interface SectionRun extends Run {
  readonly name: string
  readonly progress: () => Promise<void>
}

async function runSection(
  session: DedicatedSession,
  section: Section,
  run: SectionRun,
): Promise<void> {
  const what = `${run.name}:${section.line}.`
  for (const expectation of section.expectations) {
    const problem = await problemOf(session, expectation)
    if (problem === undefined) continue
    throw new Failure('migration_refused', {
      detail: `${what} ${problem} ${expectation.cure} Then apply again; it goes on from there.`,
    })
  }
  run.onSection?.(run.name, section)
  const usual = run.lockTimeoutMs ?? limits.lockTimeoutMs
  if (section.transactional) {
    const work = async (): Promise<void> => {
      await setLockTimeout(session, usual)
      await session.script(section.sql)
      await run.progress()
    }
    return patiently(what, () => inTransaction(session, work), run.attemptsMax)
  }
  await setLockTimeout(session, limits.migrationBuildLockTimeoutMs)
  const work = async (): Promise<void> => {
    for (const text of section.statements) await session.script(text)
  }
  await patiently(what, work, run.attemptsMax)
  await run.progress()
}

/** Compares once more: the files may not lead all the way, or the database may have drifted. */
async function settle(
  session: DedicatedSession,
  { desired, clock, fingerprint }: Run & { fingerprint: string },
  applied: readonly string[],
): Promise<Omit<AppliedFiles, 'applied'>> {
  const schemas = schemasOf(desired, new Set())
  const live = new Set(identities(await introspect(session, schemas)))
  const declared = identities(desired).filter((identity) => live.has(identity))
  const owned = new Set([...(await readOwned(session)), ...declared])
  const { steps, notes } = await compare(session, desired, { owned })
  const complete = steps.length === 0
  await remember(session, { fingerprint: complete ? fingerprint : null, owned, clock })
  const done =
    applied.length === 0 ? ['Nothing to apply.'] : applied.map((name) => `Applied ${name}.`)
  const gap = complete
    ? []
    : ['The database does not follow the declaration yet. Plan a file for:', ...stepLines(steps)]
  return { complete, lines: [...done, ...gap, ...notes] }
}
