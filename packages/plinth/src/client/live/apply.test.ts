import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyChanges, type Row, type RowChange } from './apply.ts'

const rows = (ids: string): readonly Row[] => [...ids].map((id) => ({ id }))
const ids = (list: readonly Row[]) => list.map(({ id }) => id).join('')
const after = (before: string, ...changes: RowChange[]) => ids(applyChanges(rows(before), changes))

test('a list becomes what the server says, change by change', () => {
  assert.equal(after('abc', { is: 'leave', id: 'b' }), 'ac')
  assert.equal(after('abc', { is: 'enter', row: { id: 'x' }, after: null }), 'xabc')
  assert.equal(after('abc', { is: 'enter', row: { id: 'x' }, after: 'c' }), 'abcx')
  assert.equal(after('abc', { is: 'move', id: 'a', after: 'c' }), 'bca')
  assert.equal(after('abc', { is: 'move', id: 'c', after: null }), 'cab')
  assert.equal(after('abc', { is: 'change', row: { id: 'b' }, after: null }), 'bac')
  const changed = { id: 'b', name: 'new' }
  assert.deepEqual(applyChanges(rows('abc'), [{ is: 'change', row: changed }])[1], changed)
  const two = [
    { is: 'leave', id: 'a' },
    { is: 'enter', row: { id: 'x' }, after: 'b' },
    { is: 'move', id: 'c', after: 'x' },
  ] as const
  assert.equal(after('abc', ...two), 'bxc')
})

test('what was shown before is not changed by what comes after', () => {
  const before = rows('ab')
  applyChanges(before, [{ is: 'leave', id: 'a' }])
  assert.equal(ids(before), 'ab')
})
