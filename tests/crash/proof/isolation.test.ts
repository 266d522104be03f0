import { test } from 'node:test'
import type { ChaosOptions } from '../run/chaos.ts'
import { mustFail, mustHold } from './held.ts'

const lists: ChaosOptions = {
  ...{ seed: 8, kills: 3, clients: 12, postgres: 'embedded', pointPercent: 0 },
  parts: { workflows: false, mails: false, webhooks: false },
  quietMs: 5_000,
}
const only = ['walk'] as const

test('list-append through actions, with kills: no anomaly', async () => {
  await mustHold({ ...lists, load: { pauseMs: 0, only } })
})

test('the same with the isolation lowered: the checker finds what is wrong', async () => {
  await mustFail(
    { ...lists, load: { pauseMs: 0, only, walk: 'walk-loosely' } },
    /^(?:G-single|G2-item|G1c|G0|lost append|incompatible order)/,
  )
})
