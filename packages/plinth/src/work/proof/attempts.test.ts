import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { insertJobs } from '../../effects/jobs/insert.ts'
import { findJob } from '../../effects/jobs/look.ts'
import { retryJobs } from '../../effects/jobs/manage.ts'
import { testApp } from '../../testing/test-app.ts'
import { claimJobs } from '../queue/claim.ts'
import { declaredRunners } from '../run/declared.ts'
import { runGroup } from '../run/group.ts'
import { HeldJob } from '../run/held-job.ts'
import { behaviour, deskApp, newJob, rowsOf } from './desk.ts'

const shop = await testApp(deskApp)
after(() => shop.close())
const { runtime } = shop.running
const { database, clock } = runtime
const now = (): string => new Date(clock.now()).toISOString()
const enqueue = async (job: string, text: string): Promise<string> => {
  const input = JSON.stringify(job === 'desk.strange' ? {} : { text })
  const made = await insertJobs(database, [{ ...newJob(runtime, { text }), job, input }], now())
  return made[0]?.id ?? ''
}
const notes = async (): Promise<(string | null)[]> =>
  (await rowsOf(database, 'select text from desk.note order by id')).flat()
const later = async (): Promise<void> => {
  shop.clock.advance(3_000)
  await shop.drain()
}

beforeEach(async () => {
  await database.query({ text: 'delete from desk.note', values: [] })
  behaviour.fails.clear()
  behaviour.called.length = 0
})

test('the world is called again with its key, and never after it answered', async () => {
  behaviour.fails.add('outside w')
  const id = await enqueue('desk.outside', 'w')
  await shop.drain()
  behaviour.fails.clear()
  behaviour.fails.add('w')
  await later()
  behaviour.fails.clear()
  await later()
  assert.deepEqual(behaviour.called, [id, id], 'one that failed and one that answered')
  assert.deepEqual(await notes(), ['w w'], 'the third attempt had the answer already')
  assert.equal((await findJob(database, id))?.state, 'done')
})

test('where nobody knows whether the world was reached, people are asked', async () => {
  const id = await enqueue('desk.careful', 'c')
  // As its process leaves it when it dies between the call and its answer.
  const died = 'update plinth.job set attempt = 1, effect_asked = 1 where id = $1'
  await rowsOf(database, died, id)
  await shop.drain()
  const dead = await findJob(database, id)
  assert.equal(dead?.state, 'failed')
  assert.match(dead?.error ?? '', /^effect_unknown: Attempt 1 asked/)
  assert.deepEqual(behaviour.called, [], 'it was not called')
  await retryJobs(database, [id], now())
  await shop.drain()
  assert.deepEqual(behaviour.called, [id], 'once somebody said so, it is')
  const other = await enqueue('desk.outside', 'o')
  await rowsOf(database, died, other)
  await shop.drain()
  assert.deepEqual(behaviour.called, [id, other], 'others are called again with the same key')
})

for (const [what, strange, place] of [
  ['a bigint', { big: 10n }, '/big is a bigint'],
  ['a map', { paid: new Map([['a', 1]]) }, '/paid is a Map'],
  ['a date', new Date(0), 'it is a Date'],
  ['a function', [() => 1], '/0 is a function'],
  ['no number', { rate: Number.NaN }, '/rate is NaN, which JSON does not have'],
  ['too much', 'x'.repeat(300_000), 'it has 300002 bytes and at most 262144 are stored'],
] as const) {
  test(`${what} that comes back from the world is a clear failure, and never changed`, async () => {
    behaviour.strange = strange
    const id = await enqueue('desk.strange', '')
    await shop.drain()
    const dead = await findJob(database, id)
    assert.equal(dead?.state, 'failed')
    const said = 'unserialisable: What desk.strange returned from outside cannot be stored: '
    assert.equal(dead?.error, `${said}${place}.`)
  })
}

test('an attempt that is too slow is given up, and stores nothing when it wakes up', async () => {
  const held = Promise.withResolvers<void>()
  behaviour.holds.set('slow', held.promise)
  const id = await enqueue('desk.slow', 'slow')
  await shop.drain()
  assert.match((await findJob(database, id))?.error ?? '', /^deadline_exceeded: .* 80 ms/)
  assert.equal((await findJob(database, id))?.state, 'failed')
  held.resolve()
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.deepEqual(behaviour.called, ['woke true'])
  assert.deepEqual(await notes(), [])
  assert.equal((await findJob(database, id))?.state, 'failed')
})

test('of many jobs each is done once, beside one that fails', async () => {
  await enqueue('desk.write', 'first')
  await shop.drain()
  behaviour.fails.add('67')
  const jobs = Array.from({ length: 300 }, (_, at) => newJob(runtime, { text: `${at}` }))
  await insertJobs(database, jobs, now())
  await shop.drain()
  const counted = await rowsOf(
    database,
    `select count(*), count(distinct text) from desk.note where text <> 'first'`,
  )
  assert.deepEqual(counted, [['299', '299']])
  const failed = await rowsOf(
    database,
    `select count(*), min(input) from plinth.job where state = 'retrying'`,
  )
  assert.deepEqual(failed, [['1', '{"text":"67"}']])
  await rowsOf(database, `delete from plinth.job where state = 'retrying'`)
})

test('short jobs share a transaction; where one fails nothing of them is stored', async () => {
  const worker = 1_000_000
  const group = async (...texts: string[]) => {
    const jobs = texts.map((text) => newJob(runtime, { text }))
    await insertJobs(database, jobs, now())
    const claim = { worker, queues: ['default'], names: ['desk.write'], now: now() }
    const claimed = await claimJobs(database, { ...claim, count: texts.length })
    const parts = { ...runtime, keepMs: () => 0, later: () => undefined }
    const runner = declaredRunners(runtime, runtime.catalog.logic).get('desk.write')
    assert.ok(runner)
    return claimed.map((job) => ({ held: new HeldJob(job, runner, parts), runner }))
  }
  assert.equal(await runGroup(runtime, await group('g1', 'g2', 'g3')), true)
  const together = `select count(*), count(distinct xmin::text) from desk.note
    where text like 'g%'`
  assert.deepEqual(await rowsOf(database, together), [['3', '1']])
  behaviour.fails.add('bad')
  const bad = await group('h1', 'bad', 'h3')
  assert.equal(await runGroup(runtime, bad), false)
  assert.deepEqual(
    (await notes()).filter((text) => /^(h|bad)/.test(text ?? '')),
    [],
  )
  const states = await Promise.all(
    bad.map(async ({ held }) => (await findJob(database, held.job.id))?.state),
  )
  assert.deepEqual(states, ['running', 'running', 'running'], 'they are still held')
})

test('100,000 waiting jobs of one key do not slow the keys beside it', async () => {
  const rounds = async (): Promise<number> => {
    const took: number[] = []
    for (let round = 0; round < 9; round++) {
      const jobs = ['a', 'b', 'c'].map((key) => newJob(runtime, { text: `free ${key}`, key }))
      await insertJobs(database, jobs, now())
      const startMs = performance.now()
      await shop.drain()
      took.push(performance.now() - startMs)
    }
    // The quickest: the others may have waited for a busy machine.
    return Math.min(...took)
  }
  const alone = await rounds()
  await rowsOf(
    database,
    `insert into plinth.job (id, name, queue, state, priority, run_at, key, input, caller, trace_id,
        enqueued_at)
      select gen_random_uuid(), 'desk.none', 'default', 'waiting', 0, $1::timestamptz, 'crowd',
        '{}', '{}', 't', $1::timestamptz from generate_series(1, 100000)`,
    now(),
  )
  await rowsOf(database, `insert into plinth.job_nudge (queue, key) values ('default', 'crowd')`)
  const beside = await rounds()
  assert.ok(beside < 3 * alone + 50, `${beside} ms beside many, ${alone} ms alone`)
  const crowd = await rowsOf(
    database,
    `select state, count(*) from plinth.job where key = 'crowd' group by state order by state`,
  )
  assert.deepEqual(crowd, [
    ['ready', '1'],
    ['waiting', '99999'],
  ])
})
