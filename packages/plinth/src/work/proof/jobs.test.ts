import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { insertJobs } from '../../effects/jobs/insert.ts'
import { findJob } from '../../effects/jobs/look.ts'
import { cancelJob, pauseQueue, resumeQueue, retryJobs } from '../../effects/jobs/manage.ts'
import { testApp } from '../../testing/test-app.ts'
import { forgetJobs } from '../queue/retention.ts'
import { behaviour, deskApp, newJob, queued, rowsOf, said, within, write } from './desk.ts'

const shop = await testApp(deskApp)
after(() => shop.close())
const { runtime } = shop.running
const { database, clock } = runtime
const now = (): string => new Date(clock.now()).toISOString()
const notes = async (): Promise<string[]> =>
  (await rowsOf(database, 'select text from desk.note order by id')).map(([text]) => text ?? '')
const states = async (): Promise<string[]> =>
  (await rowsOf(database, 'select state from plinth.job order by position')).map(
    ([state]) => state ?? '',
  )
const jobs = (...given: Parameters<typeof newJob>[1][]) =>
  insertJobs(
    database,
    given.map((one) => newJob(runtime, one)),
    now(),
  )

beforeEach(async () => {
  await shop.drain()
  for (const table of ['plinth.job', 'plinth.job_start', 'plinth.queue', 'desk.note']) {
    await database.query({ text: `delete from ${table}`, values: [] })
  }
  behaviour.fails.clear()
  behaviour.called.length = 0
  behaviour.most = 0
})

test('what a transaction emits and enqueues runs once, after its commit', async () => {
  await within(runtime, async (scope) => {
    scope.emit(said, { text: 'a' })
    await scope.enqueue(write, { text: 'a' })
  })
  await assert.rejects(
    within(runtime, async (scope) => {
      scope.emit(said, { text: 'b' })
      await scope.enqueue(write, { text: 'b' })
      throw new Error('no')
    }),
  )
  assert.equal(await shop.drain(), 3)
  assert.equal(await shop.drain(), 0)
  assert.deepEqual((await notes()).sort(), ['a', 'again a', 'heard a'])
})

test('higher priorities first, then the earlier one', async () => {
  // More than are claimed at once, or the order of the claim would not matter.
  await jobs(...Array.from({ length: 600 }, (_, at) => ({ text: `low ${1_000 + at}` })))
  await jobs({ text: 'high', priority: 5 }, { text: 'highest', priority: 9 })
  behaviour.starts.length = 0
  await shop.drain()
  const first = new Set(behaviour.starts.slice(0, 20).map(({ text }) => text))
  assert.deepEqual([first.has('highest'), first.has('high')], [true, true])
  assert.equal(new Set(await notes()).size, 602)
})

test('a delayed job runs when the clock is there', async () => {
  const runAt = new Date(clock.now() + 60_000).toISOString()
  await jobs({ text: 'later', runAt }, { text: 'keyed', runAt, key: 'k' })
  assert.equal(await shop.drain(), 0)
  assert.deepEqual(await states(), ['delayed', 'delayed'])
  shop.clock.advance(59_999)
  assert.equal(await shop.drain(), 0)
  shop.clock.advance(1)
  assert.equal(await shop.drain(), 2)
})

test('a failed attempt is undone and repeated, later each time, then a dead letter', async () => {
  behaviour.fails.add('x')
  const [{ id } = { id: '' }] = await jobs({ text: 'x', key: 'k' }, { text: 'y', key: 'k' })
  assert.equal(await shop.drain(), 1)
  assert.deepEqual(await states(), ['retrying', 'waiting'], 'its key waits for it')
  assert.equal((await findJob(database, id))?.error, 'Error: bad x')
  const waits: number[] = []
  for (let attempt = 2; attempt <= 3; attempt++) {
    const job = await findJob(database, id)
    waits.push(Date.parse(job?.runAt ?? '') - clock.now())
    shop.clock.set(Date.parse(job?.runAt ?? ''))
    await shop.drain()
  }
  assert.ok((waits[0] ?? 0) >= 500 && (waits[0] ?? 0) <= 1_000, String(waits))
  assert.ok((waits[1] ?? 0) >= 1_000 && (waits[1] ?? 0) <= 2_000, String(waits))
  assert.deepEqual(await states(), ['failed', 'done'], 'and goes on behind a dead letter')
  assert.deepEqual(await notes(), ['y'], 'nothing of an attempt that failed is stored')
  behaviour.fails.clear()
  assert.deepEqual(await retryJobs(database, [id], now()), [id])
  assert.equal(await shop.drain(), 1)
  assert.deepEqual(await notes(), ['y', 'x'])
})

test('progress is seen while the job runs, and stays when its attempt is undone', async () => {
  behaviour.fails.add('p')
  const held = Promise.withResolvers<void>()
  behaviour.holds.set('p', held.promise)
  const [{ id } = { id: '' }] = await jobs({ text: 'p' })
  const drained = shop.drain()
  while ((await findJob(database, id))?.progress === null) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.deepEqual((await findJob(database, id))?.progress, { done: 0.5, note: 'half' })
  assert.deepEqual(await notes(), [], 'its transaction is open')
  held.resolve()
  await drained
  behaviour.holds.clear()
  assert.deepEqual((await findJob(database, id))?.progress, { done: 0.5, note: 'half' })
})

test('a job that was cancelled while it ran stores nothing', async () => {
  const held = Promise.withResolvers<void>()
  behaviour.holds.set('c', held.promise)
  const [{ id } = { id: '' }, other] = await jobs({ text: 'c', key: 'k' }, { text: 'd', key: 'k' })
  const drained = shop.drain()
  while ((await findJob(database, id))?.state !== 'running') {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.equal(await cancelJob(database, id, now()), true)
  assert.equal(await cancelJob(database, id, now()), false)
  held.resolve()
  await drained
  behaviour.holds.clear()
  await shop.drain()
  assert.deepEqual(await notes(), ['d'], 'the next one of its key has run')
  assert.equal((await findJob(database, id))?.state, 'cancelled')
  assert.equal((await findJob(database, other?.id ?? ''))?.state, 'done')
})

test('one unfinished job has a word: another stands back, is refused or replaces', async () => {
  const [first] = await jobs({ text: 'one', dedupe: 'w' })
  const [second] = await jobs({ text: 'two', dedupe: 'w' })
  assert.deepEqual(second, { id: first?.id, outcome: 'existing' })
  await assert.rejects(jobs({ text: 'three', dedupe: 'w', onDuplicate: 'reject' }), {
    code: 'conflict',
  })
  const [third] = await jobs({ text: 'four', dedupe: 'w', onDuplicate: 'replace' })
  assert.deepEqual(third, { id: first?.id, outcome: 'replaced' })
  await shop.drain()
  assert.deepEqual(await notes(), ['four'])
  assert.equal((await jobs({ text: 'five', dedupe: 'w' }))[0]?.outcome, 'queued')
})

test('of fifty at once with one word one is queued, and the others get its id', async () => {
  const made = await Promise.all(
    Array.from({ length: 50 }, (_, at) =>
      database.transaction(
        (session) => insertJobs(session, [newJob(runtime, { text: `${at}`, dedupe: 'w' })], now()),
        { isolation: 'read committed' },
      ),
    ),
  )
  assert.equal(made.flat().filter(({ outcome }) => outcome === 'queued').length, 1)
  assert.equal(new Set(made.flat().map(({ id }) => id)).size, 1)
})

test('jobs of a key run one after another in their order; of other keys beside them', async () => {
  const keys = ['a', 'b', 'c']
  const given = Array.from({ length: 30 }, (_, at) => {
    const key = keys[at % 3] ?? ''
    return { text: `${key}${String(at).padStart(2, '0')}`, key }
  })
  await jobs(...given)
  behaviour.starts.length = 0
  await shop.drain()
  for (const key of keys) {
    const started = behaviour.starts.map(({ text }) => text).filter((text) => text.startsWith(key))
    assert.deepEqual(started, started.toSorted())
    assert.equal(started.length, 10)
  }
  assert.equal(behaviour.most, 3, 'three keys at once')
})

test('a queue may let several of one key run at once', async () => {
  const job = 'desk.inWide'
  await jobs(...[1, 2, 3, 4].map((at) => ({ text: `${at}`, job, queue: 'desk.wide', key: 'k' })))
  await shop.drain()
  assert.equal(behaviour.most, 2)
  assert.equal((await notes()).length, 4)
})

test('a queue has so many at once, whatever asks for more', async () => {
  await within(runtime, async (scope) => {
    for (let at = 0; at < 8; at++) await scope.enqueue(queued.narrow, { text: `${at}` })
  })
  await shop.drain()
  assert.equal(behaviour.most, 2)
  assert.equal((await notes()).length, 8)
})

test('a queue starts so many in a stretch of time, in every such stretch', async () => {
  await within(runtime, async (scope) => {
    for (let at = 0; at < 7; at++) await scope.enqueue(queued.rated, { text: `${at}` })
  })
  assert.equal(await shop.drain(), 3)
  shop.clock.advance(59_999)
  assert.equal(await shop.drain(), 0)
  shop.clock.advance(1)
  assert.equal(await shop.drain(), 3)
  shop.clock.advance(60_000)
  assert.equal(await shop.drain(), 1)
})

test('a key starts so many in a stretch of time, and holds no other key up', async () => {
  const more = { job: 'desk.inRatedByKey', queue: 'desk.ratedByKey' }
  await jobs(...[1, 2, 3].map((at) => ({ text: `a${at}`, key: 'a', ...more })), {
    text: 'b1',
    key: 'b',
    ...more,
  })
  assert.equal(await shop.drain(), 2)
  assert.deepEqual((await notes()).sort(), ['a1', 'b1'])
  shop.clock.advance(60_000)
  assert.equal(await shop.drain(), 1)
  shop.clock.advance(60_000)
  await shop.drain()
  assert.deepEqual((await notes()).sort(), ['a1', 'a2', 'a3', 'b1'])
})

test('a paused queue keeps what is added to it until it goes on', async () => {
  for (const [queue, job] of [
    ['default', 'desk.write'],
    ['desk.narrow', 'desk.inNarrow'],
  ] as const) {
    await pauseQueue(database, queue, now())
    await jobs({ text: queue, job, queue })
    assert.equal(await shop.drain(), 0)
    assert.equal(await resumeQueue(database, queue), true)
    assert.equal(await shop.drain(), 1)
  }
})

test('what is done is forgotten when its time is over; a dead letter never by itself', async () => {
  behaviour.fails.add('dead')
  await jobs({ text: 'seven' }, { text: 'dead' })
  await jobs({ text: 'one', job: 'desk.inWide', queue: 'desk.wide' })
  for (let attempt = 0; attempt < 3; attempt++) {
    await shop.drain()
    shop.clock.advance(3_000)
  }
  const dayMs = 86_400_000
  assert.equal(await forgetJobs(database, clock.now() + 0.9 * dayMs), 0)
  assert.equal(await forgetJobs(database, clock.now() + 1.1 * dayMs), 1)
  assert.equal(await forgetJobs(database, clock.now() + 7.1 * dayMs), 1)
  assert.equal(await forgetJobs(database, clock.now() + 9_999 * dayMs), 0)
  assert.deepEqual(await states(), ['failed'])
})

test('what cannot be kept is refused when it is enqueued', async () => {
  const long = 'x'.repeat(300_000)
  await assert.rejects(jobs({ text: long }), { code: 'unserialisable' })
  await assert.rejects(jobs({ text: 'a', key: 'k'.repeat(201) }), { code: 'invalid_input' })
  await assert.rejects(jobs({ text: 'a', dedupe: '' }), { code: 'invalid_input' })
  await assert.rejects(jobs({ text: 'a', runAt: 'tomorrow' }), { code: 'invalid_input' })
  assert.deepEqual(await states(), [])
  // A word that nobody knows is not taken for the one that overwrites.
  await jobs({ text: 'first', dedupe: 'w' })
  const odd = { text: 'odd', dedupe: 'w', onDuplicate: 'overwrite' as 'replace' }
  await assert.rejects(jobs(odd), { code: 'invalid_input' })
  await shop.drain()
  assert.deepEqual(await notes(), ['first'])
})
