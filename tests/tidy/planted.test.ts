import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkArchitecture, renderFiles, withFiles } from './architecture.ts'
import { checkDocumented, entryPoints, publicNames } from './exports.ts'
import { checkCycles, checkImports, checkPortable } from './imports.ts'
import { checkName, checkOpening, checkPlaces, openingSentence, registryHosts } from './names.ts'
import {
  checkFolders,
  checkFunctions,
  checkLines,
  checkPercentile,
  measureFunctions,
} from './sizes.ts'
import { describeViolation, parseSource, type Source, type Violation } from './source.ts'
import { checkSqlText } from './sql-text.ts'
import { checkCalls, checkWords } from './words.ts'

const src = 'packages/plinth/src'

function source(path: string, text: string): Source {
  const parsed = parseSource({ path, text })
  assert.ok('tree' in parsed, `planted text parses: ${JSON.stringify(parsed)}`)
  return parsed
}

/** The broken rules as `rule:line`. */
function rules(violations: readonly Violation[]): string[] {
  return violations.map(({ rule, line }) => `${rule}:${line}`)
}

function imports(path: string, text: string): string[] {
  return rules(checkImports(source(path, text), new Set(['pg'])))
}

function words(text: string, path = `${src}/query/a.ts`): string[] {
  return rules(checkWords(source(path, text)))
}

function calls(text: string, path = `${src}/query/a.ts`): string[] {
  return rules(checkCalls(source(path, text)))
}

function sqlText(text: string, room = 'query'): string[] {
  return rules(checkSqlText(source(`${src}/${room}/a.ts`, text)))
}

test('a violation reads like a compiler line', () => {
  const violation = { path: 'a.ts', line: 3, rule: 'any', cure: 'say the type' }
  assert.equal(describeViolation(violation), 'a.ts:3 any: say the type')
})

test('what cannot be stripped is told, not thrown', () => {
  const parsed = parseSource({ path: 'a.ts', text: 'enum A { B }\n' })
  assert.ok('rule' in parsed && parsed.rule === 'syntax')
})

describe('imports', () => {
  test('the matrix is exact, for types too', () => {
    const engine = `${src}/sql/a.ts`
    assert.deepEqual(imports(engine, "import { a } from '../base/a.ts'\n"), [])
    assert.deepEqual(imports(engine, "import { a } from './b.ts'\n"), [])
    assert.deepEqual(imports(engine, "\nimport { a } from '../query/a.ts'\n"), ['import-matrix:2'])
    assert.deepEqual(imports(engine, "import type { A } from '../query/a.ts'\n"), [
      'import-matrix:1',
    ])
    assert.deepEqual(imports(engine, "export * from '../query/a.ts'\n"), ['import-matrix:1'])
    assert.deepEqual(imports(engine, "type A = import('../query/a.ts').A\n"), ['import-matrix:1'])
    assert.deepEqual(imports(engine, "await import('../query/a.ts')\n"), ['import-matrix:1'])
    assert.deepEqual(imports(engine, "import '../query/a.ts'\n"), ['import-matrix:1'])
    const wrapped = "import {\n  a,\n  type B,\n} from '../query/a.ts'\n"
    assert.deepEqual(imports(engine, wrapped), ['import-matrix:4'])
    const unlike = "import { a } from './b.ts'\n\nconst c = 'd'\n"
    assert.deepEqual(imports(engine, unlike), [])
    assert.deepEqual(imports(engine, "// import { a } from '../query/a.ts'\n"), [])
  })

  test('the client takes only types of the declarations', () => {
    const path = `${src}/client/a.ts`
    assert.deepEqual(imports(path, "import type { A } from '../define/a.ts'\n"), [])
    assert.deepEqual(imports(path, "import { a } from '../define/a.ts'\n"), ['import-matrix:1'])
  })

  test('packages are declared, built-ins are called so, the foundation has neither', () => {
    assert.deepEqual(imports(`${src}/database/a.ts`, "import pg from 'pg'\n"), [])
    assert.deepEqual(imports(`${src}/database/a.ts`, "import 'left-pad'\n"), ['import-matrix:1'])
    assert.deepEqual(imports(`${src}/database/a.ts`, "import 'fs'\n"), ['import-matrix:1'])
    assert.deepEqual(imports(`${src}/base/a.ts`, "import 'node:fs'\n"), ['import-matrix:1'])
    assert.deepEqual(imports(`${src}/kinds/a.ts`, "import 'pg'\n"), ['import-matrix:1'])
  })

  test('unknown folders, entries and ways out are refused', () => {
    assert.deepEqual(imports(`${src}/attic/a.ts`, 'export {}\n'), ['import-matrix:1'])
    assert.deepEqual(imports(`${src}/rest/a.ts`, "import '../server.ts'\n"), ['import-matrix:1'])
    assert.deepEqual(imports(`${src}/rest/a.ts`, "import '../../a.ts'\n"), ['import-matrix:1'])
    assert.deepEqual(imports(`${src}/rest/a.test.ts`, "import '../server.ts'\n"), [])
    assert.deepEqual(imports(`${src}/rest/proof/a.ts`, "import 'node:test'\n"), [])
    assert.deepEqual(imports(`${src}/rest/a.ts`, "import 'node:test'\n"), [])
  })

  test('examples use what is published', () => {
    const path = 'examples/store/app.ts'
    assert.deepEqual(
      imports(path, "import 'plinth'\nimport 'plinth/server'\nimport './a.ts'\n"),
      [],
    )
    assert.deepEqual(imports(path, "import 'plinth/src/base/a.ts'\n"), ['import-matrix:1'])
    assert.deepEqual(imports(path, "import '../../packages/a.ts'\n"), ['import-matrix:1'])
  })

  test('circles are found through types', () => {
    const a = source('x/a.ts', "import './b.ts'\n")
    const b = source('x/b.ts', "import type { C } from './c.ts'\n")
    const c = source('x/c.ts', "import './a.ts'\n")
    assert.deepEqual(rules(checkCycles([a, b, c])), ['import-cycle:1'])
    assert.deepEqual(checkCycles([a, b, source('x/c.ts', '')]), [])
  })

  test('what a browser entry reaches needs no Node; a type does not count', () => {
    const entry = source('x/index.ts', "export * from './a.ts'\nimport type { B } from './b.ts'\n")
    const a = source('x/a.ts', "import 'node:fs'\n")
    const b = source('x/b.ts', "import 'node:fs'\n")
    const [first, ...more] = checkPortable([entry, a, b], ['x/index.ts'])
    assert.equal(first?.path, 'x/a.ts')
    assert.deepEqual(more, [])
  })
})

describe('sizes', () => {
  test('files, lines and folders', () => {
    const long = 'a\n'.repeat(401)
    assert.deepEqual(rules(checkLines({ path: 'a.ts', text: long })), ['file-lines:401'])
    assert.deepEqual(checkLines({ path: 'a.ts', text: 'a\n'.repeat(400) }), [])
    assert.deepEqual(checkLines({ path: `${src}/define/infer.ts`, text: long }), [])
    const wide = `${'a'.repeat(100)}\n${'…'.repeat(101)}\n`
    assert.deepEqual(rules(checkLines({ path: 'a.ts', text: wide })), ['line-columns:2'])
    const paths = Array.from({ length: 13 }, (_, index) => `x/${index}.ts`)
    assert.deepEqual(rules(checkFolders(paths)), ['folder-files:1'])
    assert.deepEqual(checkFolders(paths.slice(1)), [])
  })

  test('functions and parameters', () => {
    const long = `function a() {\n${'  b()\n'.repeat(59)}}\n`
    const many = 'class A { b(c: number, d = 1, { e }: E, ...f: F[]) {} }\n'
    assert.deepEqual(measured('a.ts', long), ['function-lines:1'])
    assert.deepEqual(measured('a.ts', many), ['parameters:1'])
    assert.deepEqual(measured('a.ts', 'const a = (b: B, c: C, d: D) => b\n'), [])
    assert.deepEqual(
      measured('a.test.ts', `describe('a', () => {\n${"test('b', c)\n".repeat(70)}})\n`),
      [],
    )
    assert.deepEqual(
      measured('a.test.ts', `test('a', () => {\n${'b()\n'.repeat(70)}})\n`).length,
      1,
    )
  })

  test('95 of 100 functions are short', () => {
    const measure = (lines: number) => ({ path: 'a.ts', line: lines, lines, parameters: 0 })
    const short = Array.from({ length: 19 }, () => measure(10))
    assert.deepEqual(checkPercentile([...short, measure(40)]), [])
    const two = [...short, measure(40), measure(31)]
    assert.deepEqual(rules(checkPercentile(two)), ['function-lines-95:31'])
    const oneLiners = Array.from({ length: 100 }, () => measure(1))
    assert.equal(checkPercentile([...oneLiners, measure(31)]).length, 1)
  })
})

function measured(path: string, text: string): string[] {
  return rules(checkFunctions(measureFunctions(source(path, text))))
}

describe('words', () => {
  test('any as a type, never as a name', () => {
    assert.deepEqual(words('const a: any = 1\n'), ['any:1'])
    assert.deepEqual(words('const a = b as any\nconst c: any[] = []\n'), ['any:1', 'any:2'])
    assert.deepEqual(words('type A<T extends any> = Map<string, any> | (() => any)\n').length, 3)
    assert.deepEqual(words('export function any(a: number) {}\nall.any(1)\n'), [])
    assert.deepEqual(words("interface A { any: 1; b: 'any' /* any */ }\n// any: any\n"), [])
    assert.deepEqual(words('const a: any = 1\n', `${src}/define/infer.ts`), [])
  })

  test('suppressions and leftovers', () => {
    const [ignore, expect, todo] = [`@ts-${'ignore'}`, `@ts-${'expect-error'}`, `TO${'DO'}`]
    assert.deepEqual(words(`// ${ignore}\nlet a = 1\n`), ['suppression:1'])
    assert.deepEqual(words(`/* ${expect} */\n`), ['suppression:1'])
    assert.deepEqual(words(`/* ${expect} */\n`, 'tests/types/a.test.ts'), [])
    assert.deepEqual(words(`// biome-${'ignore'} lint/a: b\n`), ['suppression:1'])
    assert.deepEqual(words(`interface A {\n  // ${todo} later\n  b: 1\n}\n`), ['marker:2'])
    assert.deepEqual(words(`throw new Error('Not ${'implemented'} yet')\n`), ['marker:1'])
    assert.deepEqual(words(`const a = '${ignore} ${todo}'\n`), [])
  })

  test('private is written with #', () => {
    assert.deepEqual(words('class A { private a = 1; protected b() {} }\n').length, 2)
    assert.deepEqual(words('class A { #a = 1; readonly b = 2 }\ninterface B { private: 1 }\n'), [])
  })

  test('default exports', () => {
    assert.deepEqual(calls('export default 1\n'), ['default-export:1'])
    assert.deepEqual(calls('const a = 1\nexport { a as default }\n'), ['default-export:2'])
    assert.deepEqual(calls('export default 1\n', 'examples/store/app.ts'), [])
  })
})

describe('calls that have one place', () => {
  test('clock', () => {
    for (const call of ['Date.now()', 'new Date()', 'performance.now()', 'process.hrtime()']) {
      assert.deepEqual(calls(`${call}\n`), ['clock:1'], call)
      assert.deepEqual(calls(`${call}\n`, `${src}/base/time.ts`), [], call)
      assert.deepEqual(calls(`${call}\n`, `${src}/query/a.test.ts`), [], call)
    }
    assert.deepEqual(calls('new Date(1)\nDate.parse(a)\nsetTimeout(a, 1)\n'), [])
    assert.deepEqual(calls('const read = Date.now\n'), ['clock:1'])
    assert.deepEqual(calls("Date['now']()\n"), ['clock:1'])
  })

  test('randomness', () => {
    for (const call of [
      'Math.random()',
      'crypto.randomUUID()',
      'globalThis.crypto.getRandomValues(a)',
    ]) {
      assert.deepEqual(calls(`${call}\n`), ['randomness:1'], call)
      assert.deepEqual(calls(`${call}\n`, `${src}/base/ids.ts`), [], call)
    }
    assert.deepEqual(calls("import { randomBytes } from 'node:crypto'\n"), ['randomness:1'])
    assert.deepEqual(calls("import { randomBytes } from '../base/ids.ts'\n"), [])
    assert.deepEqual(calls("import { createHash, timingSafeEqual } from 'node:crypto'\n"), [])
  })

  test('environment and output', () => {
    assert.deepEqual(calls('process.env.A\n'), ['environment:1'])
    assert.deepEqual(calls("process.env['A']\n", `${src}/app/config.ts`), [])
    assert.deepEqual(calls("process.env['A']\n", `${src}/app/config/read.ts`), [])
    assert.deepEqual(calls('process.env\n', `${src}/cli/a.ts`), ['environment:1'])
    const output = ['console', 'log(1)'].join('.')
    assert.deepEqual(calls(`${output}\n`), ['console:1'])
    assert.deepEqual(calls(`${output}\n`, 'scripts/a.ts'), ['console:1'])
  })
})

test('SQL text', () => {
  const built = `const a = \`select \${b} from c\`\n`
  assert.deepEqual(sqlText(built), ['sql-built:1'])
  assert.deepEqual(sqlText(built.replace('`', 'sql`')), [])
  assert.deepEqual(sqlText("const a = 'delete from ' + b\n"), ['sql-built:1'])
  assert.deepEqual(sqlText("const a = 'select 1 ' +\n  'from b'\n"), [])
  assert.deepEqual(sqlText("const a = 'insert into a values (1)'\n"), [])
  assert.deepEqual(sqlText("const a = 'insert into a values (1)'\n", 'rest'), ['sql-place:1'])
  assert.deepEqual(sqlText('const a = sql`a = 1`\n', 'graphql'), ['sql-place:1'])
  assert.deepEqual(sqlText('const a = sql`a < now()`\n'), ['sql-clock:1'])
  assert.deepEqual(
    sqlText("const a = 'update the lock file, then select a role from the list'\n"),
    [],
  )
  assert.deepEqual(sqlText("const a = 'clock.now() is read'\n"), [])
})

test('names and opening sentences', () => {
  assert.deepEqual(rules(checkName(`${src}/base/utils.ts`)), ['file-name:1'])
  assert.deepEqual(rules(checkName(`${src}/base/helper.test.ts`)), ['file-name:1'])
  assert.deepEqual(rules(checkName(`${src}/common/a.ts`)), ['file-name:1'])
  assert.deepEqual(rules(checkName(`${src}/base/rowReader.ts`)), ['file-name:1'])
  assert.deepEqual(checkName(`${src}/base/row-reader.test.ts`), [])
  assert.equal(openingSentence('/** Owns a.b: all of it. More. */\n'), 'a.b: all of it')
  assert.equal(openingSentence('#!/x\n/**\n * Owns a\n * and b.\n */\n'), undefined)
  assert.equal(openingSentence('/** Owns a\n * and b.\n */\n'), 'a and b')
  assert.deepEqual(rules(checkOpening({ path: 'a.ts', text: 'import 1\n' })), ['opening:1'])
  assert.deepEqual(rules(checkOpening({ path: 'a.ts', text: '/** Owns a */\n' })), ['opening:1'])
  assert.deepEqual(checkOpening({ path: 'a.test.ts', text: '' }), [])
})

test('places', () => {
  const host = registryHosts(undefined)[0] ?? ''
  const found = (text: string, path = 'a.md') =>
    rules(checkPlaces({ path, text }, registryHosts('https://mirror.example/npm/')))
  assert.deepEqual(found(`a\nsee https://${host}/x\n`), ['place:2'])
  assert.deepEqual(found('see https://mirror.example/x\n'), ['place:1'])
  assert.deepEqual(found(`cd ${['', 'work', 'main'].join('/')}\n`), ['place:1'])
  assert.deepEqual(found("import '../work/relay.ts'\nsee packages/plinth/src/work/main.ts\n"), [])
  const lock = `"${'resolved'}": "https://a.example/b.tgz"\n`
  assert.deepEqual(found(lock, 'package-lock.json'), ['place:1'])
  assert.deepEqual(found('"resolved": "packages/plinth"\n', 'package-lock.json'), [])
})

test('public names are followed through re-exports and want a document', () => {
  const texts = {
    'x/index.ts': `export type { E } from './a.ts'
export { a as b, type C } from './a.ts'
export type { F } from './f.ts'
export * from './d.ts'
`,
    'x/f.ts': `/** Owns f. */

/** Says. */
export interface F {}
`,
    'x/a.ts': `/** Owns a. */

import { e } from './d.ts'
export function a() {}
export interface C {}
export { e as E }
`,
    'x/d.ts': `/** Owns d. */

/** Says. */
export const d = 1
/** Says. */
class e {}
export { e }
`,
  }
  const files = new Map(Object.entries(texts).map(([path, text]) => [path, source(path, text)]))
  const names = publicNames(files, 'x/index.ts').map(
    ({ kind, name, path }) => `${kind} ${name} ${path}`,
  )
  assert.deepEqual(names, [
    'type C x/a.ts',
    'type E x/d.ts',
    'type F x/f.ts',
    'value b x/a.ts',
    'value d x/d.ts',
    'value e x/d.ts',
  ])
  assert.deepEqual(rules(checkDocumented(files, ['x/index.ts'])), [
    'undocumented:5',
    'undocumented:4',
  ])
})

test('entry points are read from the manifest', () => {
  const exports = {
    '.': { source: './src/index.ts' },
    './a': { source: './src/a.ts' },
    './b': './b',
  }
  const entries = entryPoints(JSON.stringify({ name: 'p', exports }), 'q')
  assert.deepEqual(
    [...entries],
    [
      ['p', 'q/src/index.ts'],
      ['p/a', 'q/src/a.ts'],
    ],
  )
})

test('the list of files equals the tree', () => {
  const files = [{ path: 'scripts/a.ts', text: '/** Owns a. */\n' }]
  const marks =
    'x\n<!-- files: written by `node scripts/architecture.ts` -->\n<!-- end of files -->\n'
  const text = withFiles(marks, renderFiles(files))
  assert.match(text, /### scripts\/\n\n- `a.ts` — a\n/)
  assert.deepEqual(checkArchitecture(text, files), [])
  const more = [...files, { path: 'scripts/b.ts', text: '/** Owns b. */\n' }]
  assert.deepEqual(rules(checkArchitecture(text, more)), ['architecture:7'])
  assert.deepEqual(checkArchitecture(text, [...files, { path: 'scripts/b.test.ts', text: '' }]), [])
})
