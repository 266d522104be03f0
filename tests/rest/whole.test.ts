import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openApp, type RunningApp } from '../../packages/plinth/src/app/compose.ts'
import { createUser } from '../../packages/plinth/src/app/people/users.ts'
import { startEmbedded } from '../../packages/plinth/src/database/embedded/server.ts'
import { type Served, serve, shopApp } from './fixture.ts'
import { lint, metaSchemaErrors } from './validators.ts'

const password = 'correct horse battery'
const price = (amount: number) => ({ amount, currency: 'GBP' })
let directory: string
let postgres: Awaited<ReturnType<typeof startEmbedded>>
let running: RunningApp
let shop: Served
let staff: Record<string, string>

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'plinth-rest-'))
  postgres = await startEmbedded({ directory: join(directory, 'data'), log: () => undefined })
  running = await openApp(shopApp, {
    database: postgres.address,
    secret: 'x'.repeat(43),
    production: false,
    publicUrl: 'https://shop.example',
    schema: { mode: 'follow', migrations: join(directory, 'migrations') },
  })
  shop = await serve(running.handler)
  await createUser(running.users, {
    email: 'staff@shop.example',
    roles: ['staff', 'admin'],
    password,
  })
  const body = { email: 'staff@shop.example', password }
  const session = await shop.send('POST', '/api/identity/sign-in', { body })
  staff = { authorization: `Bearer ${session.json().token}` }
})
after(async () => {
  await shop?.close()
  await running?.close()
  await postgres?.stop()
  await rm(directory, { recursive: true, force: true })
})

test('a record is made, read, listed, changed and deleted through the whole path', async () => {
  const category = await shop.send('POST', '/api/categories', {
    headers: staff,
    body: { name: 'Lanterns' },
  })
  assert.equal(category.status, 201, category.text)
  const categoryId = category.json().id
  for (const [sku, amount] of [
    ['A,1', 1250],
    ['B', 999],
    ['C', 3000],
  ] as const) {
    const body = { name: `Lantern ${sku}`, price: price(amount), categoryId }
    const path = `/api/products/sku=${encodeURIComponent(sku)}`
    const made = await shop.send('PUT', path, { headers: { ...staff, 'if-none-match': '*' }, body })
    assert.equal(made.status, 201, made.text)
    const again = { headers: { ...staff, 'if-none-match': '*' }, body }
    assert.equal((await shop.send('PUT', path, again)).status, 412)
  }
  const list = await shop.send(
    'GET',
    '/api/products?filter[price][lte]=1250&filter[category.name]=Lanterns' +
      '&sort=-sku&fields=sku,category.name&limit=1&count=exact',
  )
  assert.equal(list.status, 200, list.text)
  const page = list.json() as unknown as { data: object[]; count: number }
  assert.equal(page.count, 2)
  assert.deepEqual(
    page.data.map((each) => ({ ...each, id: '', category: '' })),
    [{ id: '', sku: 'B', category: '' }],
  )
  const next =
    /<([^>]+)>; rel="next"/.exec(String(list.headers.link))?.[1] ?? assert.fail('no link')
  const second = await shop.send('GET', next)
  assert.equal((second.json() as unknown as { data: { sku: string }[] }).data[0]?.sku, 'A,1')
  const found = await shop.send('GET', '/api/products/sku=A%2C1?include=category')
  assert.equal(found.status, 200, found.text)
  const { etag } = found.headers
  const path = `/api/products/${found.json().id}`
  const change = { headers: { ...staff, 'if-match': String(etag) }, body: { note: 'new' } }
  const changed = await shop.send('PATCH', path, change)
  assert.deepEqual([changed.status, changed.json().version], [200, 2], changed.text)
  assert.equal((await shop.send('PATCH', path, change)).json().code, 'version_mismatch')
  assert.equal((await shop.send('DELETE', path)).json().code, 'sign_in_required')
  assert.equal((await shop.send('DELETE', path, { headers: staff })).status, 204)
  assert.equal((await shop.send('GET', path)).status, 404)
})

test('a query in a body is answered like the same query in the address', async () => {
  const query = { filter: { sku: { in: ['B', 'C'] } }, sort: ['sku'], fields: ['sku'] }
  const search = 'filter[sku][in]=B,C&sort=sku&fields=sku'
  const byAddress = (await shop.send('GET', `/api/products?${search}`)).json()
  for (const [method, path] of [
    ['QUERY', '/api/products'],
    ['POST', '/api/products/query'],
  ] as const) {
    const byBody = (await shop.send(method, path, { body: query })).json()
    assert.deepEqual(byBody.data, byAddress.data)
  }
})

test('a batch refers to what it made, and a key makes it happen once', async () => {
  const body = {
    operations: [
      { operation: 'category.create', input: { name: 'Clocks' }, as: 'shelf' },
      {
        operation: 'product.create',
        input: { sku: 'D', name: 'Clock', price: price(1), categoryId: { $ref: 'shelf' } },
      },
    ],
  }
  const headers = { ...staff, 'idempotency-key': '"batch-1"' }
  const first = await shop.send('POST', '/api/batch', { headers, body })
  assert.equal(first.status, 200, first.text)
  const second = await shop.send('POST', '/api/batch', { headers, body })
  assert.equal(second.text, first.text)
  assert.equal(second.headers['idempotency-replayed'], 'true')
  const found = await shop.send('GET', '/api/products/sku=D?include=category')
  assert.equal((found.json().category as { name: string }).name, 'Clocks')
})

test('a session in a cookie serves our own pages alone', async () => {
  const own = { 'sec-fetch-site': 'same-origin' }
  const body = { email: 'staff@shop.example', password, cookie: true }
  const begun = await shop.send('POST', '/api/identity/sign-in', { headers: own, body })
  const cookie = String(begun.headers['set-cookie']).split(';', 1)[0] ?? ''
  assert.match(cookie, /^__Host-sid=pls_/)
  assert.ok(!begun.text.includes('pls_'), 'no script sees the token')
  const create = (headers: Record<string, string>, name: string) =>
    shop.send('POST', '/api/categories', { headers: { ...headers, cookie }, body: { name } })
  assert.equal((await create(own, 'One')).status, 201)
  assert.equal(
    (await create({ 'sec-fetch-site': 'cross-site' }, 'Two')).json().code,
    'csrf_refused',
  )
  const leave = { headers: { ...own, cookie, 'x-plinth-request': '1' } }
  const left = await shop.send('POST', '/api/identity/sign-out', leave)
  assert.match(String(left.headers['set-cookie']), /Max-Age=0/)
  assert.equal((await create(own, 'Three')).json().code, 'sign_in_required')
})

test('every list of the document can be asked for, and tells the rate', async () => {
  const document = (await shop.send('GET', '/openapi.json')).json() as unknown as {
    servers: readonly { url: string }[]
    paths: Record<string, Record<string, { operationId: string }>>
  }
  assert.equal(document.servers[0]?.url, 'https://shop.example')
  const lists = Object.entries(document.paths).filter(([, item]) =>
    item.get?.operationId.endsWith('.list'),
  )
  assert.ok(lists.length >= 3)
  for (const [path] of lists) {
    const answer = await shop.send('GET', path, { headers: staff })
    assert.equal(answer.status, 200, `${path} ${answer.text}`)
    assert.match(String(answer.headers.ratelimit), /^"\w+";r=\d+;t=\d+$/)
  }
  assert.deepEqual(await metaSchemaErrors(document), [])
  assert.deepEqual(await lint(document), [])
  const text = JSON.stringify(document)
  for (const hidden of ['passwordHash', 'tokenHash', 'secretWord'])
    assert.ok(!text.includes(hidden), hidden)
})
