import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Handler } from '../../packages/plinth/src/http/message.ts'
import { password, spoiltFetch, stand } from './stand.ts'

const price = { amount: 100, currency: 'GBP' } as const

async function open(context: Parameters<typeof stand>[0]) {
  const shop = await stand(context)
  const staff = await shop.tested.user({ email: 'staff@shop.example', password, roles: ['staff'] })
  return { ...shop, staff }
}

/** Has the server answer in the place of the app, as a proxy or a busy node would. */
function standIn({ opened }: Awaited<ReturnType<typeof stand>>, answer: Handler): () => void {
  const real = opened.handler as Handler
  opened.handler = answer
  return () => {
    opened.handler = real
  }
}

const problem = (code: string, status: number, headers = {}) => ({
  status,
  headers: { 'content-type': 'application/problem+json', ...headers },
  body: JSON.stringify({ code, status, title: 'x', detail: 'y', retryable: true, traceId: 'z' }),
})

test('a lost answer is asked for with the same key, and it happens once', async (context) => {
  const shop = await open(context)
  const spoilt = spoiltFetch(({ path }, count) => {
    return path.startsWith('/api/identity') || count > 4 ? 'through' : 'lost'
  })
  const client = await shop.clientOf(shop.staff, { fetch: spoilt.fetch })
  const made = await client.data.product
    .create({ sku: 'A', name: 'Lamp', price, stock: 5 })
    .orThrow()
  const tries = spoilt.sent.filter(({ path }) => path === '/api/products')
  assert.ok(tries.length >= 3, `${tries.length} tries`)
  assert.equal(new Set(tries.map(({ key }) => key)).size, 1)
  assert.match(tries[0]?.key ?? '', /^"[0-9a-f-]{36}"$/)
  assert.equal((await client.data.product.count().orThrow()).count, 1)
  const stock = await client.actions.orders.buy({ product: made.id }).orThrow()
  assert.equal(stock?.stock, 4)
})

test('a commit in doubt is told, and settled by its key', async (context) => {
  const shop = await open(context)
  let lost = true
  const { fetch } = spoiltFetch(({ path }) => {
    return lost && path.startsWith('/api/orders') ? 'lost' : 'through'
  })
  const client = await shop.clientOf(shop.staff, { fetch, triesMax: 2 })
  const { id } = await client.data.product
    .create({ sku: 'A', name: 'Lamp', price, stock: 5 })
    .orThrow()
  const first = await client.actions.orders.buy({ product: id, quantity: 2 })
  assert.ok(!first.ok)
  assert.deepEqual([first.failure.code, first.failure.inDoubt], ['unreachable', true])
  lost = false
  const { idempotencyKey = '' } = first.failure
  const again = await client.actions.orders.buy({ product: id, quantity: 2 }, { idempotencyKey })
  assert.equal(again.ok && again.value?.stock, 3)
  assert.equal((await client.data.product.get(id).orThrow()).stock, 3)
  const reused = await client.actions.orders.buy({ product: id, quantity: 1 }, { idempotencyKey })
  assert.equal(!reused.ok && reused.failure.code, 'key_reused')
})

test('what is lost before a refusal is in doubt no more', async (context) => {
  const shop = await open(context)
  const { fetch } = spoiltFetch(({ path }, count) => {
    return path === '/api/tags' && count === 2 ? 'cut' : 'through'
  })
  const client = await shop.clientOf(shop.staff, { fetch })
  const refused = await client.data.tag.create({ name: '' })
  assert.ok(refused.ok || refused.failure.inDoubt === false)
  const { fetch: cut } = spoiltFetch(() => 'cut')
  const read = await shop.client({ fetch: cut, triesMax: 2 }).data.product.find()
  assert.deepEqual(!read.ok && [read.failure.code, read.failure.inDoubt], ['unreachable', false])
})

test('busy, still running, too many: waited for as the server asks', async (context) => {
  const shop = await open(context)
  const client = await shop.clientOf(shop.staff)
  for (const [code, status] of [
    ['in_progress', 409],
    ['overloaded', 503],
    ['rate_limited', 429],
  ] as const) {
    const keys: unknown[] = []
    let asked = 0
    const back = standIn(shop, (request) => {
      keys.push(request.header('idempotency-key'))
      if (asked++ === 0) return problem(code, status, { 'retry-after': '1' })
      back()
      return shop.tested.running.handler(request)
    })
    const beganMs = performance.now()
    const made = await client.data.tag.create({ name: `tag ${code}` })
    assert.ok(made.ok, code)
    assert.ok(performance.now() - beganMs >= 1_000, 'not before the server allows it')
    assert.deepEqual([keys.length, new Set(keys).size], [2, 1])
  }
  const back = standIn(shop, () => problem('rate_limited', 429, { 'retry-after': '60' }))
  const limited = await client.data.tag.create({ name: 'later' }, { timeoutMs: 2_000 })
  assert.ok(!limited.ok)
  assert.deepEqual([limited.failure.code, limited.failure.retryAfterSeconds], ['rate_limited', 60])
  back()
})

test('a proxy without the app behind it is no answer of the app', async (context) => {
  const shop = await open(context)
  let asked = 0
  const page = { 'content-type': 'text/html' }
  const back = standIn(shop, () => {
    asked++
    return { status: 502, headers: page, body: '<h1>Bad gateway</h1>' }
  })
  const client = shop.client({ triesMax: 3 })
  const broken = await client.data.product.find()
  assert.ok(!broken.ok)
  assert.deepEqual([broken.failure.code, broken.failure.status], ['unreadable_answer', 502])
  assert.equal(asked, 3)
  back()
  const wrong = standIn(shop, () => ({ status: 200, headers: page, body: '<h1>Hello</h1>' }))
  const odd = await client.data.product.find()
  assert.equal(!odd.ok && odd.failure.code, 'unreadable_answer')
  wrong()
})

test('time and patience: what is cancelled or too slow ends at once', async (context) => {
  const shop = await open(context)
  const back = standIn(shop, () => new Promise(() => undefined))
  context.after(back)
  const slow = await shop.client().data.product.find({}, { timeoutMs: 150 })
  assert.equal(!slow.ok && slow.failure.code, 'timed_out')
  const controller = new AbortController()
  const going = shop.client().data.tag.create({ name: 'x' }, { signal: controller.signal })
  setTimeout(() => controller.abort(), 50)
  const cancelled = await going
  assert.ok(!cancelled.ok)
  assert.deepEqual([cancelled.failure.code, cancelled.failure.inDoubt], ['cancelled', true])
  const early = await shop.client().data.product.find({}, { signal: AbortSignal.abort() })
  assert.equal(!early.ok && early.failure.code, 'cancelled')
})

test('sign-ins are never repeated by themselves', async (context) => {
  const shop = await open(context)
  const { fetch, sent } = spoiltFetch(() => 'lost')
  const { email } = shop.staff
  const lost = await shop.client({ fetch }).auth.signIn({ email, password })
  assert.equal(!lost.ok && lost.failure.code, 'unreachable')
  assert.deepEqual(sent, [{ method: 'POST', path: '/api/identity/sign-in', key: null }])
})
