/** Owns making the publishable package: compiled, staged without what only the repository needs. */

import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** The root of the repository. */
export const root = join(import.meta.dirname, '..', '..')

const home = join(root, 'packages', 'plinth')
const require = createRequire(import.meta.url)

/** Where the two steps write. */
export interface Places {
  /** The compiled sources. */
  readonly compiled: string
  /** The package as it is published. */
  readonly staged: string
}

/** Compiles the package and stages it; the folders are made anew. Returns the staged folder. */
export function buildPackage({ compiled, staged }: Places): string {
  for (const folder of [compiled, staged]) rmSync(folder, { recursive: true, force: true })
  const project = join(home, 'tsconfig.build.json')
  runScript(scriptOf('typescript', 'bin/tsc'), ['-p', project, '--outDir', compiled])
  mkdirSync(staged, { recursive: true })
  cpSync(compiled, join(staged, 'dist'), { recursive: true })
  for (const folder of ['bin', 'assets']) copyIfThere(join(home, folder), join(staged, folder))
  for (const file of ['LICENSE', 'README.md', 'CHANGELOG.md']) {
    copyIfThere(join(root, file), join(staged, file))
  }
  const manifest = publishedManifest(readFileSync(join(home, 'package.json'), 'utf8'))
  writeFileSync(join(staged, 'package.json'), manifest)
  return staged
}

/** Packs a staged package into a tarball. Returns the path of the tarball. */
export function packPackage(staged: string, destination: string): string {
  mkdirSync(destination, { recursive: true })
  const command = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination]
  const packed = JSON.parse(runNpm(command, staged)) as unknown
  const [first] = Array.isArray(packed) ? packed : Object.values(packed as object)
  return join(destination, (first as { filename: string }).filename)
}

/** Runs npm in a folder and returns what it printed; throws what it complained about. */
export function runNpm(command: readonly string[], folder: string): string {
  const npm = process.env.npm_execpath
  const [program, first] = npm ? [process.execPath, [npm]] : ['npm', []]
  return run(program, [...first, ...command], folder)
}

/** Runs a script under this Node and returns what it printed; throws what it complained about. */
export function runScript(script: string, options: readonly string[], folder = root): string {
  return run(process.execPath, [script, ...options], folder)
}

/** The path of a script inside an installed package. */
export function scriptOf(name: string, path: string): string {
  return join(require.resolve(`${name}/package.json`), '..', path)
}

/** The manifest without the `source` condition, whose files stay in the repository. */
export function publishedManifest(text: string): string {
  const manifest = JSON.parse(text) as Manifest
  const { scripts, devDependencies, ...kept } = manifest
  const exports = Object.entries(manifest.exports).map(([key, target]) => {
    if (typeof target === 'string') return [key, target]
    const { source, ...conditions } = target
    return [key, conditions]
  })
  const published = { ...kept, exports: Object.fromEntries(exports) }
  return `${JSON.stringify(published, null, 2)}\n`
}

interface Manifest {
  readonly scripts?: unknown
  readonly devDependencies?: unknown
  readonly exports: Record<string, string | Record<string, string>>
}

function run(program: string, options: readonly string[], folder: string): string {
  const ended = spawnSync(program, options, { cwd: folder, encoding: 'utf8', timeout: 120_000 })
  if (ended.status === 0) return ended.stdout
  const said = `${ended.stdout ?? ''}${ended.stderr ?? ''}`.trim() || String(ended.error)
  throw new Error(`${program} ${options.join(' ')} ended with ${ended.status}:\n${said}`)
}

function copyIfThere(from: string, to: string): void {
  if (existsSync(from)) cpSync(from, to, { recursive: true })
}
