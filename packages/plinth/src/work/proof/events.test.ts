import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { appendEvents } from '../../effects/events/append.ts'
import { expiryOf } from '../../effects/events/event.ts'
import { headPosition, readEvents } from '../../effects/events/log.ts'
import { testApp } from '../../testing/test-app.ts'
import { keepPartitions } from '../events/partitions.ts'
import { replayEvents } from '../events/replay.ts'
import { deskApp, rowsOf, said, within } from './desk.ts'

const shop = await testApp(deskApp)
after(() => shop.close())
const { runtime } = shop.running
const { database, clock, catalog, newId } = runtime
const now = (): string => new Date(clock.now()).toISOString()
const say = (...texts: string[]): Promise<void> =>
  within(runtime, async ({ emit }) => {
    for (const text of texts) emit(said, { text })
  })
const logged = async (after = 0): Promise<string[]> => {
  const events = await readEvents(database, { after, limit: 1_000 })
  return events.map(({ position, data }) => `${position} ${JSON.parse(data).text}`)
}

beforeEach(async () => {
  await shop.drain()
  await database.query({ text: 'delete from desk.note', values: [] })
})

test('positions have no gaps and follow the commits, beside an open transaction', async () => {
  const base = await headPosition(database)
  const open = Promise.withResolvers<void>()
  const appended = Promise.withResolvers<void>()
  const long = database.transaction(async (session) => {
    const event = { id: newId(), type: 'desk.said', subject: null, traceId: 't' }
    const data = JSON.stringify({ text: 'long' })
    await appendEvents(session, [{ ...event, data, caller: { is: 'anonymous' } }], {
      ...{ logic: catalog.logic, newId, now: now() },
    })
    appended.resolve()
    await open.promise
  })
  await appended.promise
  await say('a', 'b')
  await shop.drain()
  assert.deepEqual(await logged(base), [`${base + 1} a`, `${base + 2} b`])
  await say('c')
  open.resolve()
  await long
  await say('d')
  await shop.drain()
  const order = (await logged(base)).map((line) => line.split(' ')[1])
  assert.deepEqual(order.slice(0, 2), ['a', 'b'])
  assert.deepEqual(order.toSorted(), ['a', 'b', 'c', 'd', 'long'])
  const positions = (await logged(base)).map((line) => Number(line.split(' ')[0]))
  assert.deepEqual(
    positions,
    positions.map((_, at) => base + 1 + at),
  )
})

test('an event is a CloudEvent with everything that was known', async () => {
  await within(runtime, async ({ emit }) => emit(said, { text: 'e' }, { subject: 'sub' }))
  await shop.drain()
  const event = (await readEvents(database, { after: 0, limit: 1_000 })).at(-1)
  assert.deepEqual(
    { ...event, id: '', position: 0 },
    {
      ...{ id: '', position: 0, type: 'desk.said', source: '/desk', subject: 'sub' },
      ...{ time: '2026-01-01T00:00:00Z', data: '{"text":"e"}', traceId: 'trace' },
      caller: { is: 'unrestricted', reason: 'test' },
    },
  )
  const notes = await rowsOf(database, 'select text from desk.note order by text')
  assert.deepEqual(notes.flat(), ['again e', 'heard e'], 'each handler has had it once')
  const others = await readEvents(database, { after: 0, limit: 9, types: ['desk.other'] })
  assert.deepEqual(others, [])
})

test('a handler that the emitting node did not know gets its event, once', async () => {
  const old = { ...catalog.logic, handlersOf: new Map() }
  const event = { id: newId(), type: 'desk.said', subject: 's', traceId: 't' }
  const data = '{"text":"old"}'
  await appendEvents(database, [{ ...event, data, caller: { is: 'anonymous' } }], {
    ...{ logic: old, newId, now: now() },
  })
  assert.equal(await shop.drain(), 2)
  assert.equal(await shop.drain(), 0)
  const notes = await rowsOf(database, 'select text from desk.note order by text')
  assert.deepEqual(notes.flat(), ['again old', 'heard old'])
})

test('a handler is run anew for a part of the log', async () => {
  const base = await headPosition(database)
  await say('one', 'two', 'three')
  await shop.drain()
  await database.query({ text: 'delete from desk.note', values: [] })
  const replay = { handler: 'desk.said', from: base + 1, to: base + 2 }
  assert.equal(await replayEvents(runtime, replay), 2)
  assert.equal(await shop.drain(), 2)
  const notes = await rowsOf(database, 'select text from desk.note order by text')
  assert.deepEqual(notes.flat(), ['heard one', 'heard two'])
  await assert.rejects(replayEvents(runtime, { handler: 'desk.none', from: 1 }), {
    code: 'not_found',
  })
  await assert.rejects(replayEvents(runtime, { handler: 'desk.said', from: 'soon' }), {
    code: 'usage',
  })
  assert.ok((await replayEvents(runtime, { handler: 'desk.again', from: now() })) >= 3)
})

test('partitions are made ahead, hold their days, and are dropped in time', async () => {
  const dayMs = 86_400_000
  shop.clock.advance(100 * dayMs)
  const { made } = await keepPartitions(database, catalog.logic, clock.now())
  assert.equal(made.length, 8)
  assert.equal(made[0], '2026-05-12')
  const before = await logged()
  await say('kept')
  await shop.drain()
  const where = await rowsOf(
    database,
    `select tableoid::regclass from plinth.event where data like '%kept%'`,
  )
  assert.deepEqual(where.flat(), ['plinth.event_20260512'])
  assert.equal((await logged()).length, before.length + 1, 'positions go on across partitions')
  const again = await keepPartitions(database, catalog.logic, clock.now())
  assert.deepEqual(again, { made: [], dropped: [] })
  const early = await keepPartitions(database, catalog.logic, clock.now() + 30 * dayMs)
  assert.deepEqual(early.dropped, [])
  assert.equal((await logged()).length, before.length + 1)
  // A round that meets somebody's lock does less, and leaves it to the next one.
  let dropped: readonly string[] = []
  for (let round = 0; round < 50 && dropped.length === 0; round++) {
    const late = await keepPartitions(database, catalog.logic, clock.now() + 31 * dayMs)
    dropped = late.dropped
  }
  assert.deepEqual(dropped, ['2026-05-12'])
  assert.deepEqual(await logged(), [])
})

test('events that are kept for long go together at the first of a month', () => {
  const atMs = Date.parse('2026-01-15T12:00:00Z')
  assert.equal(expiryOf(atMs, 30), '2026-02-15')
  assert.equal(expiryOf(atMs, 365), '2027-02-01')
})
