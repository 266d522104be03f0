import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cutItems, cutMembers, cutRecord } from './cut.ts'

const plain = (...names: string[]) => ({ members: names.map((name) => ({ prefix: `"${name}":` })) })

test('a record is cut at its members, whatever they hold', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { minLength: 3, maxLength: 3 }), (values) => {
      const texts = values.map((value) => JSON.stringify(value))
      const text = `{"a":${texts[0]},"b":${texts[1]},"c":${texts[2]}}`
      assert.deepEqual(cutRecord(text, plain('a', 'b', 'c')).pieces, texts)
      assert.deepEqual(cutRecord(text, plain('a', 'c')).pieces, [texts[0], texts[2]])
      assert.deepEqual(
        [...cutMembers(text)],
        [
          ['a', texts[0]],
          ['b', texts[1]],
          ['c', texts[2]],
        ],
      )
      assert.deepEqual(cutItems(`[${texts.join()}]`), texts)
    }),
  )
})

test('a member that a rule hides is absent, and the others keep their places', () => {
  assert.deepEqual(cutRecord('{"b":1}', plain('a', 'b', 'c')).pieces, [undefined, '1', undefined])
  assert.deepEqual(cutRecord('{}', plain('a')).pieces, [undefined])
})

test('a connection is cut with its place, its count and what is below', () => {
  const form = {
    members: [
      { prefix: '"id":' },
      { prefix: '"$0":', below: plain('x') },
      { prefix: '"$1":', below: plain('y'), many: true },
    ],
  }
  const list = '{"data":[{"y":"]}\\""}],"page":{"hasNext":true,"hasPrevious":false},"count":7}'
  const text =
    `{"data":[{"id":1,"$0":null,"$1":${list}},{"id":2,"$0":{"x":[{}]},"$1":${list}}],` +
    '"page":{"hasNext":false,"hasPrevious":true,"start":"s","end":null}}'
  const whole = { members: [{ prefix: '"list":', below: form, many: true }] }
  const [cut] = cutRecord(`{"list":${text}}`, whole).pieces
  const inner = {
    ...{ records: [{ pieces: ['"]}\\""'] }], hasNext: 'true', hasPrevious: 'false' },
    ...{ start: undefined, end: undefined, count: '7' },
  }
  assert.deepEqual(cut, {
    records: [{ pieces: ['1', null, inner] }, { pieces: ['2', { pieces: ['[{}]'] }, inner] }],
    ...{ hasNext: 'false', hasPrevious: 'true', start: '"s"', end: 'null', count: undefined },
  })
})
