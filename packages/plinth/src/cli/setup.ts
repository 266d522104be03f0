/** Owns what every command begins with: the app's file, its configuration, a log. */

import { type Config, readConfig } from '../app/config/config.ts'
import { findAppFile } from '../app/file/find-app.ts'
import { createLog, type Log } from '../app/log.ts'
import { systemClock } from '../base/time.ts'

/** The configuration of the app that a command names, or of the one in the working directory. */
export async function configOf(file: string | undefined): Promise<Config> {
  return readConfig({ appFile: await findAppFile(file, process.cwd()) })
}

/** A log on stderr: lines for people on a terminal, JSON lines elsewhere. */
export function logOf(config: Config): Log {
  const { logLevel: level } = config
  return createLog({ level, clock: systemClock, plain: isPlain() })
}

/** Whether logs are for people. */
export function isPlain(): boolean {
  return process.stderr.isTTY === true
}
