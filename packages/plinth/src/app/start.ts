/** Owns starting a configured app: the same for the server process and for every command. */

import { dirname, join } from 'node:path'
import { shiftedClock, systemClock } from '../base/time.ts'
import type { DatabaseAddress } from '../database/database.ts'
import { openApp, type RunningApp } from './compose.ts'
import type { Config } from './config/config.ts'
import { readProviderKeys } from './config/provider-keys.ts'
import { keptSecret } from './config/secret.ts'
import { type LoadedApp, loadApp } from './file/load-app.ts'
import type { Log } from './log.ts'
import { seedOnce } from './people/seed.ts'
import { keepSeedLines } from './people/seed-lines.ts'
import { plantFaults } from './process/faults.ts'
import { sandboxStart, withSandboxClock } from './sandbox/clock.ts'
import { schemaMode } from './schema/schema.ts'
import type { WorkMode } from './work/open.ts'

/** What is started, and how. */
export interface StartOptions {
  readonly config: Config
  readonly database: DatabaseAddress | Promise<DatabaseAddress>
  /** What decides how the schema is settled; commands beside a server settle it as `start` does. */
  readonly command: 'dev' | 'start'
  /** True: the schema change may lose values. */
  readonly acceptLoss: boolean
  readonly log: Log
  /** Whether this process runs jobs. Default `off`. */
  readonly work?: WorkMode
  /** True: it answers requests, for the app's front end too. Default false. */
  readonly serves?: boolean
}

/** A started app. */
export interface StartedApp {
  readonly loaded: LoadedApp
  readonly running: RunningApp
  /** The app's. */
  readonly secret: string
  /** What the seed showed, where this start was the first. */
  readonly seedLines: readonly string[] | undefined
}

/** The folder of an app's migration files. */
export function migrationsFolder(config: Config): string {
  return join(dirname(config.appFile), 'migrations')
}

/** Loads the app of a configuration, settles its schema, opens it, and fills it the first time. */
export async function startApp(options: StartOptions): Promise<StartedApp> {
  const { config, command, acceptLoss, log, work = 'off' } = options
  plantFaults(config.faults)
  // Side by side: reading the app's modules, and waiting for the database to be there.
  const [loaded, database, secret] = await Promise.all([
    loadApp(config.appFile),
    options.database,
    config.secret ?? keptSecret(config.dataDirectory),
  ])
  const { production, callsPerMinute } = config
  const migrations = migrationsFolder(config)
  const embedded = config.database === undefined
  const mode = await schemaMode({ command, production, embedded, migrations })
  const schema = { mode, migrations, ask: () => acceptLoss }
  const { jobsAtOnce, mail, outbound, publicUrl } = config
  const { keys: providerKeys, missing } = readProviderKeys(loaded.app.signInWith, config)
  for (const message of missing) log({ level: 'warning', message })
  const setup = {
    ...{ database, secret, production, callsPerMinute, schema, work },
    ...{ providerKeys, jobsAtOnce, mail, outbound, publicUrl },
    localUrl: `http://127.0.0.1:${config.port}`,
    home: options.serves ? dirname(config.appFile) : undefined,
  }
  const clock = shiftedClock(systemClock)
  const settled = production ? undefined : sandboxStart(clock)
  const opened = await openApp(loaded.app, setup, { clock, log, settled })
  const running = production ? opened : withSandboxClock(opened, clock)
  try {
    const seedable = !production && (command === 'dev' || embedded)
    const seedLines = seedable ? await seedOnce({ ...running, app: loaded.app }) : undefined
    if (seedLines) await keepSeedLines(config.dataDirectory, seedLines)
    return { loaded, running, secret, seedLines }
  } catch (error) {
    await running.close()
    throw error
  }
}
