import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pluralOf, singularOf } from './names.ts'

test('the singular of a plural is the name that it was made of', () => {
  const names = ['tag', 'house', 'case', 'course', 'clause', 'warehouse', 'licence', 'database']
  names.push('status', 'bus', 'class', 'address', 'box', 'batch', 'dish', 'category', 'day', 'note')
  assert.deepEqual(
    names.map((name) => singularOf(pluralOf(name))),
    names,
  )
})
