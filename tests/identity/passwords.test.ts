import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  commonPasswords,
  commonPasswordsFile,
} from '../../packages/plinth/src/app/passwords/common-list.ts'
import { commonPasswordsPath, knownPasswords } from '../tidy/lists/passwords.ts'
import { root } from '../tidy/tree.ts'

const known = knownPasswords()
const kept = readFileSync(join(root, commonPasswordsPath))

test('the list of the package is that of its source', () => {
  assert.ok(new Set(known).size >= 100_000)
  const cure = 'run scripts/common-passwords.ts'
  assert.ok(kept.equals(commonPasswordsFile(known)), `the list is another one: ${cure}`)
})

test('common passwords are found, the first, the last and those in between', async () => {
  const some = known.filter((_, index) => index % 997 === 0)
  for (const password of [...some, known.at(-1) ?? '']) {
    assert.equal(await commonPasswords.has(password), true, password)
  }
})

test('others are not: one in two million is taken for one of them', async () => {
  let wrong = 0
  for (let index = 0; index < 2_000; index++) {
    if (await commonPasswords.has(`a phrase of my own, number ${index}`)) wrong += 1
  }
  assert.equal(wrong, 0)
})

test('asking keeps nothing of the list in memory', async () => {
  const before = process.memoryUsage().arrayBuffers
  for (let index = 0; index < 200; index++) await commonPasswords.has(`word ${index}`)
  const grown = process.memoryUsage().arrayBuffers - before
  assert.ok(grown < kept.length / 2, `${grown} bytes`)
})
