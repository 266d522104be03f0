import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { appendEvents } from '../../../effects/events/append.ts'
import { text } from '../../../index.ts'
import { deskKit, openDesk } from './desk.ts'

const desk = deskKit()
const shipped = desk.event('shipped', { by: text() })
const parcel = desk.workflow('parcel', {
  input: { order: text() },
  async run({ input, waitForEvent }) {
    const got = await waitForEvent('parcel', shipped, { subject: input.order })
    return got?.data.by
  },
})

const app = await openDesk(desk)
after(() => app.close())
const { database, catalog, clock, newId } = app.running.runtime

test('an event after the start is seen, though its node has a clock that is behind', async () => {
  const { id } = await app.start(parcel, { order: 'behind' })
  const startedMs = app.clock.now()
  app.clock.set(startedMs - 2_000)
  await app.emit(shipped, { by: 'slow clock' }, 'behind')
  app.clock.set(startedMs)
  await app.drain()
  assert.equal((await app.row(id)).result, 'slow clock')
})

test('an event is seen whose transaction began before the start and ended after it', async () => {
  const open = Promise.withResolvers<void>()
  const appended = Promise.withResolvers<void>()
  const long = database.transaction(async (session) => {
    const event = { id: newId(), type: 'desk.shipped', subject: 'long', traceId: 't' }
    const data = JSON.stringify({ by: 'long transaction' })
    await appendEvents(session, [{ ...event, data, caller: { is: 'anonymous' } }], {
      ...{ logic: catalog.logic, newId, now: new Date(clock.now()).toISOString() },
    })
    appended.resolve()
    await open.promise
  })
  await appended.promise
  app.clock.advance(1_000)
  // Others that got their place before the start say nothing about the open one.
  await app.emit(shipped, { by: 'other' }, 'another order')
  await app.drain()
  const { id } = await app.start(parcel, { order: 'long' })
  await app.drain()
  assert.equal((await app.row(id)).result, undefined)
  open.resolve()
  await long
  await app.drain()
  assert.equal((await app.row(id)).result, 'long transaction')
})

test('an event that had its place in the log before the start is not seen', async () => {
  await app.emit(shipped, { by: 'before' }, 'old')
  await app.drain()
  const { id } = await app.start(parcel, { order: 'old' })
  await app.drain()
  assert.equal((await app.row(id)).resting, true)
  await app.emit(shipped, { by: 'after' }, 'old')
  await app.drain()
  assert.equal((await app.row(id)).result, 'after')
})
