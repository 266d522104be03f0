import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SharingPace } from './pace.ts'

test('the more is refused, the fewer share, and more again where nothing is', () => {
  const pace = new SharingPace(8)
  assert.equal(pace.members, 4)
  for (let time = 0; time < 100; time++) pace.widen()
  assert.equal(pace.members, 8)
  for (let time = 0; time < 20; time++) pace.narrow()
  assert.equal(pace.members, 1)
  for (let time = 0; time < 11; time++) pace.widen()
  assert.equal(pace.members, 2)
})

test('after one that failed the next go alone, for a while', () => {
  const pace = new SharingPace(8)
  assert.equal(pace.goesAlone(), false)
  pace.part()
  const alone = Array.from({ length: 17 }, () => pace.goesAlone())
  assert.deepEqual(alone, [...Array.from({ length: 16 }, () => true), false])
})
