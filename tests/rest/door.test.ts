import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { Failure } from '../../packages/plinth/src/base/failure.ts'
import { limits } from '../../packages/plinth/src/base/limits.ts'
import { noteRate } from '../../packages/plinth/src/engine/limiter.ts'
import { clock, type Stand, stand } from './fixture.ts'

const id = '01234567-89ab-7cde-8f01-23456789abcd'
const rate = { policy: 'calls', limit: 600, remaining: 599, resetSeconds: 60, windowSeconds: 60 }
const record = () => ({ status: 200, body: '{"id":"1","version":7}', version: 7 })
let shop: Stand

before(async () => {
  shop = await stand()
})
after(() => shop.close())
beforeEach(() => {
  shop.calls.length = 0
  shop.answer = record
})

/** The one call that the engine got, without what every call has. */
function theCall(): object {
  assert.equal(shop.calls.length, 1)
  const { remoteAddress, traceId, deadlineMs, as: _, ...rest } = shop.calls[0] ?? assert.fail()
  assert.equal(remoteAddress, '127.0.0.1')
  assert.match(traceId, /^[0-9a-f]{32}$/)
  assert.equal(deadlineMs, clock.now() + limits.requestTimeoutMs)
  return JSON.parse(JSON.stringify(rest))
}

const requests: readonly [string, string, unknown, object][] = [
  ['GET', '/api/products', undefined, { operation: 'product.list' }],
  [
    'GET',
    '/api/products?filter[price][lte]=1000&limit=2',
    undefined,
    {
      operation: 'product.list',
      query: { filter: { price: { lte: '1000' } }, limit: '2' },
      queryText: true,
    },
  ],
  [
    'QUERY',
    '/api/products',
    { filter: { price: { lte: 1000 } } },
    { operation: 'product.list', query: { filter: { price: { lte: 1000 } } } },
  ],
  ['POST', '/api/products/query', { limit: 1 }, { operation: 'product.list', query: { limit: 1 } }],
  ['GET', `/api/products/${id}`, undefined, { operation: 'product.get', id }],
  [
    'GET',
    `/api/products/${id}?include=category`,
    undefined,
    { operation: 'product.get', id, query: { include: { category: true } }, queryText: true },
  ],
  ['POST', '/api/products', { name: 'x' }, { operation: 'product.create', input: { name: 'x' } }],
  [
    'PATCH',
    `/api/products/${id}`,
    { name: 'x' },
    { operation: 'product.update', id, input: { name: 'x' } },
  ],
  ['DELETE', `/api/products/${id}`, undefined, { operation: 'product.delete', id }],
  [
    'PUT',
    '/api/products/sku=a%2C%3D%C3%A4',
    { name: 'x', sku: 'a,=ä' },
    { operation: 'product.upsert', input: { name: 'x', sku: 'a,=ä' } },
  ],
  [
    'PUT',
    '/api/products/sku=a%2F..%2Fb%5C',
    { name: 'x' },
    { operation: 'product.upsert', input: { name: 'x', sku: 'a/../b\\' } },
  ],
  [
    'PUT',
    '/api/products/sku=a',
    { name: 'x' },
    { operation: 'product.upsert', input: { name: 'x', sku: 'a' } },
  ],
  [
    'POST',
    '/api/batch',
    { operations: [{ operation: 'tag.create' }] },
    { operation: 'batch', input: { operations: [{ operation: 'tag.create' }] } },
  ],
  [
    'POST',
    '/api/identity/sign-in',
    { email: 'a@b.example' },
    { operation: 'identity.signIn', input: { email: 'a@b.example' } },
  ],
  ['POST', '/api/identity/sign-out', undefined, { operation: 'identity.signOut', input: {} }],
  [
    'GET',
    '/api/identity/me?full=true',
    undefined,
    { operation: 'identity.me', input: { full: true } },
  ],
]

for (const [method, path, body, call] of requests) {
  test(`${method} ${path} becomes a call`, async () => {
    const answer = await shop.send(method, path, { body })
    assert.equal(answer.status, 200)
    assert.deepEqual(theCall(), call)
  })
}

test('a record is read by its natural key', async () => {
  const found = await shop.send('GET', '/api/products/sku=%C3%A4?fields=name')
  assert.equal(found.status, 200)
  assert.match(String(found.headers.etag), /^"7-/)
  assert.deepEqual(theCall(), {
    operation: 'product.get',
    key: { sku: 'ä' },
    query: { fields: ['name'] },
    queryText: true,
  })
  const slash = await shop.send('GET', '/api/products/a%2Fb')
  assert.equal(slash.status, 404, 'an encoded slash is a part of keys alone')
  for (const other of ['name=a', 'sku=a,sku=b', 'sku=a,name=b', '=a']) {
    assert.equal((await shop.send('GET', `/api/products/${other}`)).status, 404, other)
  }
})

test('a body must not contradict the key in its address', async () => {
  const answer = await shop.send('PUT', '/api/products/sku=a', { body: { sku: 'b' } })
  assert.equal(answer.status, 422)
  assert.deepEqual(answer.json().errors, [
    {
      pointer: '/sku',
      code: 'contradiction',
      detail: 'The address says another value; leave it out of the body.',
    },
  ])
  assert.equal(shop.calls.length, 0)
})

test('conditions and keys reach the engine', async () => {
  const path = `/api/products/${id}`
  const versions: readonly [string, unknown][] = [
    ['"7"', 7],
    ['"7-abc_DEF"', 7],
    ['*', 'any'],
    ['W/"7"', 0],
    ['"other"', 0],
  ]
  for (const [sent, version] of versions) {
    await shop.send('DELETE', path, { headers: { 'if-match': sent } })
    assert.equal(shop.calls.at(-1)?.version, version, sent)
  }
  for (const bad of ['7', '"7", "8"', '""x', "'7'"]) {
    const answer = await shop.send('DELETE', path, { headers: { 'if-match': bad } })
    assert.equal(answer.json().code, 'malformed_header', bad)
  }
  await shop.send('PUT', '/api/products/sku=a', { body: {}, headers: { 'if-none-match': '*' } })
  assert.equal(shop.calls.at(-1)?.onlyCreate, true)
  const misplaced = { body: {}, headers: { 'if-none-match': '"7"' } }
  assert.equal((await shop.send('PUT', '/api/products/sku=a', misplaced)).status, 400)
  const keys: readonly [string, string | undefined][] = [
    ['"a b-1"', 'a b-1'],
    ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    [`"${'k'.repeat(255)}"`, 'k'.repeat(255)],
    [`"${'k'.repeat(256)}"`, undefined],
    ['""', undefined],
    ['a b', undefined],
    ['"a', undefined],
  ]
  for (const [sent, key] of keys) {
    shop.calls.length = 0
    const headers = { 'idempotency-key': sent }
    const answer = await shop.send('POST', '/api/products', { body: {}, headers })
    assert.equal(shop.calls[0]?.idempotencyKey, key, sent)
    if (key === undefined) assert.equal(answer.json().code, 'malformed_header', sent)
  }
})

test('a record carries an entity tag over the visible form (B15)', async () => {
  const one = await shop.send('GET', `/api/products/${id}`)
  const etag = String(one.headers.etag)
  assert.match(etag, /^"7-[\w-]{10}"$/)
  const again = await shop.send('GET', `/api/products/${id}`, {
    headers: { 'if-none-match': etag },
  })
  assert.equal(again.status, 304)
  assert.equal(again.text, '')
  assert.equal(again.headers.etag, etag)
  shop.answer = () => ({ ...record(), body: '{"id":"1","version":7,"note":"seen by staff"}' })
  const other = await shop.send('GET', `/api/products/${id}`, {
    headers: { 'if-none-match': etag },
  })
  assert.equal(other.status, 200)
  assert.notEqual(other.headers.etag, etag)
  const stale = await shop.send('GET', `/api/products/${id}`, { headers: { 'if-match': '"6"' } })
  assert.equal(stale.json().code, 'version_mismatch')
})

test('replies carry their headers', async () => {
  shop.answer = () => ({
    status: 201,
    body: '{"id":"9"}',
    version: 1,
    id: '9',
    rate,
    replayed: true,
  })
  const { headers, status } = await shop.send('POST', '/api/products', { body: {} })
  assert.equal(status, 201)
  assert.equal(headers.location, '/api/products/9')
  assert.equal(headers['content-type'], 'application/json')
  assert.equal(headers['ratelimit-policy'], '"calls";q=600;w=60')
  assert.equal(headers.ratelimit, '"calls";r=599;t=60')
  assert.equal(headers['cache-control'], 'no-store')
  assert.equal(headers['idempotency-replayed'], 'true')
  assert.match(String(headers.vary), /authorization.*cookie.*origin/)
  assert.match(String(headers.traceparent), /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/)
  assert.match(String(headers['content-security-policy']), /default-src 'none'/)
})

test('a trace goes through', async () => {
  const traceId = 'a'.repeat(32)
  const headers = { traceparent: `00-${traceId}-${'b'.repeat(16)}-01` }
  const answer = await shop.send('GET', '/api/products', { headers })
  assert.equal(shop.calls[0]?.traceId, traceId)
  assert.ok(String(answer.headers.traceparent).startsWith(`00-${traceId}-`))
})

test('a failure tells the rate, when to come back, and its trace', async () => {
  shop.answer = () => {
    const failure = new Failure('rate_limited', { retryAfterSeconds: 3 })
    noteRate(failure, { ...rate, remaining: 0, resetSeconds: 3 })
    throw failure
  }
  const answer = await shop.send('GET', '/api/products')
  assert.equal(answer.status, 429)
  assert.equal(answer.headers['content-type'], 'application/problem+json')
  assert.equal(answer.headers['retry-after'], '3')
  assert.equal(answer.headers.ratelimit, '"calls";r=0;t=3')
  assert.equal(answer.headers['cache-control'], 'no-store')
  assert.match(String(answer.json().traceId), /^[0-9a-f]{32}$/)
  assert.equal(answer.json().type, '/problems/rate_limited')
})

test('Prefer: return=minimal leaves out the body', async () => {
  const headers = { prefer: 'respond-async, return="minimal"; x=1, return=representation' }
  const changed = await shop.send('PATCH', `/api/products/${id}`, { body: {}, headers })
  assert.equal(changed.status, 204)
  assert.equal(changed.text, '')
  assert.equal(changed.headers.etag, '"7"')
  assert.equal(changed.headers['preference-applied'], 'return=minimal')
  shop.answer = () => ({ status: 201, body: '{"id":"9"}', version: 1, id: '9' })
  const made = await shop.send('POST', '/api/products', { body: {}, headers })
  assert.deepEqual([made.status, made.text, made.headers.location], [201, '', '/api/products/9'])
})

test('pages are linked with all other parameters kept', async () => {
  shop.answer = () => ({ status: 200, body: '{}', page: { next: 'n=/1', previous: 'p' } })
  const search = 'filter[name]=a%26b&after=old&sort=-name'
  const { headers } = await shop.send('GET', `/api/products?${search}`)
  assert.equal(
    headers.link,
    '</api/products?filter[name]=a%26b&sort=-name&after=n%3D%2F1>; rel="next", ' +
      '</api/products?filter[name]=a%26b&sort=-name&before=p>; rel="prev"',
  )
  const back = await shop.send('GET', '/api/products?before=old')
  assert.match(String(back.headers.link), /^<\/api\/products\?after=n%3D%2F1>; rel="next", /)
  shop.answer = () => ({ status: 200, body: '{}', page: { next: null, previous: null } })
  assert.equal((await shop.send('GET', '/api/products')).headers.link, undefined)
})

test('a bearer token wins over the cookie, and odd ones are refused', async () => {
  const cookie = 'a=b; __Host-sid=from-cookie'
  const seen = async (headers: Record<string, string>): Promise<unknown> => {
    shop.calls.length = 0
    const answer = await shop.send('GET', '/api/products', { headers })
    const [call] = shop.calls
    if (call === undefined) return answer.json().code
    return 'credential' in call.as ? call.as.credential : undefined
  }
  assert.deepEqual(await seen({ cookie }), { from: 'cookie', token: 'from-cookie' })
  assert.deepEqual(await seen({ cookie, authorization: 'Bearer abc' }), {
    from: 'bearer',
    token: 'abc',
  })
  assert.deepEqual(await seen({}), undefined)
  assert.equal(await seen({ cookie: `${cookie}; __Host-sid=other` }), 'malformed_header')
  for (const authorization of [
    'abc',
    'Basic YTpi',
    'Bearer',
    'Bearer a b',
    'Bearer a,b',
    'Bearer ä',
  ]) {
    assert.equal(await seen({ cookie, authorization }), 'malformed_header', authorization)
  }
})

test('a session is kept in a cookie where the engine gives one, and ends with it', async () => {
  const session = { token: 'pls_x', expiresAt: new Date(clock.now() + 90_500).toISOString() }
  shop.answer = () => ({ status: 200, body: '{"expiresAt":"…"}', session })
  const headers = { 'sec-fetch-site': 'same-origin' }
  const path = '/api/identity/sign-in'
  const begun = await shop.send('POST', path, { body: { cookie: true }, headers })
  assert.deepEqual(begun.headers['set-cookie'], [
    '__Host-sid=pls_x; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=90',
  ])
  shop.answer = () => ({ status: 204, body: undefined, session: null })
  const cookie = { ...headers, cookie: '__Host-sid=pls_x', 'x-plinth-request': '1' }
  const ended = await shop.send('POST', '/api/identity/sign-out', { headers: cookie })
  assert.equal(ended.status, 204)
  assert.match(String(ended.headers['set-cookie']), /^__Host-sid=; .*Max-Age=0$/)
  assert.ok(ended.headers['clear-site-data'])
  const bearer = { authorization: 'Bearer pls_x' }
  const left = await shop.send('POST', '/api/identity/sign-out', { headers: bearer })
  assert.equal(left.headers['set-cookie'], undefined)
})

test('only JSON is offered', async () => {
  const status = async (accept: string): Promise<number> =>
    (await shop.send('GET', '/api/products', { headers: { accept } })).status
  for (const taken of [
    '*/*',
    'application/json',
    'text/html, application/*;q=0.1',
    'application/JSON;q=1',
  ]) {
    assert.equal(await status(taken), 200, taken)
  }
  for (const not of ['text/html', 'application/json;q=0, */*', 'application/xml, text/*', '']) {
    assert.equal(await status(not), 406, not)
  }
})

test('health, index and pages answer', async () => {
  assert.deepEqual((await shop.send('GET', '/health/live')).json(), { status: 'ok' })
  assert.equal((await shop.send('GET', '/')).json().documentation, '/docs')
  const accept = { accept: 'text/html,*/*;q=0.8' }
  assert.match((await shop.send('GET', '/', { headers: accept })).text, /<h1>Shop<\/h1>/)
  assert.match((await shop.send('GET', '/problems/not_found')).text, /Nothing was found here/)
  assert.equal((await shop.send('GET', '/problems/__proto__')).status, 404)
  assert.equal((await shop.send('GET', '/problems/constructor')).status, 404)
  const script = await shop.send('GET', '/docs/docs.js')
  assert.equal(script.headers['content-type'], 'text/javascript; charset=utf-8')
})

test('a server that is not ready says so', async (context) => {
  const health = {
    live: () => undefined,
    ready: async () => {
      throw new Failure('unavailable', { retryAfterSeconds: 2 })
    },
  }
  const other = await stand({ health })
  context.after(() => other.close())
  const answer = await other.send('GET', '/health/ready')
  assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '2'])
})
