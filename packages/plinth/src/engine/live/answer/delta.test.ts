/** Owns the proofs of differences: applied in order, they make the new list of the old one. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Rows } from '../../../live/proof/follower.ts'
import { deltaOf } from './delta.ts'
import { type LiveRows, listRows, oneRow } from './rows.ts'

type Item = readonly [id: string, value: unknown]

function answerOf(items: readonly Item[], more = false): string {
  const data = items.map(([id, value]) => JSON.stringify({ a: value, id, z: [{ id: 'inner' }] }))
  const page = `{"next":${more ? '"x"' : 'null'},"previous":null}`
  return `{"data":[${data.join(',')}],"page":${page}}`
}

function apply(before: LiveRows, after: LiveRows): Rows {
  const known = new Rows()
  known.rows = before.rows.map(({ text }) => JSON.parse(text))
  const members = deltaOf(before, after)
  if (members) known.take({ type: 'changes', cursor: undefined, data: JSON.parse(`{${members}}`) })
  return known
}

const item = fc.tuple(fc.constantFrom(...'abcdefgh'), fc.jsonValue())
const items = fc.uniqueArray(item, { selector: ([id]) => id, maxLength: 8 })

test('a difference applied to one answer makes the other', () => {
  fc.assert(
    fc.property(items, items, fc.boolean(), (before, after, more) => {
      const [one, two] = [listRows(answerOf(before)), listRows(answerOf(after, more))]
      const { rows } = apply(one, two)
      assert.deepEqual(rows, JSON.parse(answerOf(after)).data)
    }),
    { numRuns: 500 },
  )
})

test('nothing is told where nothing has changed, and little where one row moved', () => {
  const before = listRows(answerOf([...'abcdef'].map((id) => [id, 1])))
  assert.equal(deltaOf(before, before), undefined)
  const after = listRows(answerOf([...'bcdefa'].map((id) => [id, 1])))
  assert.equal(deltaOf(before, after), '"changes":[{"is":"move","id":"a","after":"f"}]')
  const more = listRows(
    answerOf(
      [...'abcdef'].map((id) => [id, 1]),
      true,
    ),
  )
  assert.equal(deltaOf(before, more), '"changes":[],"more":true')
})

test('an answer is cut into the very texts of its rows', () => {
  fc.assert(
    fc.property(items, (drawn) => {
      const body = answerOf(drawn)
      const { rows, more } = listRows(body)
      assert.equal(more, false)
      assert.deepEqual(
        rows.map(({ id, text }) => [id, text]),
        drawn.map(([id, a]) => [id, JSON.stringify({ a, id, z: [{ id: 'inner' }] })]),
      )
    }),
  )
  const text = '{"id":"a","n":1e400,"d":123456789012345678901234567890}'
  assert.deepEqual(oneRow(text).rows, [{ id: 'a', text }])
  const counted = listRows(`{"data":[${text}],"page":{"next":null,"previous":"x"},"count":7}`)
  assert.deepEqual([counted.count, counted.more, counted.rows[0]?.text], ['"count":7', true, text])
})
