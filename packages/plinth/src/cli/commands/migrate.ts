/** Owns `plinth migrate plan|apply|status`. */

import { relative } from 'node:path'
import { catalogOf } from '../../app/compose.ts'
import type { Config } from '../../app/config/config.ts'
import { reachDatabase } from '../../app/database.ts'
import { loadApp } from '../../app/file/load-app.ts'
import { createLog } from '../../app/log.ts'
import { withDatabase, withPlanningDatabase } from '../../app/schema/databases.ts'
import { internalTables } from '../../app/schema/schema.ts'
import { migrationsFolder } from '../../app/start.ts'
import { Failure } from '../../base/failure.ts'
import { systemClock } from '../../base/time.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import { applyFiles, migrationStatus, planFile } from '../../migrate/migrate.ts'
import { configOf } from '../setup.ts'
import { printData, tell } from '../terminal.ts'

interface Prepared {
  readonly config: Config
  readonly catalog: Catalog
  readonly directory: string
  readonly internal: typeof internalTables
}

async function prepare(file: string | undefined): Promise<Prepared> {
  const config = await configOf(file)
  const { app } = await loadApp(config.appFile)
  const directory = migrationsFolder(config)
  return { config, catalog: catalogOf(app), directory, internal: internalTables }
}

const ownWay =
  'The embedded database follows the declaration by itself; migration files are for a server.'

function followsByItself({ database, production }: Config): boolean {
  return database === undefined && !production
}

async function reach({ config }: Prepared) {
  const log = createLog({ level: 'warning', clock: systemClock, plain: true })
  return reachDatabase(config, log)
}

/** Writes the file that leads from the last one to the declaration. */
export async function plan(file: string | undefined, title: string | undefined): Promise<void> {
  const prepared = await prepare(file)
  const reached = await reach(prepared)
  try {
    const { address } = reached
    // A database of its own, led by the files so far: what development already changed still
    // has to be in the next file. A given DATABASE_URL is planned against as it is.
    const scratch = prepared.config.database === undefined
    const planned = await withPlanningDatabase({ address, scratch, ...prepared }, (database) =>
      planFile({ ...prepared, database, ...(title === undefined ? {} : { title }) }),
    )
    for (const line of planned.lines) tell(line)
    if (planned.file === undefined) return
    printData(relative(process.cwd(), `${prepared.directory}/${planned.file}`))
    tell('Review the file, commit it, and run: plinth migrate apply')
  } finally {
    await reached.stop()
  }
}

/** Applies the pending files. */
export async function apply(file: string | undefined, allowDestructive: boolean): Promise<void> {
  const prepared = await prepare(file)
  if (followsByItself(prepared.config)) {
    const cure = 'Set DATABASE_URL, or NODE_ENV=production for an embedded one.'
    throw new Failure('usage', { detail: `${ownWay} ${cure}` })
  }
  const reached = await reach(prepared)
  try {
    const { lines, complete } = await withDatabase(reached.address, (database) =>
      applyFiles({
        ...prepared,
        database,
        allowDestructive,
        onSection: (name, section) => tell(`${name}:${section.line} …`),
      }),
    )
    for (const line of lines) tell(line)
    if (!complete) process.exitCode = 1
  } finally {
    await reached.stop()
  }
}

/** Shows which files ran, and what is between the database and the declaration. */
export async function status(file: string | undefined): Promise<void> {
  const prepared = await prepare(file)
  const reached = await reach(prepared)
  try {
    const { lines, steps, files } = await withDatabase(reached.address, (database) =>
      migrationStatus({ ...prepared, database }),
    )
    for (const line of lines) printData(line)
    const follows = followsByItself(prepared.config)
    if (follows && files.length > 0) tell(ownWay)
    const open = !follows && files.some(({ state }) => state !== 'applied')
    if (steps.length > 0 || open) process.exitCode = 1
  } finally {
    await reached.stop()
  }
}
