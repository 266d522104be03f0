import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../base/failure.ts'
import { limits } from '../base/limits.ts'
import { openCursors } from './cursor.ts'

const cursors = openCursors('one secret')
const cells = fc.array(fc.option(fc.string(), { nil: null }), { maxLength: 5 })

test('A cursor opens to what was sealed, for the same binding under the same secret', () => {
  const property = fc.property(cells, fc.string(), fc.string(), (values, binding, other) => {
    const cursor = cursors.seal(binding, values)
    assert.deepEqual(cursors.open(binding, cursor), values)
    assert.equal(cursors.seal(binding, values), cursor, 'equal places have equal cursors')
    if (other !== binding) assert.equal(cursors.open(other, cursor), undefined)
    assert.equal(openCursors('another secret').open(binding, cursor), undefined)
    assert.match(cursor, /^[A-Za-z0-9_-]+$/)
  })
  fc.assert(property, { numRuns: 300 })
})

test('A cursor tells nothing and takes no change', () => {
  const cursor = cursors.seal('b', ['a private value'])
  assert.ok(!Buffer.from(cursor, 'base64url').includes('private'))
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  for (let at = 0; at < cursor.length; at++) {
    const letter = letters[(letters.indexOf(cursor[at] ?? '') + 1) % letters.length]
    assert.equal(cursors.open('b', cursor.slice(0, at) + letter + cursor.slice(at + 1)), undefined)
    assert.equal(cursors.open('b', cursor.slice(0, at)), undefined)
  }
  for (const wrong of [`${cursor}=`, `${cursor}A`, ` ${cursor}`, 'A', '-']) {
    assert.equal(cursors.open('b', wrong), undefined)
  }
})

test('Nonces differ wherever binding or content do', () => {
  const nonces = [
    cursors.seal('ab', ['c']),
    cursors.seal('a', ['bc']),
    cursors.seal('abc', []),
    cursors.seal('ab', ['c', null]),
  ].map((cursor) => cursor.slice(0, 16))
  assert.equal(new Set(nonces).size, nonces.length)
})

test('A place that fits no cursor is refused with a cure', () => {
  assert.throws(
    () => cursors.seal('b', ['x'.repeat(limits.cursorBytesMax)]),
    (error) => error instanceof Failure && error.code === 'query_too_costly',
  )
})
