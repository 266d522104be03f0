/** Owns a private cluster of the machine's own PostgreSQL, for tests against other versions. */

import { execFile } from 'node:child_process'
import { chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { DatabaseAddress } from '../database/database.ts'

const execute = promisify(execFile)
const installations = '/usr/lib/postgresql'

/** A running cluster of the system's PostgreSQL. */
export interface SystemPostgres {
  readonly address: DatabaseAddress
  readonly majorVersion: number
  /** Stops the server and removes its directory. */
  stop(): Promise<void>
}

/**
 * Starts a private cluster on a Unix socket. Undefined where no PostgreSQL is installed on the
 * machine: tests then say so by skipping.
 *
 * @example const server = await startSystemPostgres() ?? test.skip('no PostgreSQL installed')
 */
export async function startSystemPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<SystemPostgres | undefined> {
  const versions = (await readdir(installations).catch(() => [])).map(Number)
  const majorVersion = Math.max(0, ...versions)
  if (majorVersion === 0) return undefined
  const programs = join(installations, String(majorVersion), 'bin')
  const directory = await mkdtemp(join(tmpdir(), 'plinth-system-'))
  const identity = await account()
  if (identity.uid !== undefined) await chown(directory, identity.uid, identity.gid ?? 0)
  const data = join(directory, 'data')
  const options = { ...identity, cwd: directory, env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' } }
  const create = ['-D', data, '-U', 'plinth', '--auth=trust', '--no-sync', '--encoding=UTF8']
  await execute(join(programs, 'initdb'), [...create, '--locale=C'], options)
  const parameters = { listen_addresses: '', unix_socket_directories: directory, ...settings }
  const text = Object.entries(parameters).map(([name, value]) => `-c ${name}='${value}'`)
  const control = join(programs, 'pg_ctl')
  const log = ['-l', join(data, 'server.log')]
  await execute(control, ['start', '-w', '-D', data, ...log, '-o', text.join(' ')], options)
  return {
    address: { host: directory, port: 5432, user: 'plinth', database: 'postgres' },
    majorVersion,
    async stop() {
      await execute(control, ['stop', '-w', '-m', 'immediate', '-D', data], options)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** PostgreSQL refuses to run as root. */
async function account(): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {}
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n')
  const entry = lines.find((line) => line.startsWith('postgres:'))?.split(':')
  return entry ? { uid: Number(entry[2]), gid: Number(entry[3]) } : {}
}
