import { test } from 'node:test'
import { whyNoPowerCut } from '../harness/disk.ts'
import { whyNoNamespace } from '../harness/postgres.ts'
import { mustFail } from './held.ts'

// The safeguards of PostgreSQL itself are taken away, and the proofs must notice.

const load = { only: ['order', 'walk'] } as const
const small = { seed: 5, kills: 1, clients: 6, pointPercent: 0, load } as const
const plain = { workflows: false, mails: false, webhooks: false }

test('commits that are not awaited by the disk are noticed when PostgreSQL dies', async () => {
  await mustFail(
    {
      ...{ ...small, postgres: 'embedded', parts: plain, clients: 12 },
      sabotages: ['asynchronous-commit'],
      script: ['PostgreSQL stopped at once'],
    },
    /lost/,
  )
})

test('a disk that is not waited for is noticed when the power is cut', async (context) => {
  const reason = whyNoNamespace() ?? whyNoPowerCut('/tmp')
  if (reason !== undefined) return context.skip(reason)
  await mustFail(
    {
      ...{ ...small, postgres: 'whole', parts: plain },
      sabotages: ['fsync-off'],
      script: ['power cut'],
    },
    /lost|does not serve again/,
  )
})
