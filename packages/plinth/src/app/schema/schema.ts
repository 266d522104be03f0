/** Owns what a start does about the schema: follow, apply files, or refuse to go on. */

import { stat } from 'node:fs/promises'
import type { Clock } from '../../base/time.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import type { Database } from '../../database/database.ts'
import { effectTables } from '../../effects/tables.ts'
import { fingerprintOf } from '../../migrate/apply/state.ts'
import { desiredSchema } from '../../migrate/desired/desired.ts'
import {
  applyFiles,
  followDeclaration,
  internalSchema,
  type Question,
  requireSchema,
} from '../../migrate/migrate.ts'
import type { Log } from '../log.ts'

/** The tables of Plinth itself. */
export const internalTables = internalSchema(effectTables)

/**
 * How the schema is brought to the declaration. `follow`: by itself, as in development. `files`:
 * by the migration files. `require`: not at all; a gap ends the start.
 */
export type SchemaMode = 'follow' | 'files' | 'require'

/** What a start knows of the schema. */
export interface SchemaSetup {
  readonly mode: SchemaMode
  /** The folder of migration files. */
  readonly migrations: string
  /** Asked before values are lost. Default: no. */
  readonly ask?: (question: Question) => boolean | Promise<boolean>
}

interface Parts {
  readonly database: Database
  readonly catalog: Catalog
  readonly clock: Clock
  readonly log: Log
}

/** Settles the schema as the setup says. Fails with `migration_refused`, which names the cure. */
export async function settleSchema(parts: Parts, setup: SchemaSetup): Promise<void> {
  const { database, catalog, clock, log } = parts
  const common = { database, catalog, clock, internal: internalTables }
  if (setup.mode === 'follow') {
    const ask = setup.ask ? { ask: setup.ask } : {}
    const { steps, notes } = await followDeclaration({ ...common, ...ask })
    for (const { summary } of steps) {
      log({ level: steps.length > 20 ? 'debug' : 'information', message: summary })
    }
    if (steps.length > 20) {
      const message = `The database follows the declaration: ${steps.length} steps.`
      log({ level: 'information', message })
    }
    for (const message of notes) log({ level: 'information', message })
    return
  }
  if (setup.mode === 'files') {
    const { applied } = await applyFiles({ ...common, directory: setup.migrations })
    for (const name of applied) log({ level: 'information', message: `Applied ${name}.` })
  }
  await requireSchema(common)
}

/** Equal for apps whose databases have the same form. */
export function schemaFingerprint(catalog: Catalog): string {
  return fingerprintOf(desiredSchema(catalog), internalTables)
}

/** What decides the mode. */
export interface ModeQuestion {
  readonly command: 'dev' | 'start'
  readonly production: boolean
  readonly embedded: boolean
  readonly migrations: string
}

/**
 * The mode of a start. Development follows. Production never changes a schema by itself.
 * Otherwise the embedded database follows safe steps, so that a fresh machine runs and nothing is
 * between it and `plinth dev`; a given server gets the migration files where there is a folder.
 */
export async function schemaMode(question: ModeQuestion): Promise<SchemaMode> {
  if (question.command === 'dev') return 'follow'
  if (question.production) return 'require'
  if (question.embedded) return 'follow'
  const found = await stat(question.migrations).catch(() => undefined)
  return found?.isDirectory() ? 'files' : 'require'
}
