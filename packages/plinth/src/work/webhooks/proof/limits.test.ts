import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openApp } from '../../../app/compose.ts'
import { base64url, randomBytes } from '../../../base/ids.ts'
import { limits } from '../../../base/limits.ts'
import { sleep } from '../../../base/time.ts'
import { outboundPolicy } from '../../../outbound/target.ts'
import type { TestUser } from '../../../testing/test-app.ts'
import { openReceiver, saying } from './receiver.ts'
import { openShop, place, store } from './shop.ts'

const secondMs = 1_000
const minuteMs = 60_000
const dayMs = 86_400_000

test('one endpoint gets no more calls, at once and in a minute, than it asked for', async (t) => {
  const slow = await openReceiver(t, (response) => {
    setTimeout(() => response.writeHead(204).end(), 60)
  })
  const rare = await openReceiver(t)
  const shop = await openShop(t)
  const ann = await shop.user()
  await shop.add(ann, { url: slow.url, concurrency: 2 })
  await shop.add(ann, { url: rare.url, perMinute: 3 })
  for (let order = 0; order < 8; order++) await shop.order(`o${order}`, ann)
  await shop.drain()
  assert.equal(slow.calls.length, 8)
  assert.equal(slow.atOnce(), 2)
  assert.equal(rare.calls.length, 3)
  for (let minute = 0; minute < 3; minute++) {
    shop.clock.advance(minuteMs + secondMs)
    await shop.drain()
  }
  assert.equal(rare.calls.length, 8)
  // A call that was put off is no attempt.
  const { data } = await shop.data.webhookDelivery.find({ limit: 50 })
  assert.ok(data.every(({ attempts }) => attempts === 1))
})

test('what waits already keeps to what its endpoint asks for now', async (t) => {
  const crowd = await openReceiver(t, (response) => {
    setTimeout(() => response.writeHead(500).end(), 60)
  })
  const shop = await openShop(t)
  const ann = await shop.user()
  const { id } = await shop.add(ann, { url: crowd.url, concurrency: 20 })
  for (let order = 0; order < 12; order++) await shop.order(`o${order}`, ann)
  await shop.drain()
  assert.ok(crowd.atOnce() > 1, 'as it asked for at first')
  const before = crowd.calls.length
  const body = { concurrency: 1 }
  await shop.request('PATCH', `/api/webhookEndpoints/${id}`, { as: ann, body })
  let [now, most] = [0, 0]
  crowd.answer = (response) => {
    now += 1
    most = Math.max(most, now)
    setTimeout(() => {
      now -= 1
      response.writeHead(204).end()
    }, 20)
  }
  shop.clock.advance(minuteMs)
  await shop.drain()
  assert.equal(crowd.calls.length - before, 12)
  assert.equal(most, 1)
})

test('in order: what fails holds up what is behind it; without order it does not', async (t) => {
  const failing = (body: string): boolean => body.includes('"first"')
  let broken = true
  const [line, crowd] = await Promise.all([openReceiver(t), openReceiver(t)])
  for (const receiver of [line, crowd]) {
    receiver.answer = (response, { body }) => {
      response.writeHead(broken && failing(body) ? 503 : 200).end()
    }
  }
  const shop = await openShop(t)
  const ann = await shop.user()
  await shop.add(ann, { url: line.url, order: 'fifo' })
  await shop.add(ann, { url: crowd.url, concurrency: 1 })
  for (const order of ['first', 'second', 'third']) {
    await shop.order(order, ann)
    await shop.drain()
  }
  assert.equal(line.calls.length, 1)
  assert.equal(crowd.calls.length, 3)
  broken = false
  shop.clock.advance(6 * secondMs)
  await shop.drain()
  const orders = line.calls.map(({ body }) => /"order":"(\w+)"/.exec(body)?.[1])
  assert.deepEqual(orders, ['first', 'first', 'second', 'third'])
  assert.equal(crowd.calls.length, 4)
})

test('an endpoint that fails for days is switched off, and its owner is told', async (t) => {
  const receiver = await openReceiver(t, saying(500))
  const told = await openReceiver(t)
  const shop = await openShop(t)
  const ann = await shop.user()
  const { id } = await shop.add(ann, { url: receiver.url, events: ['shop.*'] })
  await shop.add(ann, { url: told.url, events: ['webhooks.*'] })
  for (let day = 0; day < 7; day++) {
    await shop.order(`o${day}`, ann)
    await shop.drain()
    shop.clock.advance(dayMs)
    await shop.drain()
  }
  const endpoint = await shop.data.webhookEndpoint.get(id)
  assert.equal(endpoint.status, 'off')
  assert.match(endpoint.offReason ?? '', /5 days/)
  interface Told {
    readonly type: string
    readonly data: { readonly endpoint: string }
  }
  const bodies = told.calls.map(({ body }) => JSON.parse(body) as Told)
  assert.deepEqual(
    bodies.map(({ type, data }) => [type, data.endpoint]),
    [['webhooks.endpointDisabled', id]],
  )
  const count = receiver.calls.length
  shop.clock.advance(dayMs)
  await shop.drain()
  assert.equal(receiver.calls.length, count)
})

test('410 switches an endpoint off at once; Retry-After is heeded', async (t) => {
  const [gone, busy] = await Promise.all([
    openReceiver(t, saying(410)),
    openReceiver(t, saying(429, { 'retry-after': '3600' })),
  ])
  const shop = await openShop(t)
  const ann = await shop.user()
  const { id } = await shop.add(ann, { url: gone.url })
  await shop.add(ann, { url: busy.url, events: ['shop.*'] })
  await shop.order('o1', ann)
  await shop.drain()
  assert.equal((await shop.data.webhookEndpoint.get(id)).status, 'off')
  shop.clock.advance(30 * minuteMs)
  await shop.drain()
  assert.equal(busy.calls.length, 1)
  shop.clock.advance(31 * minuteMs)
  await shop.drain()
  assert.equal(busy.calls.length, 2)
})

test('G03: redirects are not followed; gigabytes and hang-ups are outcomes', async (t) => {
  const inner = await openReceiver(t)
  const pouring = await openReceiver(t, (response) => {
    const chunk = Buffer.alloc(65_536, 'x')
    const pour = (): void => {
      while (!response.destroyed && response.write(chunk));
    }
    response.on('drain', pour).on('error', () => undefined)
    pour()
  })
  const leading = await openReceiver(t, saying(302, { location: inner.url }))
  const hanging = await openReceiver(t, (response) => response.destroy())
  const shop = await openShop(t)
  const ann = await shop.user()
  const urls = [pouring.url, leading.url, hanging.url]
  const added = await Promise.all(urls.map((url) => shop.add(ann, { url })))
  await shop.order('o1', ann)
  await shop.drain()
  assert.deepEqual(inner.calls, [])
  const log = await shop.data.webhookAttempt.find({ include: { delivery: true } })
  const of = (at: number) => log.data.find(({ delivery }) => delivery?.endpointId === added[at]?.id)
  assert.deepEqual([of(0)?.status, of(0)?.answer.length], [200, 1_024])
  assert.deepEqual([of(1)?.status, of(1)?.outcome], [302, 'answered'])
  assert.match(of(1)?.detail ?? '', /not followed/)
  assert.deepEqual([of(2)?.status, of(2)?.outcome], [null, 'failed'])
})

test('a receiver that answers too slowly is recorded, and tried again', async (t) => {
  let slow = true
  const receiver = await openReceiver(t, (response) => {
    if (!slow) response.writeHead(204).end()
  })
  const shop = await openShop(t)
  const ann = await shop.user()
  const node = await openApp(
    store,
    {
      ...{ database: shop.database, secret: base64url(randomBytes(32)), production: false },
      ...{ schema: 'settled', work: 'manual' },
      outbound: { ...outboundPolicy({ production: false }), timeoutMs: 250 },
    },
    { clock: shop.clock },
  )
  t.after(() => node.close())
  const caller = { is: 'user', id: ann.id, roles: new Set<string>() } as const
  const about = { as: { caller }, remoteAddress: '', traceId: '0'.repeat(32) }
  await node.invoke({ ...about, operation: 'webhooks.addEndpoint', input: { url: receiver.url } })
  await shop.order('o1', ann)
  await node.worker.runDue()
  const { data } = await shop.data.webhookDelivery.find({ include: { log: true } })
  const [delivery] = data
  assert.deepEqual(
    [delivery?.status, delivery?.attempts, delivery?.detail],
    ['pending', 1, 'No answer within 250 ms.'],
  )
  assert.ok(delivery?.nextAttemptAt)
  assert.deepEqual(
    delivery?.log.map(({ outcome, status, answer }) => [outcome, status, answer]),
    [['timed_out', null, '']],
  )
  slow = false
  shop.clock.advance(10 * secondMs)
  await node.worker.runDue()
  assert.equal((await shop.data.webhookDelivery.find()).data[0]?.status, 'delivered')
  assert.equal(new Set(receiver.calls.map(({ headers }) => headers['webhook-id'])).size, 1)
  assert.equal(receiver.calls.length, 2)
})

test('receivers that keep us waiting take no place of the app’s own jobs', async (t) => {
  const held: (() => void)[] = []
  const slow = await openReceiver(t, (response) => {
    held.push(() => response.writeHead(204).end())
  })
  const shop = await openShop(t)
  const ann = await shop.user()
  const secret = base64url(randomBytes(32))
  const node = await openApp(store, {
    ...{ database: shop.database, secret, production: false, schema: 'settled' },
    ...{ work: 'on', jobsAtOnce: 2 },
  })
  try {
    const caller = { is: 'user', id: ann.id, roles: new Set<string>() } as const
    const about = { as: { caller }, remoteAddress: '', traceId: '0'.repeat(32) }
    const input = { url: slow.url, events: ['shop.placed'] }
    await node.invoke({ ...about, operation: 'webhooks.addEndpoint', input })
    for (let at = 0; at < 12; at++) {
      await node.call(place, { order: `o${at}`, buyer: ann.id, stock: at }, { as: caller })
    }
    // More calls are held than the app's own jobs have places; those run all the same.
    assert.ok(await comes(async () => slow.calls.length > 2), 'calls are made side by side')
    const tallied = async () => (await shop.data.tally.find()).data.length === 12
    assert.ok(await comes(tallied), 'handlers run while receivers keep us waiting')
  } finally {
    slow.answer = saying(204)
    for (const release of held) release()
    await node.close()
  }
})

test('one owner with slow endpoints leaves places to others, and they share fairly', async (t) => {
  const held: (() => void)[] = []
  const slow = await openReceiver(t, (response) => {
    held.push(() => response.writeHead(204).end())
  })
  const quick = await openReceiver(t)
  const shop = await openShop(t)
  const [ann, bob, cid] = await Promise.all([shop.user(), shop.user(), shop.user()])
  const calls = (name: string): number => {
    return slow.calls.filter(({ path }) => path === `/hook/${name}`).length
  }
  const secret = base64url(randomBytes(32))
  const node = await openApp(store, {
    ...{ database: shop.database, secret, production: false, schema: 'settled', work: 'on' },
  })
  const add = async ({ id }: TestUser, url: string): Promise<void> => {
    const caller = { is: 'user', id, roles: new Set<string>() } as const
    const about = { as: { caller }, remoteAddress: '', traceId: '0'.repeat(32) }
    const input = { url, concurrency: 50, events: ['shop.placed'] }
    await node.invoke({ ...about, operation: 'webhooks.addEndpoint', input })
  }
  try {
    for (let count = 0; count < 3; count++) await add(ann, `${slow.url}/ann`)
    for (let count = 0; count < 3; count++) await add(cid, `${slow.url}/cid`)
    await add(bob, quick.url)
    const half = limits.deliveriesAtOnce / 2
    for (let at = 0; at < 40; at++) await shop.order(`a${at}`, ann)
    assert.ok(await comes(async () => calls('ann') === half), `${calls('ann')} of ${half}`)
    await shop.order('b', bob)
    assert.ok(await comes(async () => quick.calls.length === 1), 'others are served meanwhile')
    for (let at = 0; at < 40; at++) await shop.order(`c${at}`, cid)
    assert.ok(await comes(async () => calls('cid') >= 12), `${calls('cid')} calls of another`)
    assert.equal(calls('ann'), half)
    // What becomes free goes to who holds least.
    for (const release of held.splice(0, 10)) release()
    assert.ok(await comes(async () => calls('cid') >= 16), `${calls('cid')} calls of another`)
    assert.ok(calls('ann') - 10 <= 18, `${calls('ann')} calls`)
  } finally {
    slow.answer = saying(204)
    for (const release of held) release()
    await node.close()
  }
})

/** Whether something comes true before a receiver is given up. */
async function comes(what: () => Promise<boolean>): Promise<boolean> {
  const endMs = performance.now() + 12_000
  while (performance.now() < endMs) {
    if (await what()) return true
    await sleep(20)
  }
  return false
}
