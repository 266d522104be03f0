/** Owns what most commands need: the app opened on its database, beside a server or not. */

import type { Config } from '../app/config/config.ts'
import { reachDatabase } from '../app/database.ts'
import { createLog, type Log } from '../app/log.ts'
import { type StartedApp, startApp } from '../app/start.ts'
import type { Operating } from '../app/work/operate.ts'
import { systemClock } from '../base/time.ts'
import { configOf } from './setup.ts'
import { tell } from './terminal.ts'

/** A command's log: warnings only, because its output is its own. */
function quietLog(config: Config): Log {
  const level = config.logLevel === 'debug' ? 'debug' : 'warning'
  return createLog({ level, clock: systemClock, plain: true })
}

/**
 * Opens the app for a command and closes it at the end. Beside a running server it shares the
 * server's database; otherwise PostgreSQL is started for as long as the command takes.
 */
export async function withApp<T>(
  file: string | undefined,
  work: (started: StartedApp & { readonly config: Config }) => Promise<T>,
): Promise<T> {
  const config = await configOf(file)
  const log = quietLog(config)
  const database = await reachDatabase(config, log)
  try {
    const { address } = database
    const options = { config, database: address, command: 'start', acceptLoss: false } as const
    const started = await startApp({ ...options, log })
    try {
      for (const line of started.seedLines ?? []) tell(line)
      return await work({ ...started, config })
    } finally {
      await started.running.close()
    }
  } finally {
    await database.stop()
  }
}

/** Does what operators do with jobs, queues, events and schedules. */
export function operate<T>(
  file: string | undefined,
  does: (operating: Operating) => Promise<T>,
): Promise<T> {
  return withApp(file, ({ running }) => does(running.operating))
}
