/** Owns the test of the form of migration files. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stages, step } from '../diff/step.ts'
import { printFile, readFile } from './format.ts'

const expectation = { sql: 'select 0', problem: "{count} aren't", cure: 'Mend "them".' }
const steps = [
  step({ summary: 'Adds a.', statements: ['alter a', 'alter b'], stage: stages.change }),
  step({
    summary: 'Builds.',
    statements: ['drop i', 'create i'],
    stage: stages.build,
    transactional: false,
    safety: 'locking',
    expectations: [expectation],
  }),
  step({ summary: 'Drops.', statements: ['drop c'], stage: stages.drop, safety: 'destructive' }),
]

test('what is printed is read back', () => {
  const { sections, destructive } = readFile('f.sql', printFile(steps, ['a header']))
  assert.equal(destructive, true)
  assert.deepEqual(
    sections.map(({ transactional, sql }) => [transactional, sql.replaceAll(/^--.*\n/gm, '')]),
    [
      [true, 'alter a;\nalter b;'],
      [false, 'drop i;\ncreate i;'],
      [true, 'drop c;'],
    ],
  )
  assert.deepEqual(sections[1]?.statements.length, 2)
  assert.deepEqual(
    sections.map((section) => section.expectations),
    [[], [expectation], []],
  )
})

test('a file without destructive steps carries no mark of them', () => {
  assert.equal(readFile('f.sql', printFile(steps.slice(0, 2), [])).destructive, false)
})

test('a reviewer may add SQL by hand; a mark that is not known is refused with its line', () => {
  const [section] = readFile('f.sql', '-- mine\nupdate t set a = 1;\n').sections
  assert.deepEqual([section?.transactional, section?.line], [true, 1])
  assert.deepEqual(readFile('f.sql', '-- only words\n\n').sections, [])
  assert.throws(() => readFile('f.sql', '\n-- plinth:no-transactoin\n'), /f.sql:2: the mark/)
  assert.throws(
    () => readFile('f.sql', '-- plinth:expect-none {}'),
    /f.sql:1: give the expectation/,
  )
})
