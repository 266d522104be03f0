/** Owns how long a claim takes: beside an empty queue, and beside a million waiting jobs. */

import { present } from '../../packages/plinth/src/base/assert.ts'
import { monotonicMs } from '../../packages/plinth/src/base/time.ts'
import type { Database, DedicatedSession } from '../../packages/plinth/src/database/database.ts'
import { claimJobs } from '../../packages/plinth/src/work/queue/claim.ts'
import { completeJobs } from '../../packages/plinth/src/work/queue/finish.ts'
import { workerSettings } from '../../packages/plinth/src/work/worker.ts'
import { median } from '../table.ts'

const perClaim = 50
const rounds = 200
const worker = 1_000_000

// Ids in the order of time, as they are in life.
const addText = `insert into plinth.job (id, name, queue, state, priority, run_at, input, caller,
    trace_id, enqueued_at)
  select lpad(to_hex($3::bigint + n), 32, '0')::uuid, 'desk.note', $1, 'ready', 0,
    '2026-01-01T00:00:00Z', '{"number":1}', '{"is":"anonymous"}', 't', '2026-01-01T00:00:00Z'
  from generate_series(1, $2::integer) n`

let made = 0

/** Adds jobs that are due, without running them. */
export async function addJobs(session: DedicatedSession, queue: string, count: number) {
  await session.query({ text: addText, values: [queue, count, made] })
  made += count
}

/** Milliseconds that a claim of fifty takes, in the middle of many. */
export interface Claims {
  readonly besideNoneMs: number
  readonly besideManyMs: number
}

/** Claims in turn from an empty queue and from one in which so many wait, on one connection. */
export function measureClaims(database: Database, waiting: number): Promise<Claims> {
  return database.dedicated(async (session) => {
    for (let left = waiting; left > 0; left -= 100_000) {
      await addJobs(session, 'full', Math.min(left, 100_000))
    }
    await session.query({ text: 'vacuum analyze plinth.job', values: [] })
    await session.script(workerSettings)
    const none: number[] = []
    const many: number[] = []
    for (let round = 0; round < rounds; round++) {
      await addJobs(session, 'empty', perClaim)
      await addJobs(session, 'full', perClaim)
      // Whoever is first in a round finds the caches as the other left them: they take turns.
      const order = round % 2 === 0 ? ([none, many] as const) : ([many, none] as const)
      for (const took of order) {
        took.push(await claimOnce(session, took === none ? 'empty' : 'full'))
      }
    }
    return { besideNoneMs: median(none), besideManyMs: median(many) }
  })
}

async function claimOnce(session: DedicatedSession, queue: string): Promise<number> {
  const now = '2026-01-02T00:00:00Z'
  const startMs = monotonicMs()
  const claim = { worker, queues: [queue], names: ['desk.note'], count: perClaim, now }
  const jobs = await claimJobs(session, claim)
  const tookMs = monotonicMs() - startMs
  present(jobs[perClaim - 1], 'as many as were asked for')
  const finished = jobs.map((hold) => ({ hold, keepUntil: now }))
  await completeJobs(session, finished, now)
  return tookMs
}
