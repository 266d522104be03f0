import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../base/limits.ts'
import { Paces, slowPace } from './paces.ts'

const read = { text: 'select 1', values: [], name: 'one', repeatable: true }

test('what nobody has seen, what may not be repeated, what has no name: each runs alone', () => {
  const paces = new Paces()
  paces.note({ ...read, repeatable: false }, 1, 10)
  paces.note({ text: 'select 1', values: [], repeatable: true }, 1, 10)
  assert.equal(paces.of(read), slowPace)
  paces.note(read, 1, 10)
  assert.equal(paces.of(read), 1)
  assert.equal(paces.of({ ...read, repeatable: false }), slowPace)
})

test('a good moment counts whole, a bad one half', () => {
  const paces = new Paces()
  paces.note(read, 8, 10)
  paces.note(read, 2, 10)
  assert.equal(paces.of(read), 2)
  paces.note(read, 8, 10)
  assert.equal(paces.of(read), 5)
  paces.note(read, 1_000, 10)
  assert.equal(paces.of(read), slowPace)
  paces.note(read, 3, 10)
  assert.equal(paces.of(read), 3)
})

test('whose rows were many has to be quick many times before it counts as quick', () => {
  const paces = new Paces()
  const many = limits.quickReadBytes + 1
  const runsUntilQuick = (): number => {
    for (let runs = 0; runs < 100; runs++) {
      if (paces.of(read) !== slowPace) return runs
      paces.note(read, 1, 10)
    }
    return assert.fail('it never counts as quick')
  }
  paces.note(read, 1, many)
  assert.equal(runsUntilQuick(), 16)
  paces.note(read, 1, many)
  assert.equal(runsUntilQuick(), 16)
  paces.noteLong(read)
  assert.equal(runsUntilQuick(), 16)
})

test('what is known stays bounded', () => {
  const paces = new Paces()
  for (let n = 0; n <= limits.statementCacheMax * 4; n++) {
    paces.note({ ...read, name: String(n) }, 1, 10)
  }
  assert.equal(paces.of({ ...read, name: '0' }), slowPace)
  assert.equal(paces.of({ ...read, name: '1' }), 1)
})
