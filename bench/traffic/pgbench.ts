/** Owns pgbench: the planner's statement, and nothing else, as fast as PostgreSQL can. */

import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import type { DatabaseAddress } from '../../packages/plinth/src/database/database.ts'
import { isInstalled, run } from '../processes.ts'
import type { PlannedStatement } from './statement.ts'

const debianFolder = '/usr/lib/postgresql'
const clients = 8
const scriptsMax = 100

/** Where pgbench is, if it is anywhere. */
export async function findPgbench(): Promise<string | undefined> {
  if (await isInstalled('pgbench')) return 'pgbench'
  const versions = await readdir(debianFolder).catch(() => [])
  for (const version of versions.sort((a, b) => Number(b) - Number(a))) {
    const program = join(debianFolder, version, 'bin', 'pgbench')
    if (await isInstalled(program)) return program
  }
  return undefined
}

/** A statement with different values, ready to be run. */
export interface PgbenchScripts {
  /** Statements per second. */
  run(seconds: number): Promise<number>
}

/** Where and with what pgbench runs. */
export interface PgbenchOptions {
  readonly program: string
  readonly address: DatabaseAddress
  /** Where its scripts go. */
  readonly folder: string
}

/**
 * Writes one script per statement, the values in place of their parameters: pgbench's own
 * variables hold numbers only. `-M prepared` plans each of them once per connection.
 */
export async function writeScripts(
  statements: readonly PlannedStatement[],
  { program, address, folder }: PgbenchOptions,
): Promise<PgbenchScripts> {
  await mkdir(folder, { recursive: true })
  const files: string[] = []
  for (const [index, statement] of statements.slice(0, scriptsMax).entries()) {
    const file = join(folder, `${index}.sql`)
    await writeFile(file, `${withValues(statement)};\n`)
    files.push(file)
  }
  const { host, port, user, database, password } = address
  const place = ['-h', host, '-p', String(port), '-U', user]
  return {
    async run(seconds) {
      const printed = await run(
        program,
        [
          ...['-n', '-M', 'prepared', '-c', String(clients), '-j', '1', '-T', String(seconds)],
          ...[...place, ...files.flatMap((file) => ['-f', file]), database],
        ],
        password === undefined ? {} : { env: { PGPASSWORD: password } },
      )
      const [, rate] = /^tps = ([\d.]+)/m.exec(printed) ?? []
      return Number(rate)
    },
  }
}

function withValues({ text, values }: PlannedStatement): string {
  const filled = text.replace(/\$(\d+)/g, (_, number) => {
    const value = values[Number(number) - 1]
    return value === null || value === undefined ? 'null' : pg.escapeLiteral(String(value))
  })
  return filled.replaceAll('\n', ' ')
}
