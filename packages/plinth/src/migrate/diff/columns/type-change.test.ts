/** Owns the test of the judgement of type changes. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { typeChange } from './type-change.ts'

const cases: readonly (readonly [string, string, ReturnType<typeof typeChange>])[] = [
  ['integer', 'integer', 'free'],
  ['integer', 'bigint', 'rewrite'],
  ['bigint', 'integer', 'lossy'],
  ['numeric(6,2)', 'numeric(9,2)', 'free'],
  ['numeric(6,2)', 'numeric(9,4)', 'rewrite'],
  ['numeric(6,2)', 'numeric(6,3)', 'lossy'],
  ['numeric(9,2)', 'numeric(6,2)', 'lossy'],
  ['numeric(9,2)', 'bigint', 'lossy'],
  ['numeric(9,0)', 'integer', 'lossy'],
  ['integer', 'numeric(10,0)', 'rewrite'],
  ['integer', 'numeric(9,0)', 'lossy'],
  ['bigint', 'numeric(19,0)', 'rewrite'],
  ['character varying(9)', 'text', 'free'],
  ['text', 'integer', 'lossy'],
  ['uuid', 'text', 'rewrite'],
  ['timestamp with time zone', 'date', 'lossy'],
  ['date', 'timestamp with time zone', 'rewrite'],
  ['integer[]', 'bigint[]', 'rewrite'],
  ['integer', 'integer[]', 'none'],
  ['boolean', 'integer', 'none'],
  ['jsonb', 'bytea', 'none'],
]

for (const [from, to, expected] of cases) {
  test(`${from} to ${to} is ${expected}`, () => {
    assert.equal(typeChange(from, to), expected)
  })
}
