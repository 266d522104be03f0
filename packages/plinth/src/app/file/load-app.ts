/** Owns loading an app's file: from a path to the declared app, or the mistake's place. */

import { readFile } from 'node:fs/promises'
import { isAbsolute, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Failure } from '../../base/failure.ts'
import type { App } from '../../define/kit.ts'
import { type Importer, isImporter } from '../../transfer/import/importer.ts'

/** A loaded file. */
export interface LoadedApp {
  /** Absolute. */
  readonly file: string
  readonly app: App<unknown>
  /** Importers that the file exports, by their names. */
  readonly importers: ReadonlyMap<string, Importer>
}

/** Loads an app's file. Fails with `declaration_invalid`, naming the place of the mistake. */
export async function loadApp(file: string): Promise<LoadedApp> {
  const exported = await importFile(file)
  const app = exported.default
  if (!isApp(app)) {
    const what = app === undefined ? 'has no default export' : 'exports by default what is no app'
    throw new Failure('declaration_invalid', {
      detail: `${shown(file)} ${what}. End it with: export default app({ kits: […] })`,
    })
  }
  const importers = Object.values(exported).filter(isImporter)
  return { file, app, importers: new Map(importers.map((each) => [each.name, each])) }
}

function isApp(value: unknown): value is App<unknown> {
  return typeof value === 'object' && value !== null && 'is' in value && value.is === 'app'
}

async function importFile(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
  } catch (error) {
    if (error instanceof Failure) throw error
    throw await explained(file, error)
  }
}

/** Turns what Node says into the place and the cure. */
async function explained(file: string, error: unknown): Promise<Failure> {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const place = placeOf(error)
  const where = place ? `${shown(place.file)}:${place.line}` : shown(file)
  const cure = cures[code] ?? ''
  const source = place ? await sourceLine(place) : ''
  const first = message.split('\n').find((line) => line.trim() !== '') ?? 'it cannot be loaded'
  const named = error instanceof Error && error.name !== 'Error' ? `${error.name}: ` : ''
  return new Failure('declaration_invalid', {
    detail: `${where}: ${named}${first.replace(/\.?$/, '.')}${cure}${source}`,
    cause: error,
  })
}

const cures: Readonly<Record<string, string>> = {
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX:
    ' Types are stripped, nothing is compiled: use unions in place of enums, and no namespaces.',
  ERR_MODULE_NOT_FOUND: ' Check the path, or install the package. Imports end in .ts.',
  ERR_IMPORT_ATTRIBUTE_MISSING: " Import it with { type: 'json' }.",
}

interface Place {
  readonly file: string
  readonly line: number
}

/** The first place outside of Node and of this package in a stack. */
function placeOf(error: unknown): Place | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  for (const match of stack.matchAll(/(file:\/\/[^\s:)]+|\/[^\s:)(]+):(\d+)/g)) {
    const [, path = '', line = ''] = match
    const name = path.startsWith('file:') ? fileURLToPath(path) : path
    if (name.startsWith(join(import.meta.dirname, '../..'))) continue
    return { file: name, line: Number(line) }
  }
  return undefined
}

async function sourceLine({ file, line }: Place): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const found = text.split('\n')[line - 1]?.trim().slice(0, 100)
  return found ? `\n    ${line} | ${found}` : ''
}

function shown(file: string): string {
  const near = relative(process.cwd(), file)
  return near.startsWith('..') || isAbsolute(near) ? file : near
}
