/** Proves the run of test files: what is tried a second time, what never is, and what is told. */

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { argonHasher } from '../../packages/plinth/src/app/passwords/hasher.ts'
import { inOrder, longest, mayRunAgain } from './order.ts'
import { fullCost, preloads } from './preload/preloads.ts'
import { openReport } from './report.ts'
import { type Run, runFiles } from './run.ts'

const head = `
import { existsSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
const isFirst = (name) => {
  const mark = new URL(name + '.mark', import.meta.url)
  const first = !existsSync(mark)
  writeFileSync(mark, '')
  return first
}
`
const steady = `test('holds', () => undefined)`
const red = `test('never holds', () => { throw new Error('broken for good') })`

/** Fails in its first run, passes in its second. */
function redOnce(name: string): string {
  return `test('holds at last', () => { if (isFirst('${name}')) throw new Error('only once') })`
}

interface Made {
  readonly green: boolean
  readonly text: string
  readonly last: string | undefined
}

/** Runs made files. */
async function run(
  context: TestContext,
  made: Record<string, string>,
  more: Partial<Run> = {},
): Promise<Made> {
  const folder = mkdtempSync(join(tmpdir(), 'plinth-runner-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const files = Object.keys(made)
  for (const path of files) writeFileSync(join(folder, path), `${head}${made[path]}\n`)
  const lines: string[] = []
  const say = (line: string): void => void lines.push(line)
  const report = openReport(say)
  const serve = async () => ({ environment: {}, stop: async () => undefined })
  const plan = { files, folder, lanes: 2, waits: () => false, timeoutMs: 60_000 }
  await runFiles({ ...plan, serve, report, say, ...more })
  const green = report.close()
  return { green, text: lines.join('\n'), last: lines.at(-1) }
}

test('a file that fails once is run again alone, and told as unsteady in full', async (context) => {
  const files = { 'steady.test.ts': steady, 'once.test.ts': redOnce('once') }
  const { green, text, last } = await run(context, files)
  assert.equal(last, '2 passed, 0 failed, 1 unsteady')
  assert.ok(green)
  assert.match(text, /✖ 1 of 1 once\.test\.ts/)
  assert.match(text, /^~ once\.test\.ts$/m)
  assert.match(text, /only once/)
})

/** Holds where another file leaves its mark while it waits. */
function waitsFor(name: string): string {
  return `test('is not alone', async () => {
    for (let count = 0; count < 400; count++) {
      if (existsSync(new URL('${name}.mark', import.meta.url))) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error('nobody came')
  })`
}

test('the first file is run before all others', async (context) => {
  const leaves = `test('leaves its mark', () => { isFirst('early') })`
  const finds = `test('finds it', () => { if (isFirst('early')) throw new Error('came before') })`
  const files = { 'a.test.ts': finds, 'b.test.ts': finds, 'z.test.ts': leaves }
  const { last } = await run(context, files, { first: 'z.test.ts' })
  assert.equal(last, '3 passed, 0 failed')
})

test('the lane of files that wait goes on with the others', async (context) => {
  const files = {
    'a.test.ts': waitsFor('other'),
    'b.test.ts': `test('leaves its mark', () => { isFirst('other') })`,
    'slow.test.ts': steady,
  }
  const waits = (path: string): boolean => path.startsWith('slow')
  const { last, text } = await run(context, files, { lanes: 1, waits })
  assert.equal(last, '3 passed, 0 failed', text)
})

test('a file that fails again has failed, with both reasons', async (context) => {
  const files = { 'red.test.ts': red, 'once.test.ts': redOnce('once') }
  const { green, text, last } = await run(context, files)
  assert.equal(last, '1 passed, 1 failed, 1 unsteady')
  assert.ok(!green)
  assert.match(text, /broken for good.*The second try:.*broken for good/s)
})

test('a failure in a file that looks for rare failures stands', async (context) => {
  const files = { 'random.test.ts': redOnce('random'), 'two-worlds.test.ts': redOnce('worlds') }
  const { green, text, last } = await run(context, files)
  assert.equal(last, '0 passed, 2 failed')
  assert.ok(!green)
  assert.doesNotMatch(text, /second try|unsteady/)
})

test('a test that names its seed is tried again with that one', async (context) => {
  const seeded = `
    test('holds (seed 41)', () => {
      if (isFirst('seeded')) throw new Error('only once')
      if (!process.argv.includes('--seed=41')) throw new Error('another seed')
    })`
  const { last } = await run(context, { 'seeded.test.ts': seeded })
  assert.equal(last, '1 passed, 0 failed, 1 unsteady')
})

test('with more than five unsteady files the run is red', async (context) => {
  const names = ['one', 'two', 'three', 'four', 'five', 'six']
  const files = Object.fromEntries(names.map((name) => [`${name}.test.ts`, redOnce(name)]))
  const { green, text, last } = await run(context, files)
  assert.equal(last, '6 passed, 1 failed, 6 unsteady')
  assert.ok(!green)
  assert.match(text, /6 files are unsteady, at most 5 may be/)
})

test('with many failures nothing is tried again', async (context) => {
  const names = ['1', '2', '3', '4', '5', '6', '7']
  const files = Object.fromEntries(names.map((name) => [`${name}.test.ts`, redOnce(name)]))
  const { last } = await run(context, files)
  assert.equal(last, '0 passed, 7 failed')
})

test('files that draw, race, crash or take controls away are never run again', () => {
  const never = [
    'tests/access/two-worlds.test.ts',
    'tests/identity/armed.test.ts',
    'tests/crash/proof/whole.test.ts',
    'tests/races/races.test.ts',
    'packages/plinth/src/engine/proof/races.test.ts',
    'packages/plinth/src/database/embedded/proof/kill.test.ts',
  ]
  for (const path of never) assert.ok(!mayRunAgain(path, ''), path)
  assert.ok(mayRunAgain('tests/pages/browser.test.ts', ''))
  assert.ok(!mayRunAgain('tests/pages/browser.test.ts', "import fc from 'fast-check'"))
  assert.ok(!mayRunAgain('tests/pages/browser.test.ts', "const seed = argument('seed', 1)"))
})

test('the longest files begin first, and are there', () => {
  const root = join(import.meta.dirname, '..', '..')
  for (const path of longest) assert.ok(existsSync(join(root, path)), path)
  const [first = '', second = ''] = longest
  assert.deepEqual(inOrder(['a.test.ts', second, first]), [first, second, 'a.test.ts'])
})

test('hashes cost next to nothing, but for proofs of their cost', async () => {
  const hash = await argonHasher.hash('correct horse battery')
  assert.match(hash, /^\$argon2id\$v=19\$m=256,t=1,p=1\$/)
  assert.ok(!argonHasher.isOld(hash))
  assert.ok(await argonHasher.verify(hash, 'correct horse battery'))
  const root = join(import.meta.dirname, '..', '..')
  for (const path of fullCost) assert.ok(existsSync(join(root, path)), path)
  const isCheap = (path: string): boolean =>
    preloads(path).some((option) => option.endsWith('/hashing.ts'))
  assert.deepEqual(['tests/a.test.ts', ...fullCost].filter(isCheap), ['tests/a.test.ts'])
})
