import assert from 'node:assert/strict'
import { test } from 'node:test'
import { app, json, kit, webhooks } from '../../../index.ts'
import { testApp } from '../../../testing/test-app.ts'
import { replayEvents } from '../../events/replay.ts'
import { openReceiver, saying } from './receiver.ts'
import { openShop, type Shop } from './shop.ts'

const deadText = `select name, error from plinth.job where state in ('failed', 'retrying')`

async function failedJobs({ database }: Pick<Shop['running']['runtime'], 'database'>) {
  return (await database.query({ text: deadText, values: [] })).rows
}

test('a delivery whose job was cancelled, or is a dead letter, begins again', async (t) => {
  const receiver = await openReceiver(t)
  const shop = await openShop(t)
  const ann = await shop.user()
  const { id: endpoint } = await shop.add(ann, { url: receiver.url })
  const { database } = shop.running.runtime
  for (const state of ['cancelled', 'failed']) {
    const test = { as: ann, body: { endpoint } }
    const tested = await shop.request('POST', '/api/webhooks/test-endpoint', test)
    const { delivery } = tested.json() as { delivery: string }
    const redeliver = { as: ann, body: { delivery } }
    const again = async () => shop.request('POST', '/api/webhooks/redeliver', redeliver)
    assert.equal((await again()).status, 409)
    const text = `update plinth.job set state = $1, finished_at = now() where input = $2`
    await database.query({ text, values: [state, JSON.stringify({ delivery })] })
    receiver.calls.length = 0
    await shop.drain()
    assert.equal(receiver.calls.length, 0)
    const answers = await Promise.all([again(), again()])
    assert.deepEqual(answers.map(({ status }) => status).sort(), [202, 409])
    await shop.drain()
    assert.equal(receiver.calls.length, 1)
    assert.equal((await shop.data.webhookDelivery.get(delivery)).status, 'delivered')
  }
})

for (const order of ['any', 'fifo']) {
  test(`who has mended their receiver waits for no next attempt (${order})`, async (t) => {
    const receiver = await openReceiver(t, saying(500))
    const shop = await openShop(t)
    const [ann, bob] = [await shop.user(), await shop.user()]
    await shop.add(ann, { url: receiver.url, order })
    await shop.order('o1', ann)
    for (let attempt = 0; attempt < 4; attempt++) {
      await shop.drain()
      shop.clock.advance(3_600_000)
    }
    shop.clock.advance(-3_600_000)
    receiver.answer = saying(204)
    await shop.drain()
    const [before] = (await shop.data.webhookDelivery.find()).data
    assert.deepEqual([before?.status, receiver.calls.length], ['pending', 4], 'it waits for hours')
    const request = { body: { delivery: before?.id } }
    const again = async (as = ann) =>
      (await shop.request('POST', '/api/webhooks/redeliver', { as, ...request })).status
    assert.equal(await again(bob), 404)
    assert.deepEqual([await again(), await again()], [202, 409])
    await shop.drain()
    const [after] = (await shop.data.webhookDelivery.find()).data
    assert.deepEqual([after?.status, after?.attempts], ['delivered', 5])
    assert.equal(new Set(receiver.calls.map(({ headers }) => headers['webhook-id'])).size, 1)
    shop.clock.advance(86_400_000)
    await shop.drain()
    assert.equal(receiver.calls.length, 5, 'and never once more')
  })
}

test('an event that is handled anew finds all of its deliveries, also beyond a page', async (t) => {
  const shop = await openShop(t)
  const admin = await shop.user({ roles: ['admin'] })
  const fields = { ownerId: admin.id, url: 'http://127.0.0.1:9/hook', events: ['shop.placed'] }
  for (let count = 0; count < 205; count++) await shop.data.webhookEndpoint.create(fields)
  const { database } = shop.running.runtime
  // What is delivered is not looked at here.
  const pause = `insert into plinth.queue (name, paused_at) values ('plinth.webhook', now())`
  await database.query({ text: pause, values: [] })
  await shop.order('o1', admin)
  await shop.drain()
  const countText = 'select count(*) from webhooks.webhook_delivery'
  const count = async () => (await database.query({ text: countText, values: [] })).rows[0]?.[0]
  assert.equal(await count(), '205')
  const handler = 'webhooks.deliver.shop.placed'
  assert.equal(await replayEvents(shop.running.runtime, { handler, from: 1 }), 1)
  await shop.drain()
  assert.deepEqual(await failedJobs(shop.running.runtime), [])
  assert.equal(await count(), '205')
})

test('a replay finds all events of its time, also beyond what one job takes', async (t) => {
  const shop = await openShop(t)
  const admin = await shop.user({ roles: ['admin'] })
  const url = 'http://127.0.0.1:9/hook'
  const { id: endpoint } = await shop.add(admin, { url, events: ['shop.placed'] })
  await shop.data.webhookEndpoint.update(endpoint, { status: 'off' })
  await shop.order('o1', admin)
  await shop.drain()
  const { database } = shop.running.runtime
  // More of them at one moment, as one transaction makes them, and some that are too late.
  const more = `insert into plinth.event
      (id, type, source, time, data, caller, trace_id, handlers, expires_on)
    select gen_random_uuid(), type, source, time + n / 1050 * interval '1 hour', data, caller,
      trace_id, handlers, expires_on
    from plinth.event, generate_series(1, 1100) n`
  await database.query({ text: more, values: [] })
  await shop.data.webhookEndpoint.update(endpoint, { status: 'on' })
  const pause = `insert into plinth.queue (name, paused_at) values ('plinth.webhook', now())`
  await database.query({ text: pause, values: [] })
  const range = { from: '2025-12-31T00:00:00Z', to: '2026-01-01T00:30:00Z' }
  for (let time = 0; time < 2; time++) {
    const body = { endpoint, ...range, only: 'all' }
    await shop.request('POST', '/api/webhooks/replay', { as: admin, body })
    await shop.drain()
    const text = 'select count(*), count(distinct message_id) from webhooks.webhook_delivery'
    assert.deepEqual((await database.query({ text, values: [] })).rows[0], ['1050', '1050'])
  }
})

const odd = kit('odd', {})
const said = odd.event('said', { what: json() }, { subject: () => 'a\u0007\nb\u0085c\ud83d' })
const say = odd.action('say', {
  input: { what: json() },
  allow: ({ me }) => me.signedIn,
  async run({ input, emit }) {
    emit(said, { what: input.what })
  },
})

test('control characters and halves of characters in an event keep it from nobody', async (t) => {
  const receiver = await openReceiver(t)
  const shop = await testApp(app({ title: 'Odd', kits: [odd, webhooks] }))
  t.after(() => shop.close())
  const admin = await shop.user({ roles: ['admin'] })
  for (const format of ['standard', 'cloudevents']) {
    const body = { url: receiver.url, format }
    await shop.request('POST', '/api/webhooks/add-endpoint', { as: admin, body })
  }
  const what = 'x\u007fy\u0085z\n'
  await shop.call(say, { what })
  await shop.drain()
  assert.deepEqual(await failedJobs(shop.running.runtime), [])
  const bodies = receiver.calls.map(({ body }) => JSON.parse(body) as Record<string, unknown>)
  assert.deepEqual(
    bodies.map(({ data }) => data),
    [{ what }, { what }],
  )
  const [cloud] = bodies.filter(({ specversion }) => specversion === '1.0')
  assert.equal(cloud?.subject, 'a b c\ufffd')
  const { data } = await shop.data.webhookDelivery.find()
  assert.deepEqual(
    data.map(({ subject }) => subject),
    ['a b c\ufffd', 'a b c\ufffd'],
  )
})
