import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { isSigned } from '../../../webhooks/signature.ts'
import { openReceiver, saying } from './receiver.ts'
import { openShop } from './shop.ts'

const secondMs = 1_000
const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
// Verifiers of others judge by their own clock.
const startMs = Math.floor(performance.timeOrigin)

test('an event is delivered once to who may know it, signed as others verify it', async (t) => {
  const [mine, other, all] = await Promise.all([openReceiver(t), openReceiver(t), openReceiver(t)])
  const shop = await openShop(t, { startMs })
  const [ann, bob, admin] = await Promise.all([
    shop.user(),
    shop.user(),
    shop.user({ roles: ['admin'] }),
  ])
  const { secret = '' } = await shop.add(ann, { url: mine.url, events: ['shop.placed'] })
  await shop.add(bob, { url: other.url })
  await shop.add(admin, { url: all.url, format: 'cloudevents', events: ['shop.*'] })
  await shop.order('o1', ann, 7)
  await shop.drain()
  await shop.drain()
  assert.deepEqual(other.calls, [])
  assert.equal(mine.calls.length, 1)
  const [call] = mine.calls
  assert.ok(call)
  const verified = new Webhook(secret).verify(call.body, call.headers as Record<string, string>)
  const { type, data } = verified as { type: string; data: unknown }
  assert.deepEqual([type, data], ['shop.placed', { order: 'o1', buyer: ann.id, total: 255 }])
  assert.equal(call.headers['content-type'], 'application/json')
  const events = all.calls.map(({ body }) => JSON.parse(body) as Record<string, unknown>)
  assert.deepEqual(events.map((event) => event.type).sort(), ['shop.counted', 'shop.placed'])
  const cloud = events.find((event) => event.type === 'shop.placed')
  assert.equal(cloud?.specversion, '1.0')
  assert.equal(cloud?.subject, 'o1')
  assert.equal(cloud?.id, call.headers['webhook-id'])
  assert.equal(all.calls[0]?.headers['content-type'], 'application/cloudevents+json')
})

test('a receiver that fails is tried again over days: same id, same bytes', async (t) => {
  const receiver = await openReceiver(t, saying(500))
  const shop = await openShop(t)
  const ann = await shop.user()
  await shop.add(ann, { url: receiver.url })
  await shop.order('o1', ann)
  await shop.drain()
  const waits = [6 * secondMs, 6 * minuteMs, 34 * minuteMs, 3 * hourMs, 6 * hourMs]
  for (const waitMs of [...waits, 12 * hourMs, 16 * hourMs, 23 * hourMs, 27 * hourMs]) {
    shop.clock.advance(waitMs)
    await shop.drain()
  }
  assert.equal(receiver.calls.length, 10)
  assert.equal(new Set(receiver.calls.map(({ headers }) => headers['webhook-id'])).size, 1)
  assert.equal(new Set(receiver.calls.map(({ body }) => body)).size, 1)
  const stamps = new Set(receiver.calls.map(({ headers }) => headers['webhook-timestamp']))
  assert.equal(stamps.size, 10)
  shop.clock.advance(2 * dayMs)
  await shop.drain()
  assert.equal(receiver.calls.length, 10)
  const log = await shop.request('GET', '/api/webhookDeliveries?include=log', { as: ann })
  const { data } = log.json() as { data: Record<string, unknown>[] }
  assert.equal(data.length, 1)
  assert.deepEqual([data[0]?.status, data[0]?.attempts, data[0]?.lastStatus], ['dead', 10, 500])
  const lines = data[0]?.log as { answer: string; status: number }[]
  assert.ok(lines.length >= 10 && lines.every(({ answer }) => answer === 'said 500'))
})

test('a dead letter is delivered again by name, and a range of them by time', async (t) => {
  const receiver = await openReceiver(t, saying(500))
  const shop = await openShop(t)
  const ann = await shop.user()
  const { id: endpoint } = await shop.add(ann, { url: receiver.url })
  for (const order of ['o1', 'o2', 'o3']) await shop.order(order, ann)
  await shop.drain()
  for (let hour = 0; hour < 30; hour++) {
    shop.clock.advance(4 * hourMs)
    await shop.drain()
  }
  const dead = await shop.data.webhookDelivery.find({ filter: { status: 'dead' } })
  assert.equal(dead.data.length, 3)
  receiver.answer = saying(200)
  receiver.calls.length = 0
  const [first] = dead.data
  const again = { as: ann, body: { delivery: first?.id } }
  assert.equal((await shop.request('POST', '/api/webhooks/redeliver', again)).status, 202)
  await shop.drain()
  assert.deepEqual(
    receiver.calls.map(({ headers }) => headers['webhook-id']),
    [first?.messageId],
  )
  const body = { endpoint, from: '2025-12-31T00:00:00Z', to: '2026-02-01T00:00:00Z' }
  const replayed = await shop.request('POST', '/api/webhooks/replay', { as: ann, body })
  assert.equal(replayed.status, 202)
  await shop.drain()
  assert.equal(receiver.calls.length, 3)
  const delivered = await shop.data.webhookDelivery.find({ filter: { status: 'delivered' } })
  assert.equal(delivered.data.length, 3)
})

test('events that an endpoint missed while it was off are sent by a replay of all', async (t) => {
  const receiver = await openReceiver(t)
  const shop = await openShop(t)
  const [ann, bob] = await Promise.all([shop.user(), shop.user()])
  const { id: endpoint } = await shop.add(ann, { url: receiver.url })
  const off = await shop.as(ann).webhookEndpoint.update(endpoint, { status: 'off' })
  assert.equal(off.status, 'off')
  await shop.order('o1', ann)
  await shop.order('o2', bob)
  await shop.drain()
  assert.equal(receiver.calls.length, 0)
  await shop.as(ann).webhookEndpoint.update(endpoint, { status: 'on' })
  const body = { endpoint, from: '2025-12-31T00:00:00Z', to: '2026-02-01T00:00:00Z', only: 'all' }
  for (const expected of [1, 2]) {
    await shop.request('POST', '/api/webhooks/replay', { as: ann, body })
    await shop.drain()
    assert.equal(receiver.calls.length, expected)
  }
  const bodies = receiver.calls.map(({ body: sent }) => sent.includes('"o1"'))
  assert.deepEqual(bodies, [true, true])
  assert.equal(new Set(receiver.calls.map(({ headers }) => headers['webhook-id'])).size, 1)
})

test('a rotated secret signs beside the old one until its time is over', async (t) => {
  const receiver = await openReceiver(t)
  const shop = await openShop(t)
  const ann = await shop.user()
  const { id: endpoint, secret: old = '' } = await shop.add(ann, { url: receiver.url })
  const rotation = { as: ann, body: { endpoint, scheme: 'ed25519', overlapHours: 1 } }
  const answer = await shop.request('POST', '/api/webhooks/rotate-secret', rotation)
  const { publicKey } = answer.json() as { publicKey: string }
  const verdicts = async (order: string): Promise<readonly boolean[]> => {
    await shop.order(order, ann)
    await shop.drain()
    const { headers = {}, body = '' } = receiver.calls.at(-1) ?? {}
    const content = {
      id: String(headers['webhook-id']),
      timestamp: Number(headers['webhook-timestamp']),
      body: new TextEncoder().encode(body),
    }
    const header = String(headers['webhook-signature'])
    return Promise.all([isSigned(content, header, [old]), isSigned(content, header, [publicKey])])
  }
  assert.deepEqual(await verdicts('o1'), [true, true])
  shop.clock.advance(2 * hourMs)
  assert.deepEqual(await verdicts('o2'), [false, true])
  const seen = await shop.as(ann).webhookEndpoint.get(endpoint)
  assert.deepEqual(seen.publicKeys, [publicKey])
  assert.ok(!('secrets' in seen))
})

test('a job lost after the call stores nothing; the repeat has the same id', async (t) => {
  const receiver = await openReceiver(t)
  const shop = await openShop(t)
  const ann = await shop.user()
  await shop.add(ann, { url: receiver.url })
  const { database } = shop.running.runtime
  let taken = false
  receiver.answer = async (response) => {
    if (!taken) {
      taken = true
      // What a take-over does to the job of a worker that is gone.
      const text = `update plinth.job set state = 'ready', worker = null
        where name = 'plinth.webhook' and state = 'running'`
      await database.query({ text, values: [] })
    }
    response.writeHead(200).end()
  }
  await shop.order('o1', ann)
  await shop.drain()
  await shop.drain()
  assert.equal(receiver.calls.length, 2)
  assert.equal(new Set(receiver.calls.map(({ headers }) => headers['webhook-id'])).size, 1)
  assert.equal(new Set(receiver.calls.map(({ body }) => body)).size, 1)
  const { data } = await shop.data.webhookDelivery.find({ include: { log: true } })
  assert.deepEqual(
    data.map(({ status, attempts, log }) => [status, attempts, log.length]),
    [['delivered', 1, 1]],
  )
})

test('when the app’s secret has changed, deliveries say so', async (t) => {
  const receiver = await openReceiver(t)
  const shop = await openShop(t)
  const ann = await shop.user()
  const { id: endpoint } = await shop.add(ann, { url: receiver.url })
  const { records } = shop.running.users
  const [stored] = await records.find('webhookEndpoint', { filter: { id: endpoint } })
  const [secret] = (stored?.secrets ?? []) as { sealed: string }[]
  const other = `${secret?.sealed.slice(0, -4)}AAAA`
  await records.update('webhookEndpoint', endpoint, { secrets: [{ ...secret, sealed: other }] })
  await shop.order('o1', ann)
  await shop.drain()
  assert.equal(receiver.calls.length, 0)
  const { data } = await shop.as(ann).webhookDelivery.find()
  assert.equal(data[0]?.status, 'dead')
  assert.match(data[0]?.detail ?? '', /Rotate it/)
  const rotation = { as: ann, body: { endpoint, overlapHours: 0 } }
  await shop.request('POST', '/api/webhooks/rotate-secret', rotation)
  const again = { as: ann, body: { delivery: data[0]?.id } }
  await shop.request('POST', '/api/webhooks/redeliver', again)
  await shop.drain()
  assert.equal(receiver.calls.length, 1)
})
