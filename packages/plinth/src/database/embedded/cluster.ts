/** Owns the folder of the embedded server: its layout, its checks, and its first creation. */

import {
  chmod,
  chown,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
} from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../base/failure.ts'
import { hex, randomBytes } from '../../base/ids.ts'
import type { Account } from './account.ts'
import { majorVersion, type Programs } from './programs.ts'
import { run } from './run.ts'

/** The name of the only role. It owns everything. */
export const roleName = 'plinth'

/** The folders of the embedded server. */
export interface Layout {
  /** The app's own directory. */
  readonly directory: string
  /** Ours inside it: lock, data, private copy of the programs. */
  readonly folder: string
  /** PostgreSQL's data directory. */
  readonly data: string
}

/** Creates the folders where they are missing and refuses what is not ours. */
export async function openLayout(directory: string): Promise<Layout> {
  await refuseForeign(directory)
  const folder = join(directory, `postgres-${majorVersion}`)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const real = await realpath(folder)
  return { directory, folder: real, data: join(real, 'data') }
}

async function refuseForeign(directory: string): Promise<void> {
  const names = await list(directory)
  if (names.includes('PG_VERSION')) {
    throw refused(
      `${directory} is the data directory of another PostgreSQL server`,
      'Choose an empty directory, or set DATABASE_URL to that server.',
    )
  }
  const ours = `postgres-${majorVersion}`
  const others = names.filter((name) => /^postgres-\d+$/.test(name) && name !== ours)
  if (others.length > 0 && !names.includes(ours)) throw otherMajor(directory, others.join(', '))
  const visible = names.filter((name) => !name.startsWith('.') && !companions.has(name))
  if (visible.length > 0 && !names.includes(ours)) {
    throw refused(
      `${directory} holds other things (${visible.slice(0, 3).join(', ')})`,
      'Choose an empty directory for the data (PLINTH_DATA).',
    )
  }
  const content = await list(join(directory, ours))
  const strangers = content.filter((name) => !/^(data|owner\.json|programs|password)/.test(name))
  if (strangers.length > 0 && !content.includes('data')) {
    throw refused(
      `${join(directory, ours)} was not made by Plinth`,
      'Choose another directory for the data (PLINTH_DATA).',
    )
  }
}

/** What other parts of an app, or the file system, keep beside the database. */
const companions = new Set(['files', 'mail', 'keys', 'test', 'types', 'lost+found'])

async function list(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT') return []
    throw new Failure('data_directory', {
      detail: `${directory} cannot be read (${String(code)}). Choose another directory.`,
      cause,
    })
  }
}

/**
 * Creates the data directory on the first start. It is made under another name, synced, and
 * renamed at the end: a kill in the middle leaves nothing that a later start would use.
 */
export async function createData(
  layout: Layout,
  programs: Programs,
  account: Account | undefined,
): Promise<void> {
  for (const name of await list(layout.folder)) {
    if (name.startsWith('data.')) await removeHalfMade(join(layout.folder, name))
  }
  const names = await list(layout.data)
  if (names.length > 0) return checkVersion(layout, names)
  const staging = `${layout.data}.${hex(randomBytes(6))}`
  await mkdir(staging, { mode: 0o700 })
  await chmod(staging, 0o700)
  if (account) await chown(staging, account.uid, account.gid)
  await initialise(layout, { programs, account, staging })
  await rename(staging, layout.data)
  // The names must be as durable as what they name: a lost folder is a lost database.
  await syncFolder(layout.folder)
  await syncFolder(layout.directory)
}

/** An initdb that outlived its killed parent may still write there for a moment. */
async function removeHalfMade(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}

async function checkVersion(layout: Layout, names: readonly string[]): Promise<void> {
  if (!names.includes('PG_VERSION')) {
    throw refused(
      `${layout.data} is not a data directory of PostgreSQL`,
      'Move it away and start again, or choose another directory (PLINTH_DATA).',
    )
  }
  const version = (await readFile(join(layout.data, 'PG_VERSION'), 'utf8')).trim()
  if (version !== String(majorVersion)) throw otherMajor(layout.data, version)
}

function otherMajor(path: string, version: string): Failure {
  return refused(
    `${path} was written by PostgreSQL ${version}, and this release runs ${majorVersion}`,
    'Start it with the release that wrote it and make a backup there, then restore the backup ' +
      'with this release into an empty directory.',
  )
}

interface Initialisation {
  readonly programs: Programs
  readonly account: Account | undefined
  readonly staging: string
}

async function initialise(layout: Layout, parts: Initialisation): Promise<void> {
  const parameters = [
    ...['-D', dataParameter(parts.staging), '-U', roleName, '--encoding=UTF8', '--locale=C'],
    ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--data-checksums'],
    ...(await authentication(layout)),
  ]
  const { code, output } = await run(parts.programs.initdb, parameters, {
    account: parts.account,
    directory: parts.staging,
    timeoutMs: 60_000,
  })
  if (code === 0) return
  await rm(parts.staging, { recursive: true, force: true })
  throw new Failure('data_directory', {
    detail:
      `PostgreSQL could not create its data in ${layout.folder}. ` +
      'Check the free space and the permissions of that directory.',
    cause: new Error(output),
  })
}

/**
 * On POSIX the socket stands in a directory that only the owner enters, which protects as much as
 * the file permissions of the data do. Loopback on Windows is open to everybody: a password there.
 */
async function authentication(layout: Layout): Promise<readonly string[]> {
  if (process.platform !== 'win32') return ['--auth=trust']
  const file = await open(join(layout.folder, 'password'), 'w', 0o600)
  await file.writeFile(hex(randomBytes(32)))
  await file.sync()
  await file.close()
  return ['--auth=scram-sha-256', `--pwfile=${join(layout.folder, 'password')}`]
}

/**
 * How the programs are told their directory. On Linux through their own working directory: the
 * account need not be able to walk the path (think of `/root`), because the walk happens before
 * the privileges are dropped.
 */
export function dataParameter(data: string): string {
  return process.platform === 'linux' ? '/proc/self/cwd' : data
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function refused(what: string, cure: string): Failure {
  return new Failure('data_directory', { detail: `${what}. ${cure}` })
}
