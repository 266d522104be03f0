import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { insertJobs } from '../../effects/jobs/insert.ts'
import { findJob } from '../../effects/jobs/look.ts'
import { retryJobs } from '../../effects/jobs/manage.ts'
import { testApp } from '../../testing/test-app.ts'
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

test('the world is called again with its key where it failed, never after it answered', async () => {
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

test('what comes back from the world and cannot be kept is a clear failure', async () => {
  const id = await enqueue('desk.strange', '')
  await shop.drain()
  const dead = await findJob(database, id)
  assert.equal(dead?.state, 'failed')
  assert.match(dead?.error ?? '', /^unserialisable: What desk\.strange returned from outside/)
})

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

test('short jobs share transactions; one that fails takes no other with it', async () => {
  await enqueue('desk.write', 'first')
  await shop.drain()
  behaviour.fails.add('67')
  const before = await rowsOf(database, `select max(xmin::text::bigint) from desk.note`)
  const jobs = Array.from({ length: 300 }, (_, at) => newJob(runtime, { text: `${at}` }))
  await insertJobs(database, jobs, now())
  await shop.drain()
  const [[rows, texts, transactions] = []] = await rowsOf(
    database,
    `select count(*), count(distinct text), count(distinct xmin::text) from desk.note
      where xmin::text::bigint > $1::bigint`,
    before[0]?.[0],
  )
  assert.deepEqual([rows, texts], ['299', '299'])
  assert.ok(Number(transactions) < 250, `${transactions} transactions`)
  const failed = await rowsOf(
    database,
    `select count(*), min(input) from plinth.job
    where state = 'retrying'`,
  )
  assert.deepEqual(failed, [['1', '{"text":"67"}']])
})

test('the next job of a key does not wait for the 100,000 behind another one', async () => {
  await rowsOf(
    database,
    `insert into plinth.job (id, name, queue, state, priority, run_at, key, input, caller, trace_id,
        enqueued_at)
      select gen_random_uuid(), 'desk.none', 'default', 'waiting', 0, $1::timestamptz, 'crowd',
        '{}', '{}', 't', $1::timestamptz from generate_series(1, 100000)`,
    now(),
  )
  await rowsOf(database, `insert into plinth.job_nudge (queue, key) values ('default', 'crowd')`)
  const jobs = ['a', 'b', 'c'].map((key) => newJob(runtime, { text: `free ${key}`, key }))
  const startMs = performance.now()
  await insertJobs(database, jobs, now())
  await shop.drain()
  const tookMs = performance.now() - startMs
  assert.ok((await notes()).includes('free c'))
  assert.ok(tookMs < 1_000, `${tookMs} ms`)
  const crowd = await rowsOf(
    database,
    `select state, count(*) from plinth.job where key = 'crowd' group by state order by state`,
  )
  assert.deepEqual(crowd, [
    ['ready', '1'],
    ['waiting', '99999'],
  ])
})
