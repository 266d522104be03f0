import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkArchitecture, document } from './tidy/architecture.ts'
import { isComponents, readComponents } from './tidy/components.ts'
import { checkDocumented, entryPoints } from './tidy/exports.ts'
import { checkCycles, checkImports, checkPortable } from './tidy/imports.ts'
import { checkTwoSteps } from './tidy/logic/two-steps.ts'
import { sources } from './tidy/matrix.ts'
import { checkName, checkOpening, checkPlaces, registryHosts } from './tidy/names.ts'
import * as sizes from './tidy/sizes.ts'
import {
  describeViolation,
  isTest,
  parseSource,
  type Source,
  type Violation,
} from './tidy/source.ts'
import { checkSqlText } from './tidy/sql-text.ts'
import { isOurs, listFiles, readText } from './tidy/tree.ts'
import { checkCalls, checkWords } from './tidy/words.ts'

const folder = 'packages/plinth'
const proven = /^tests\/(?:contract\/actions|crash)\/|\.test\.ts$/
const paths = listFiles()
const texts = paths.filter(isOurs).map(readText)
const parsed = texts.map(parseSource)
const files = parsed.filter((one): one is Source => 'tree' in one)
const library = files.filter(({ path }) => path.startsWith(sources) && !isTest(path))
const byPath = new Map(files.map((file) => [file.path, file]))
const manifest = readText(`${folder}/package.json`).text
const entries = [...entryPoints(manifest, folder).values()].filter((path) => byPath.has(path))

/** Fails with every broken rule at once, each with its place and its cure. */
function none(violations: readonly Violation[]): void {
  const lines = [...new Set(violations.map(describeViolation))].sort()
  assert.ok(lines.length === 0, `${lines.length} to mend\n${lines.join('\n')}`)
}

test('the tree is read', () => {
  assert.ok(library.length > 5, 'no sources were found: the other tests would prove nothing')
})

test('every file parses as erasable TypeScript', () => {
  none(parsed.filter((one): one is Violation => 'rule' in one))
})

test('files, lines, functions, parameters and folders keep their size', () => {
  const measures = files.flatMap(sizes.measureFunctions)
  const ours = measures.filter(({ path }) => library.some((file) => file.path === path))
  none([
    ...texts.flatMap(sizes.checkLines),
    ...sizes.checkFolders(paths.filter((path) => !/^(?:[^/]+|docs\/.*)$/.test(path))),
    ...sizes.checkFunctions(measures),
    ...sizes.checkPercentile(ours),
  ])
})

test('what holds for sources holds for components', () => {
  const components = paths.filter(isComponents).map(readText)
  assert.ok(components.length > 5, 'the components are read')
  const read = components.map(readComponents)
  const measures = read.flatMap((one) => one.measures)
  none([
    ...components.flatMap(sizes.checkLines),
    ...components.flatMap(({ path }) => checkName(path)),
    ...sizes.checkFunctions(measures),
    ...read.flatMap(({ violations }) => violations),
  ])
})

test('imports follow the matrix, in one direction', () => {
  const { dependencies, peerDependencies } = JSON.parse(manifest) as {
    dependencies?: Record<string, string>
    peerDependencies?: Record<string, string>
  }
  const declared = new Set(Object.keys({ ...dependencies, ...peerDependencies }))
  none([...files.flatMap((file) => checkImports(file, declared)), ...checkCycles(files)])
})

test('what browsers load needs no Node and no package', () => {
  none(checkPortable(library, [`${sources}index.ts`, `${sources}client.ts`]))
})

test('no any, no suppression, no leftover, no default export', () => {
  none(files.flatMap(checkWords))
})

test('clock, randomness, environment and output have one place each', () => {
  none(files.flatMap(checkCalls))
})

test('SQL is written by the sql tag, behind the doors, with our own clock', () => {
  none(library.flatMap(checkSqlText))
})

test('nothing of which only so many may be taken is taken in two steps', () => {
  // The proofs of actions show what is repeated where two meet.
  none(files.filter(({ path }) => !proven.test(path)).flatMap(checkTwoSteps))
})

test('files are named and open with what they own', () => {
  none([...texts.flatMap(({ path }) => checkName(path)), ...texts.flatMap(checkOpening)])
})

test('public names are documented', () => {
  none(checkDocumented(byPath, entries))
})

test('docs/architecture.md lists every file', () => {
  none(checkArchitecture(readText(document).text, texts))
})

test('no file names a path of a machine or a registry', () => {
  const hosts = registryHosts(process.env.npm_config_registry)
  const written = paths.filter((path) =>
    /\.(?:[cm]?[jt]sx?|json|md|html|css|ya?ml|sql|txt)$|^[.\w/]+$/.test(path),
  )
  none(written.map(readText).flatMap((file) => checkPlaces(file, hosts)))
})
