/** Owns the list of files in docs/architecture.md: a line for each, from its first sentence. */

import { posix } from 'node:path'
import { openingSentence } from './names.ts'
import { isTest, type TextFile, type Violation } from './source.ts'

/** The document that carries the list. */
export const document = 'docs/architecture.md'

const begin = '<!-- files: written by `node scripts/architecture.ts` -->'
const end = '<!-- end of files -->'

/** Whether a file has a line in the list: what runs, but no test and no example. */
export function isListed(path: string): boolean {
  return /^(?:packages|kits|scripts|bench|tests)\/.*\.ts$/.test(path) && !isTest(path)
}

/** The list: a heading for each folder, a line for each file. */
export function renderFiles(files: readonly TextFile[]): string {
  const folders = new Map<string, string[]>()
  for (const { path, text } of files.filter((file) => isListed(file.path))) {
    const folder = posix.dirname(path)
    const lines = folders.get(folder) ?? []
    lines.push(`- \`${posix.basename(path)}\` — ${openingSentence(text) ?? '(says nothing)'}`)
    folders.set(folder, lines)
  }
  const sections = [...folders].sort(([a], [b]) => (a < b ? -1 : 1))
  return sections.map(([folder, lines]) => `### ${folder}/\n\n${lines.join('\n')}\n`).join('\n')
}

/** The document with its list replaced. */
export function withFiles(text: string, list: string): string {
  const start = text.indexOf(begin)
  const stop = text.indexOf(end)
  if (start === -1 || stop < start) throw new Error(`${document} has lost its marks for the list`)
  return `${text.slice(0, start)}${begin}\n\n${list}\n${text.slice(stop)}`
}

/** Checks that the list equals the tree, line by line. */
export function checkArchitecture(text: string, files: readonly TextFile[]): Violation[] {
  const expected = withFiles(text, renderFiles(files))
  if (expected === text) return []
  const lines = text.split('\n')
  const index = expected.split('\n').findIndex((line, place) => line !== lines[place])
  const cure = 'the list of files differs from the tree: run node scripts/architecture.ts'
  return [{ path: document, line: index + 1, rule: 'architecture', cure }]
}
