/** Holds the guide to limits to the caps of the code: each number told is the one that counts. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { failureKinds } from '../packages/plinth/src/base/failure.ts'
import { limits } from '../packages/plinth/src/base/limits.ts'

const guide = readFileSync(join(import.meta.dirname, '../docs/guides/limits.md'), 'utf8')
const rows = guide
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.includes('`'))
  .map((line) => line.split('|').map((cell) => cell.trim()))

test('every cap of the guide exists, and its number is the one told', () => {
  assert.ok(rows.length > 20, 'the guide has its tables')
  for (const [, what, amount = '', cap = ''] of rows) {
    const name = cap.replaceAll('`', '')
    assert.ok(Object.hasOwn(limits, name), `${what}: ${name} is a cap`)
    const number = limits[name as keyof typeof limits].toLocaleString('en')
    assert.match(amount, new RegExp(`^${number}\\b`), `${what}: ${name} is ${number}`)
  }
})

test('every failure that the guide names is one, by its status', () => {
  const named = [...guide.matchAll(/`(\d{3}) ([a-z_]+)`/g)]
  assert.ok(named.length > 10, 'the guide tells what is answered')
  for (const [text, status, code = ''] of named) {
    assert.ok(Object.hasOwn(failureKinds, code), `${code} is a failure`)
    assert.equal(failureKinds[code as keyof typeof failureKinds].status, Number(status), text)
  }
})
