/** Owns a private cluster of the machine's own PostgreSQL, for tests against other versions. */

import { chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert } from '../base/assert.ts'
import { sleep } from '../base/time.ts'
import type { DatabaseAddress } from '../database/database.ts'
import { chooseAccount } from '../database/embedded/account.ts'
import { startGuarded } from '../database/embedded/guardian.ts'
import { run } from '../database/embedded/run.ts'

const installations = '/usr/lib/postgresql'

/** A running cluster of the system's PostgreSQL. */
export interface SystemPostgres {
  readonly address: DatabaseAddress
  readonly majorVersion: number
  /** Stops the server and removes its directory. */
  stop(): Promise<void>
}

/** The newest PostgreSQL that the machine has, or undefined where none is installed. */
export async function systemPostgresVersion(): Promise<number | undefined> {
  const versions = (await readdir(installations).catch(() => [])).map(Number)
  const newest = Math.max(0, ...versions.filter(Number.isInteger))
  return newest === 0 ? undefined : newest
}

/**
 * Starts a private, throwaway cluster on a Unix socket. Undefined where no PostgreSQL is installed
 * on the machine: tests then say so by skipping. It ends with this process, however that ends.
 *
 * @example const server = await startSystemPostgres({ fsync: 'off' })
 */
export async function startSystemPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<SystemPostgres | undefined> {
  const majorVersion = await systemPostgresVersion()
  if (majorVersion === undefined) return undefined
  const programs = join(installations, String(majorVersion), 'bin')
  const account = await chooseAccount()
  const directory = await mkdtemp(join(tmpdir(), 'plinth-system-'))
  if (account) await chown(directory, account.uid, account.gid)
  const data = join(directory, 'data')
  const create = ['-D', data, '-U', 'plinth', '--auth=trust', '--no-sync', '--encoding=UTF8']
  const options = { account, directory, timeoutMs: 60_000 }
  const made = await run(join(programs, 'initdb'), [...create, '--locale=C'], options)
  assert(made.code === 0, `initdb works: ${made.output}`)
  const given = { listen_addresses: '', unix_socket_directories: directory, ...settings }
  const parameters = Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const lines: string[] = []
  const { child, ended } = startGuarded({
    program: join(programs, 'postgres'),
    parameters: ['-D', data, ...parameters],
    directory: data,
    account,
    line: (line) => lines.push(line),
  })
  while (!(await isReady(data))) {
    assert(child.exitCode === null, `PostgreSQL starts: ${lines.join('\n')}`)
    await sleep(10)
  }
  return {
    address: { host: directory, port: 5432, user: 'plinth', database: 'postgres' },
    majorVersion,
    async stop() {
      child.kill('SIGQUIT')
      await ended
      await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
    },
  }
}

async function isReady(data: string): Promise<boolean> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  return text.split('\n')[7]?.trim() === 'ready'
}
