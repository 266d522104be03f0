/** Owns finding the tests of the repository by name, and the attacks that they are named by. */

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../tidy/tree.ts'

/** A test as it stands in its file. */
export interface NamedTest {
  /** From the root of the repository. */
  readonly file: string
  readonly name: string
}

const folders = ['packages', 'kits', 'tests', 'examples', 'scripts']
const opening = /\btest\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g

/** All tests of the repository. Names that are put together hold `${…}` as it stands there. */
export function namedTests(): readonly NamedTest[] {
  const patterns = folders.map((folder) => `${folder}/**/*.test.ts`)
  const exclude = (path: string): boolean => path.includes('node_modules')
  const files = globSync(patterns, { cwd: root, exclude }).map((path) => path.replaceAll('\\', '/'))
  return files.sort().flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    return [...text.matchAll(opening)].map(([, single, double, made]) => {
      return { file, name: (single ?? double ?? made ?? '').replaceAll(/\\(.)/g, '$1') }
    })
  })
}

/** The attacks, such as C06, that a test is named by. */
export function attacksOf({ name }: Pick<NamedTest, 'name'>): readonly string[] {
  return [...name.matchAll(/\b[A-L]\d\d\b/g)].map(([id]) => id)
}
