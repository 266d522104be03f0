/** Owns the directory of migration files and the record of what was applied. */

import { mkdir, readdir, readFile as readText, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Session } from '../../database/database.ts'
import { databaseErrorOf } from '../../database/errors.ts'
import { sql, statement } from '../../sql/fragment.ts'
import { checksumOf } from '../apply/internal.ts'
import { type MigrationFile, readFile } from './format.ts'

/** Where a file stands. `partial`: it broke off half-way; applying again goes on there. */
export type FileState = 'applied' | 'pending' | 'partial' | 'edited' | 'missing'

/** A file and where it stands. */
export interface FileStatus {
  readonly name: string
  readonly state: FileState
  /** RFC 3339; for applied files. */
  readonly appliedAt: string | undefined
  /** Sections that are done. */
  readonly done: number
  /** Absent for a file that was applied and is no longer there. */
  readonly file?: MigrationFile
}

/** The migration files of a directory in order of their names. */
export async function listFiles(directory: string): Promise<readonly MigrationFile[]> {
  const entries = await readdir(directory).catch(noDirectory)
  const names = entries.filter((entry) => entry.endsWith('.sql')).sort()
  return Promise.all(
    names.map(async (name) => readFile(name, await readText(join(directory, name), 'utf8'))),
  )
}

function noDirectory(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}

/** Writes a new file. Fails where one of that name is there. */
export async function writeNewFile(directory: string, name: string, text: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, name), text, { flag: 'wx' })
}

/** The files of a directory beside the database's record of them. */
export async function fileStates(
  session: Session,
  directory: string,
): Promise<readonly FileStatus[]> {
  const files = await listFiles(directory)
  const records = await readRecords(session)
  const known = files.map((file): FileStatus => {
    const record = records.get(file.name)
    const { done = 0, appliedAt } = record ?? {}
    return { name: file.name, file, done, appliedAt, state: stateOf(file, record) }
  })
  const missing = [...records.values()].filter(({ name }) => {
    return !files.some((file) => file.name === name)
  })
  return [
    ...known,
    ...missing.map(({ name, done, appliedAt }): FileStatus => {
      return { name, done, appliedAt, state: 'missing' }
    }),
  ].sort((a, b) => (a.name < b.name ? -1 : 1))
}

interface FileRecord {
  readonly name: string
  readonly checksum: string
  readonly done: number
  readonly appliedAt: string | undefined
}

function stateOf(file: MigrationFile, record: FileRecord | undefined): FileState {
  if (!record) return 'pending'
  if (record.checksum !== checksumOf(file.text)) return 'edited'
  return record.appliedAt === undefined ? 'partial' : 'applied'
}

async function readRecords(session: Session): Promise<ReadonlyMap<string, FileRecord>> {
  try {
    const { rows } = await session.query(
      statement(
        sql`select name, checksum, done, applied_at from plinth.migration where type = 'file'`,
      ),
    )
    return new Map(
      rows.map(([name, checksum, done, appliedAt]) => [
        name ?? '',
        {
          name: name ?? '',
          checksum: checksum ?? '',
          done: Number(done),
          appliedAt: appliedAt ?? undefined,
        },
      ]),
    )
  } catch (error) {
    const state = databaseErrorOf(error)?.sqlState
    if (state === '42P01' || state === '3F000') return new Map()
    throw error
  }
}
