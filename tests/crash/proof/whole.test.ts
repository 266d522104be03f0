import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whyNoPowerCut } from '../harness/disk.ts'
import { whyNoNamespace } from '../harness/postgres.ts'
import { mustHold } from './held.ts'

const kills = 18

test('two servers on a PostgreSQL that dies whole, and loses its power', async (context) => {
  const reason = whyNoNamespace() ?? whyNoPowerCut('/tmp')
  if (reason !== undefined) return context.skip(reason)
  const verdict = await mustHold({
    ...{ postgres: 'whole', nodes: 2, seed: 7, kills, clients: 8 },
    script: ['power cut', 'PostgreSQL whole kill -9'],
  })
  assert.ok(verdict.kills >= kills)
  assert.ok(verdict.acknowledged > 80, `${verdict.acknowledged} operations were acknowledged`)
})
