import { test } from 'node:test'
import { whyNoPowerCut } from '../harness/disk.ts'
import { whyNoNamespace } from '../harness/postgres.ts'
import type { ChaosOptions } from '../run/chaos.ts'
import { mustFail, mustHold } from './held.ts'

// A worker freezes in the middle of a job, outside of any transaction that PostgreSQL would end;
// another takes the job over and does it; then the first one wakes up and goes on. It sleeps longer
// than it takes until a frozen worker is declared dead.
const frozen: ChaosOptions = {
  ...{ seed: 6, kills: 0, clients: 4, postgres: 'whole', nodes: 2 },
  ...{ parts: { workflows: false, mails: false, webhooks: false }, quietMs: 26_000 },
  points: ['effect.recorded@9=stop:24s'],
  load: { pauseMs: 120 },
}

test('a worker that wakes up after its job was taken over', async (context) => {
  const reason = whyNoNamespace() ?? whyNoPowerCut('/tmp')
  if (reason !== undefined) return context.skip(reason)
  await context.test('stores nothing of it', async () => {
    await mustHold(frozen)
  })
  await context.test('is noticed where nothing fences it off', async () => {
    await mustFail({ ...frozen, sabotages: ['lease-without-fence'] }, /out twice/)
  })
})
