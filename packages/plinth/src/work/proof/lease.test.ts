import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openApp } from '../../app/compose.ts'
import { plantSabotages } from '../../base/failpoint.ts'
import { limits } from '../../base/limits.ts'
import { systemClock } from '../../base/time.ts'
import type { Job } from '../../define/logic/logic.ts'
import { insertJobs } from '../../effects/jobs/insert.ts'
import { findJob } from '../../effects/jobs/look.ts'
import { cancelJob, pauseQueue, retryJobs } from '../../effects/jobs/manage.ts'
import { testApp } from '../../testing/test-app.ts'
import { claimJobs } from '../queue/claim.ts'
import { completeJobs, fence, giveBack, runLater } from '../queue/finish.ts'
import { callOutside } from '../run/external.ts'
import { HeldJob } from '../run/held-job.ts'
import { tellWorkers } from '../waker.ts'
import { behaviour, deskApp, newJob, rowsOf } from './desk.ts'

const shop = await testApp(deskApp)
after(() => shop.close())
const { runtime } = shop.running
const { database } = runtime
const now = (): string => new Date().toISOString()
const setup = {
  ...{ database: shop.database, secret: 'x'.repeat(43), production: false },
  ...({ schema: 'settled', work: 'on' } as const),
}
const openWorker = () => openApp(deskApp, setup, { clock: systemClock })
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const enqueue = async (...texts: string[]): Promise<string[]> => {
  const jobs = texts.map((text) => newJob(runtime, { text, runAt: '2026-01-01T00:00:00Z' }))
  return (await insertJobs(database, jobs, now())).map(({ id }) => id)
}
async function until<T>(look: () => Promise<T | undefined | false>, forMs = 60_000): Promise<T> {
  const endMs = performance.now() + forMs
  for (;;) {
    const found = await look()
    if (found) return found
    assert.ok(performance.now() < endMs, 'it did not happen in time')
    await pause(5)
  }
}
const stateOf = async (id: string) => (await findJob(database, id))?.state

async function workerProcess(holds: string) {
  const file = join(import.meta.dirname, 'worker-process.ts')
  const child = spawn(
    process.execPath,
    ['--conditions=source', file, JSON.stringify(shop.database), holds],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await new Promise((resolve) => child.stdout.once('data', resolve))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  return { child, ended }
}

test('the job of a killed process is run by another one within a second', async () => {
  const { child, ended } = await workerProcess('held')
  const [id = ''] = await enqueue('held')
  await until(async () => (await stateOf(id)) === 'running')
  const other = await openWorker()
  try {
    await other.worker.registered
    await pause(600)
    assert.equal(await stateOf(id), 'running', 'a living worker keeps its job')
    child.kill('SIGKILL')
    const killedMs = performance.now()
    await ended
    await until(async () => (await stateOf(id)) === 'done')
    const tookMs = performance.now() - killedMs
    // By the lock, not by a time that has to pass; how fast it is on a quiet machine, bench says.
    assert.ok(tookMs < limits.workerFrozenMs, `${tookMs} ms`)
    const notes = await rowsOf(database, `select attempt from desk.note where text = 'held'`)
    assert.deepEqual(notes, [['2']], 'once')
  } finally {
    child.kill('SIGKILL')
    await other.close()
  }
})

test('what joins a key while another one of it runs, waits for it', async () => {
  const held = Promise.withResolvers<void>()
  behaviour.holds.set('first', held.promise)
  const one = await openWorker()
  try {
    await one.worker.registered
    const add = async (text: string): Promise<string> => {
      const job = newJob(runtime, { text, key: 'k', runAt: '2026-01-01T00:00:00Z' })
      const [made] = await insertJobs(database, [job], now())
      tellWorkers(database, 'work')
      return made?.id ?? ''
    }
    const first = await add('first')
    await until(async () => (await stateOf(first)) === 'running')
    const second = await add('second')
    const nudges = 'select 1 from plinth.job_nudge'
    await until(async () => (await rowsOf(database, nudges)).length === 0)
    await pause(50)
    assert.equal(await stateOf(second), 'waiting')
    held.resolve()
    await until(async () => (await stateOf(second)) === 'done')
    assert.equal(await stateOf(first), 'done')
  } finally {
    held.resolve()
    behaviour.holds.delete('first')
    await one.close()
  }
})

test('a worker without its connection has no leases: what it still does is lost', async () => {
  const held = Promise.withResolvers<void>()
  behaviour.holds.set('lost', held.promise)
  const first = await openWorker()
  try {
    const [id = ''] = await enqueue('lost')
    await until(async () => (await stateOf(id)) === 'running')
    await rowsOf(
      database,
      `select pg_terminate_backend(pid) from pg_locks
        where locktype = 'advisory' and classid = 1886153001 and granted`,
    )
    await until(async () => (await findJob(database, id))?.attempt === 2)
    held.resolve()
    behaviour.holds.delete('lost')
    await until(async () => (await stateOf(id)) === 'done')
    await pause(50)
    const notes = await rowsOf(database, `select attempt from desk.note where text = 'lost'`)
    assert.deepEqual(notes, [['2']], 'the first attempt is rolled back')
  } finally {
    held.resolve()
    await first.close()
  }
})

test('an attempt that holds nothing can neither complete, nor fence, nor postpone', async () => {
  const [id = ''] = await enqueue('fence')
  const take = `update plinth.job set state = 'running', worker = 1, claim = 5 where id = $1`
  await rowsOf(database, take, id)
  const [[place = '']] = (await rowsOf(
    database,
    'select ctid from plinth.job where id = $1',
    id,
  )) as [[string]]
  const hold = { id, place, worker: 1, claim: 5 }
  const wrong = [
    { ...hold, worker: 2 },
    { ...hold, claim: 4 },
    { ...hold, id: runtime.newId() },
  ]
  for (const one of wrong) {
    const finished = [{ hold: one, keepUntil: now() }]
    await assert.rejects(completeJobs(database, finished, now()), { code: 'lease_lost' })
    await assert.rejects(fence(database, one), { code: 'lease_lost' })
    assert.equal(await runLater(database, one, { runAt: now() }), false)
  }
  await fence(database, hold)
  await rowsOf(database, `update plinth.job set error = 'moved' where id = $1`, id)
  await fence(database, hold)
  plantSabotages(['lease-without-fence'])
  try {
    const finished = [{ hold: { ...hold, worker: 2 }, keepUntil: now() }]
    await completeJobs(database, finished, now())
    assert.equal(await stateOf(id), 'done', 'the planted bug is the one that the fence stops')
  } finally {
    plantSabotages([])
  }
})

test("a job that was cancelled and retried is no longer the earlier attempt's", async () => {
  const worker = 1_000_001
  const job = { ...newJob(runtime, { text: 'anew' }), queue: 'desk.anew' }
  await insertJobs(database, [job], now())
  const claim = { worker, queues: [job.queue], names: [job.job], count: 1, now: now() }
  const [first] = await claimJobs(database, claim)
  await cancelJob(database, job.id, now())
  assert.deepEqual(await retryJobs(database, [job.id], now()), [job.id])
  const [second] = await claimJobs(database, claim)
  assert.ok(first && second)
  assert.equal(first.attempt, second.attempt, 'attempts begin anew')
  assert.ok(second.claim > first.claim)
  const finished = [{ hold: first, keepUntil: now() }]
  await assert.rejects(completeJobs(database, finished, now()), { code: 'lease_lost' })
  await assert.rejects(fence(database, first), { code: 'lease_lost' })
  assert.equal(await runLater(database, first, { runAt: now() }), false)
  await giveBack(database, [first])
  assert.equal(await stateOf(job.id), 'running', 'it is the second one that runs')
  let asked = 0
  const external = () => Promise.resolve(++asked)
  const outside = async (claimed: typeof first) => {
    const parts = { ...runtime, keepMs: () => 0, later: () => undefined }
    const lease = new HeldJob(claimed, { run: async () => undefined }, parts)
    const declared = { kit: 'desk', name: 'write', external } as unknown as Job
    return callOutside({ database, lease, job: declared, input: {} })
  }
  await assert.rejects(outside(first), { code: 'lease_lost' })
  assert.equal(asked, 0, 'the world is not asked in the name of the earlier one')
  assert.equal(await outside(second), 1)
  await completeJobs(database, [{ hold: second, keepUntil: now() }], now())
  assert.equal(await stateOf(job.id), 'done')
})

test('a drained worker lets jobs end and claims none; what is too slow is given back', async () => {
  const quick = Promise.withResolvers<void>()
  const slow = Promise.withResolvers<void>()
  behaviour.holds.set('quick', quick.promise).set('slow', slow.promise)
  const one = await openWorker()
  const [quickId = '', slowId = ''] = await enqueue('quick', 'slow')
  await until(async () => (await stateOf(quickId)) === 'running')
  await until(async () => (await stateOf(slowId)) === 'running')
  const drained = one.worker.drain(300)
  const [lateId = ''] = await enqueue('late')
  await pause(50)
  quick.resolve()
  await drained
  assert.equal(await stateOf(quickId), 'done')
  assert.equal(await stateOf(slowId), 'ready', 'given back')
  assert.equal((await findJob(database, slowId))?.attempt, 0, 'and not counted')
  assert.equal(await stateOf(lateId), 'ready')
  const left = await rowsOf(database, 'select number from plinth.worker')
  assert.ok(left.length <= 1, 'it has signed off')
  slow.resolve()
  behaviour.holds.clear()
  await one.close()
  const next = await openWorker()
  await until(async () => (await stateOf(slowId)) === 'done')
  await until(async () => (await stateOf(lateId)) === 'done')
  await next.close()
  const notes = await rowsOf(database, `select count(*) from desk.note where text = 'slow'`)
  assert.deepEqual(notes, [['1']])
})

test('a job that its worker does not know of is given back', async () => {
  const one = await openWorker()
  try {
    await one.worker.registered
    const [[number] = []] = await rowsOf(database, 'select max(number) from plinth.worker')
    const job = { ...newJob(runtime, { text: 'orphan' }), queue: 'desk.none' }
    await insertJobs(database, [job], now())
    // As it would be if an answer to a claim were lost; the queue keeps it from being run at once.
    await pauseQueue(database, 'desk.none', now())
    const take = `update plinth.job set state = 'running', attempt = 1, worker = $2, claim = 7
      where id = $1`
    await rowsOf(database, take, job.id, number)
    await until(async () => (await stateOf(job.id)) === 'ready', 8_000)
    assert.equal((await findJob(database, job.id))?.attempt, 0)
  } finally {
    await one.close()
  }
})
