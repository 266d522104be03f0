import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whyNoPowerCut } from '../harness/disk.ts'
import { whyNoNamespace } from '../harness/postgres.ts'
import { mustHold } from './held.ts'

// 40 here and 21 at the crash points: at least 60 with every run of the tests.
const kills = 40

test('servers and PostgreSQL killed at random lose nothing and do nothing twice', async () => {
  const isWhole = (whyNoNamespace() ?? whyNoPowerCut('/tmp')) === undefined
  const verdict = await mustHold({
    ...{ seed: 7, kills, clients: 8 },
    ...(isWhole ? { postgres: 'whole', nodes: 2 } : { postgres: 'embedded' }),
  })
  assert.ok(verdict.kills >= kills)
  assert.ok(verdict.acknowledged > 200, `${verdict.acknowledged} operations were acknowledged`)
})
