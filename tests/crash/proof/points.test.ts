import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failpoints } from '../../../packages/plinth/src/base/failpoint.ts'
import { mustHold } from './held.ts'

test('killed at each of its crash points, a server loses nothing and repeats nothing', async () => {
  const points = Object.keys(failpoints).map((name) => `${name}@2=kill`)
  const verdict = await mustHold({
    ...{ postgres: 'embedded', seed: 20261121, kills: points.length, points },
    ...{ clients: 6, pointPatienceMs: 60_000 },
  })
  const missed = [...verdict.table].filter(([name, { struck }]) => / kill$/.test(name) && !struck)
  assert.deepEqual(missed, [], 'each is reached')
  // Each point, and the supervisors that are killed in between.
  assert.ok(verdict.kills >= 24, `${verdict.kills} were killed`)
  assert.ok(verdict.acknowledged > 100, `${verdict.acknowledged} operations were acknowledged`)
})
