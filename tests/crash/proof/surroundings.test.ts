import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whyNoPowerCut } from '../harness/disk.ts'
import { whyNoNamespace } from '../harness/postgres.ts'
import type { Verdict } from '../run/report.ts'
import { mustHold } from './held.ts'

const backMsMax = 10_000

/** Each fault has struck, and the server came back from each by itself. */
function demandBack({ table, blows }: Verdict): void {
  const missed = [...table].filter(([, { tried, struck }]) => struck < tried)
  assert.deepEqual(missed, [], 'each has struck')
  const slow = blows.filter(({ backMs }) => backMs > backMsMax)
  assert.deepEqual(slow, [], 'something is acknowledged again in time')
}

test('a network that breaks, at COMMIT too, and a clock that jumps', async (context) => {
  const reason = whyNoNamespace() ?? whyNoPowerCut('/tmp')
  if (reason !== undefined) return context.skip(reason)
  const verdict = await mustHold({
    ...{ postgres: 'whole', nodes: 1, seed: 11, kills: 0, clients: 8 },
    pacePatienceMs: 2 * backMsMax,
    script: [
      ...['network reset', 'network black hole', 'network black hole, then reset'],
      ...['COMMIT lost on its way', 'answer to COMMIT lost', 'answer to COMMIT lost'],
      ...['clock an hour ahead, and back', 'clock an hour behind, and back'],
    ],
  })
  demandBack(verdict)
  assert.ok((verdict.answers.get(200) ?? 0) > 40, 'calls were answered')
})

test('a disk that is full, and has room again', async (context) => {
  const reason = whyNoPowerCut('/tmp')
  if (reason !== undefined) return context.skip(reason)
  const verdict = await mustHold({
    ...{ postgres: 'embedded', diskMegabytes: 300, seed: 12, kills: 0, clients: 8 },
    pacePatienceMs: 2 * backMsMax,
    script: ['disk full'],
  })
  demandBack(verdict)
  assert.ok((verdict.answers.get(503) ?? 0) > 0, 'callers were told that there is no room')
})
