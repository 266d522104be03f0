import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shop } from './logic.ts'

test('a kit keeps its logic in order of declaration', () => {
  const kinds = shop.logic.map(({ is, name }) => `${is} ${name}`)
  assert.deepEqual(kinds, [
    'event placed',
    'queue slow',
    'job tell',
    'mail receipt',
    'signal paid',
    'action checkout',
    'action plain',
    'handler placed',
    'workflow fulfil',
    'action begin',
    'schedule nightly',
  ])
})
