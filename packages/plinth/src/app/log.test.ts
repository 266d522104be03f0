import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../base/failure.ts'
import { causeText } from './log.ts'

test('the log says what PostgreSQL said, and never quotes a value', () => {
  const slow = { sqlState: '57014', message: 'canceling statement due to statement timeout' }
  assert.equal(causeText(slow, false), `PostgreSQL 57014: ${slow.message}`)
  const failure = new Failure('deadline_exceeded', { cause: slow })
  assert.match(causeText(failure, false) ?? '', /because PostgreSQL 57014: canceling/)
  const quoting = { sqlState: '22P02', message: 'invalid input syntax for type uuid: "secret"' }
  assert.equal(causeText(quoting, false), 'PostgreSQL 22P02')
})
