import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whyNoPowerCut } from '../harness/disk.ts'
import { whyNoNamespace } from '../harness/postgres.ts'
import { mustHold } from './held.ts'

// With those at the crash points, where supervisors die too: at least 60 in every run of the tests.
const kills = 36

test('servers and PostgreSQL killed at random lose nothing and do nothing twice', async () => {
  const isWhole = (whyNoNamespace() ?? whyNoPowerCut('/tmp')) === undefined
  const verdict = await mustHold({
    ...{ seed: 7, kills, clients: 8 },
    ...(isWhole ? { postgres: 'whole', nodes: 2 } : { postgres: 'embedded' }),
  })
  assert.ok(verdict.kills >= kills)
  assert.ok(verdict.acknowledged > 200, `${verdict.acknowledged} operations were acknowledged`)
})
