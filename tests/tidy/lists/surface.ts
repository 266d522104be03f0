/** Owns the text form of the public surface: each entry point with its names. */

import { entryPoints, publicNames } from '../exports.ts'
import { parseSource, type Source } from '../source.ts'
import { isOurs, listFiles, readText } from '../tree.ts'

/** Where the list is checked in. */
export const surfaceFile = 'tests/surface.txt'

const folder = 'packages/plinth'

/** The entry points that have a source: name as imported → path. */
export function presentEntries(): Map<string, string> {
  const paths = new Set(listFiles())
  const entries = entryPoints(readText(`${folder}/package.json`).text, folder)
  return new Map([...entries].filter(([, path]) => paths.has(path)))
}

/** The names that exist at run time, for each entry point. */
export function runtimeNames(entry: string): string[] {
  const names = publicNames(readSources(), presentEntries().get(entry) ?? '')
  return names.filter(({ kind }) => kind === 'value').map(({ name }) => name)
}

/** The whole list: `entry value name` or `entry type name`, a line each. */
export function renderSurface(): string {
  const files = readSources()
  const lines = [...presentEntries()].flatMap(([entry, path]) =>
    publicNames(files, path).map(({ kind, name }) => `${entry} ${kind} ${name}\n`),
  )
  return lines.join('')
}

function readSources(): Map<string, Source> {
  const paths = listFiles().filter((path) => path.startsWith(`${folder}/src/`) && isOurs(path))
  const parsed = paths.map((path) => parseSource(readText(path)))
  const sources = parsed.filter((one): one is Source => 'tree' in one)
  return new Map(sources.map((source) => [source.path, source]))
}
