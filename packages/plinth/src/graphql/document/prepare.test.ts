import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildSchema } from 'graphql'
import { limits } from '../../base/limits.ts'
import { documents } from './prepare.ts'

test('a document is prepared once, and as many are kept as the cap says', () => {
  const prepare = documents(buildSchema('type Query { a: Int }'))
  const first = prepare('{ a }')
  assert.equal(prepare('{ a }'), first)
  for (let at = 0; at < limits.graphqlDocumentsKept - 1; at++) prepare(`{ a${at}: a }`)
  assert.equal(prepare('{ a }'), first, 'what is used stays')
  for (let at = 0; at < limits.graphqlDocumentsKept; at++) prepare(`{ b${at}: a }`)
  assert.notEqual(prepare('{ a }'), first, 'what is not used makes room')
  const long = (at: number) => prepare(`{ c${at}: a } #${'x'.repeat(60_000)}`)
  const second = prepare('{ a }')
  for (let at = 0; at < limits.graphqlDocumentsKeptCharacters / 60_000; at++) long(at)
  assert.notEqual(prepare('{ a }'), second, 'long ones count by their length')
})
