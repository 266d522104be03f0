import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openApp } from '../../../app/compose.ts'
import { sleep, systemClock } from '../../../base/time.ts'
import { appendEvents } from '../../../effects/events/append.ts'
import { app, kit } from '../../../index.ts'
import { type TestOptions, testApp } from '../../../testing/test-app.ts'
import { keepPartitions } from '../partitions.ts'
import { behaviour, ledgerApp, say } from './ledger.ts'

const dayMs = 86_400_000

async function open(t: TestContext, options: TestOptions = {}) {
  const opened = await testApp(ledgerApp, options)
  behaviour.bad.clear()
  behaviour.held = undefined
  behaviour.batches.length = 0
  t.after(() => opened.close())
  await opened.drain()
  const { operating } = opened.running
  return {
    ...opened,
    operating,
    tell: (...words: string[]) => opened.call(say, { words }),
    async entries(reader: string): Promise<readonly string[]> {
      const query = { filter: { reader }, sort: ['place'], limit: 200 } as const
      const { data } = await opened.data.entry.find(query)
      return data.map(({ what }) => what)
    },
    async standing(name: string) {
      return (await operating.subscriptions()).find((one) => one.name === `ledger.${name}`)
    },
  }
}

test('a subscription reads in the order of the log, in batches, each event once', async (t) => {
  const shop = await open(t)
  await shop.tell('a', '1', '-', 'b', '2', 'c', '-', 'd')
  await shop.drain()
  await shop.drain()
  assert.deepEqual(await shop.entries('everything'), ['a', '1', 'b', '2', 'c', 'd'])
  assert.deepEqual(await shop.entries('words'), ['a', 'b', 'c', 'd'])
  assert.deepEqual(behaviour.batches, [3, 3])
  const { data } = await shop.data.entry.find({ filter: { reader: 'everything' }, sort: ['place'] })
  assert.deepEqual(
    data.map(({ place }) => place),
    [1, 2, 4, 5, 6, 8],
  )
  const { position, behind, state } = (await shop.standing('everything')) ?? {}
  assert.deepEqual([position, behind, state], [8, 0, 'waiting'])
})

test('a transaction that stays open holds nothing back, and is not missed', async (t) => {
  const shop = await open(t)
  const { database, catalog, newId, clock } = shop.running.runtime
  const [appended, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const long = database.transaction(async (session) => {
    const event = { id: newId(), type: 'ledger.said', subject: null, traceId: 't' }
    const caller = { is: 'anonymous' } as const
    await appendEvents(session, [{ ...event, data: '{"what":"long"}', caller }], {
      ...{ logic: catalog.logic, newId, now: new Date(clock.now()).toISOString() },
    })
    appended.resolve()
    await released.promise
  })
  await appended.promise
  await shop.tell('a', 'b')
  await shop.drain()
  assert.deepEqual(await shop.entries('everything'), ['a', 'b'])
  released.resolve()
  await long
  await shop.tell('c')
  await shop.drain()
  const read = await shop.entries('everything')
  assert.deepEqual(read.slice(0, 2), ['a', 'b'])
  assert.deepEqual(read.toSorted(), ['a', 'b', 'c', 'long'])
})

test('a bad event lets those before it through, and holds up the rest', async (t) => {
  const shop = await open(t)
  behaviour.bad.add('bad')
  await shop.tell('a', 'bad', 'c', 'd')
  await shop.drain()
  assert.deepEqual(await shop.entries('everything'), [])
  for (let turn = 0; turn < 20; turn++) {
    shop.clock.advance(2_000)
    await shop.drain()
  }
  assert.deepEqual(await shop.entries('everything'), ['a'])
  // Others have nothing to do with it.
  assert.deepEqual(await shop.entries('words'), ['a', 'bad', 'c', 'd'])
  const { position, next, state, error } = (await shop.standing('everything')) ?? {}
  assert.deepEqual([position, next, state, error], [1, 2, 'failing', 'Error: bad bad'])
  behaviour.bad.clear()
  shop.clock.advance(2_000)
  await shop.drain()
  assert.deepEqual(await shop.entries('everything'), ['a', 'bad', 'c', 'd'])
})

test('a subscription is set to a position, a time, the beginning and the end', async (t) => {
  const shop = await open(t)
  const admin = await shop.user({ roles: ['admin'] })
  await shop.tell('a', 'b')
  shop.clock.advance(3_600_000)
  await shop.tell('c', 'd')
  await shop.drain()
  const again = async (to: string) => {
    const { data } = await shop.data.entry.find({ filter: { reader: 'everything' } })
    for (const { id } of data) await shop.data.entry.delete(id)
    const body = { subscription: 'ledger.everything', to }
    const answer = await shop.request('POST', '/api/work/rewind', { as: admin, body })
    assert.equal(answer.status, 200, answer.text)
    await shop.drain()
    return shop.entries('everything')
  }
  assert.deepEqual(await again('2'), ['b', 'c', 'd'])
  assert.deepEqual(await again('2026-01-01T00:30:00Z'), ['c', 'd'])
  assert.deepEqual(await again('2026-01-01T00:00:00Z'), ['a', 'b', 'c', 'd'])
  assert.deepEqual(await again('now'), [])
  assert.deepEqual(await again('2027-01-01T00:00:00Z'), [])
  assert.deepEqual(await again('oldest'), ['a', 'b', 'c', 'd'])
  const seen = await shop.request('GET', '/api/work/subscriptions', { as: admin })
  const { data } = seen.json() as { data: { name: string; position: number }[] }
  assert.deepEqual(
    data.map(({ name, position }) => [name, position]),
    [
      ['ledger.everything', 4],
      ['ledger.words', 4],
    ],
  )
  const refused = async (subscription: string, to: string) =>
    shop.operating.rewind({ subscription, to }).then(
      () => undefined,
      ({ code }: { readonly code: string }) => code,
    )
  assert.equal(await refused('ledger.nothing', 'now'), 'not_found')
  assert.equal(await refused('ledger.words', 'soon'), 'usage')
  const staff = await shop.user({ roles: ['staff'] })
  const body = { subscription: 'ledger.words', to: 'now' }
  assert.equal((await shop.request('POST', '/api/work/rewind', { as: staff, body })).status, 403)
})

test('what is set back while a batch runs goes on from there', async (t) => {
  const shop = await open(t)
  const until = Promise.withResolvers<void>()
  behaviour.held = { what: 'b', until: until.promise }
  await shop.tell('a', 'b')
  const draining = shop.drain()
  while (behaviour.batches.length === 0) await sleep(5)
  await shop.operating.rewind({ subscription: 'ledger.everything', to: 2 })
  until.resolve()
  await draining
  shop.clock.advance(2_000)
  await shop.drain()
  assert.deepEqual(await shop.entries('everything'), ['b'])
})

test('what retention has dropped is never passed over in silence', async (t) => {
  const shop = await open(t)
  const { database, catalog } = shop.running.runtime
  await keepPartitions(database, catalog.logic, shop.clock.now())
  behaviour.bad.add('a')
  await shop.tell('a', '1', 'b', '2')
  const pause = `insert into plinth.queue (name, paused_at) values ('plinth.subscription', now())`
  await database.query({ text: pause, values: [] })
  await shop.drain()
  shop.clock.advance(31 * dayMs)
  const { dropped } = await keepPartitions(database, catalog.logic, shop.clock.now())
  assert.deepEqual(dropped, ['2026-02-01'])
  behaviour.bad.clear()
  await database.query({ text: 'delete from plinth.queue', values: [] })
  await shop.drain()
  // One stops and says so, the other goes on and is told.
  assert.deepEqual(await shop.entries('everything'), [])
  const standing = await shop.standing('everything')
  assert.equal(standing?.state, 'failing')
  assert.match(standing?.error ?? '', /^forgotten: Events between the positions 1 and 3.*rewind/)
  const gaps = await shop.data.gap.find()
  assert.deepEqual(
    gaps.data.map(({ after, upTo }) => [after, upTo]),
    [[0, 3]],
  )
  const to = async (where: string | number) =>
    shop.operating
      .rewind({ subscription: 'ledger.everything', to: where })
      .catch((error) => error.code)
  assert.equal(await to(3), 'forgotten')
  assert.equal(await to('2026-01-01T00:00:00Z'), 'forgotten')
  assert.equal(await to(4), 3)
  assert.equal(await to('oldest'), 0)
  shop.clock.advance(2_000)
  await shop.drain()
  assert.deepEqual(await shop.entries('everything'), ['1', '2'])
  await shop.tell('c')
  await shop.drain()
  assert.deepEqual(await shop.entries('everything'), ['1', '2', 'c'])
  assert.deepEqual(await shop.entries('words'), ['c'])
})

async function readerProcess(database: object, holds: string) {
  const file = join(import.meta.dirname, 'reader-process.ts')
  const child = spawn(
    process.execPath,
    ['--conditions=source', file, JSON.stringify(database), holds],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return { child, ended: new Promise((resolve) => child.once('exit', resolve)) }
}

test('of two nodes one reads; when it is killed, the other goes on where it was', async (t) => {
  // Other nodes live by the machine's clock, and drop what is old.
  const shop = await open(t, { startMs: systemClock.now() })
  const { database } = shop.running.runtime
  const setup = {
    ...{ database: shop.database, secret: 'x'.repeat(43), production: false },
    ...({ schema: 'settled', work: 'on' } as const),
  }
  const { child, ended } = await readerProcess(shop.database, 'e')
  t.after(() => child.kill('SIGKILL'))
  const runningText = `select count(*) from plinth.job
    where queue = 'plinth.subscription' and state = 'running' and key = 'ledger.everything'`
  const readers = async () =>
    Number((await database.query({ text: runningText, values: [] })).rows[0]?.[0])
  const beside = await openApp(ledgerApp, setup, { clock: systemClock })
  try {
    await beside.worker.registered
    for (let at = 0; at < 8; at++) {
      await shop.tell(`w${at}`, `${at}`)
      assert.ok((await readers()) <= 1, 'one reader at a time')
    }
    await comes(async () => (await shop.entries('everything')).length === 16)
  } finally {
    await beside.close()
  }
  await shop.tell('d', 'e', 'f')
  await comes(async () => (await readers()) === 1)
  const other = await openApp(ledgerApp, setup, { clock: systemClock })
  try {
    await other.worker.registered
    await shop.tell('g')
    await sleep(500)
    assert.equal((await shop.entries('everything')).length, 16, 'who reads and lives goes on')
    child.kill('SIGKILL')
    await ended
    await comes(async () => (await shop.entries('everything')).includes('g'))
    const before = Array.from({ length: 8 }, (_, at) => [`w${at}`, `${at}`]).flat()
    assert.deepEqual(await shop.entries('everything'), [...before, 'd', 'e', 'f', 'g'])
  } finally {
    await other.close()
  }
})

/** Waits until something is so. */
async function comes(what: () => Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + 30_000; !(await what()); await sleep(20)) {
    assert.ok(performance.now() < endMs, 'it did not come in time')
  }
}

test('a subscription to nothing, or from nowhere, is a mistake of the declaration', async () => {
  const bad = kit('bad', {})
  const fact = bad.event('fact', {})
  const run = async (): Promise<void> => undefined
  bad.subscription('empty', { events: [], run })
  bad.subscription('early', { events: [fact], from: { position: 0 }, run })
  bad.subscription('vague', { events: [fact], from: { time: 'soon' }, run })
  bad.subscription('large', { events: [fact], batch: 1_001, run })
  bad.subscription('foreign', { events: [kit('other', {}).event('fact', {})], run })
  await assert.rejects(testApp(app({ kits: [bad] })), (error: Error) => {
    for (const name of ['empty', 'early', 'vague', 'large', 'foreign']) {
      assert.match(error.message, new RegExp(`bad.${name}`))
    }
    return true
  })
})
