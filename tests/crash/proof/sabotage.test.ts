import { test } from 'node:test'
import { mustFail } from './held.ts'

// Each safeguard is taken away once, and its proof must notice. What a proof does not see when it
// is broken, it does not prove.

const small = { seed: 5, kills: 1, clients: 6, pointPercent: 0 } as const
const plain = { workflows: false, mails: false, webhooks: false }

test('a charge before the commit is noticed when the caller goes away', async () => {
  await mustFail(
    {
      ...{ ...small, postgres: 'embedded', parts: plain },
      sabotages: ['effect-before-commit'],
      points: ['commit.sending@9=kill', 'commit.sending@9=kill'],
      load: { impatient: true, only: ['order'] },
    },
    /charges received: never put in|money/,
  )
})

test('events and jobs after the commit are noticed when the server dies between', async () => {
  await mustFail(
    {
      ...{ ...small, postgres: 'embedded', parts: plain },
      sabotages: ['event-after-commit'],
      points: ['commit.acknowledged@9=kill', 'commit.acknowledged@9=kill'],
      load: { only: ['order', 'twice'] },
    },
    /(?:tally|notice|charge): lost/,
  )
})

test('a limit that is read, judged and then written is noticed under load', async () => {
  await mustFail(
    {
      ...{ ...small, postgres: 'embedded', parts: plain, clients: 16, isolation: 'low', kills: 0 },
      sabotages: ['two-step-take'],
      // Whoever reads meanwhile sees what is not true any more.
      failpoints: 'row.written@*=delay:60ms',
      quietMs: 6_000,
      load: { coupons: 1, pauseMs: 0, only: ['order'] },
    },
    /coupon/,
  )
})

test('a key that answers whatever the body is is noticed by a replay', async () => {
  await mustFail(
    { ...small, postgres: 'embedded', parts: plain, sabotages: ['key-without-body'] },
    /key of another body/,
  )
})
