import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mustHold } from './held.ts'

// With those of the crash points and those of the whole PostgreSQL: at least 60 in every run.
const kills = 18

test('a server with its PostgreSQL, killed at random, loses and repeats nothing', async () => {
  const verdict = await mustHold({ postgres: 'embedded', seed: 7, kills, clients: 8 })
  assert.ok(verdict.kills >= kills)
  assert.ok(verdict.acknowledged > 80, `${verdict.acknowledged} operations were acknowledged`)
})
