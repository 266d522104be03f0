import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { Failure } from '../../packages/plinth/src/base/failure.ts'
import { limits } from '../../packages/plinth/src/base/limits.ts'
import { routes, serviceRoutes } from '../../packages/plinth/src/rest/route/routes.ts'
import { catalog, type Received, type Sending, type Stand, stand } from './fixture.ts'

const id = '01234567-89ab-7cde-8f01-23456789abcd'
const one = `/api/products/${id}`
let shop: Stand

before(async () => {
  shop = await stand({ origins: ['https://shop.example'] })
})
after(() => shop.close())
beforeEach(() => {
  shop.calls.length = 0
  shop.answer = () => ({ status: 200, body: '{}' })
})

async function codeOf(method: string, path: string, rest?: Sending): Promise<unknown> {
  shop.calls.length = 0
  const answer = await shop.send(method, path, rest)
  return answer.status < 400 ? answer.status : answer.json().code
}

/** The call is refused with this code, and the engine hears nothing of it. */
async function refused(code: string, ...[method, path, rest]: Parameters<typeof codeOf>) {
  const what = `${method} ${path} ${JSON.stringify(rest?.headers ?? {})}`
  assert.equal(await codeOf(method, path, rest), code, what)
  assert.equal(shop.calls.length, 0, `${what} reached the engine`)
}

const cookie = '__Host-sid=pls_x'

test('H01 a cookie does not speak for requests of other sites', async () => {
  const elsewhere: readonly Record<string, string>[] = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'https://shop.example' },
    {},
  ]
  for (const headers of elsewhere) {
    const rest = { body: {}, headers: { ...headers, cookie } }
    await refused('csrf_refused', 'POST', '/api/products', rest)
    await refused('csrf_refused', 'PATCH', one, rest)
    await refused('csrf_refused', 'PUT', '/api/products/sku=a', rest)
    await refused('csrf_refused', 'POST', '/api/batch', rest)
    await refused('csrf_refused', 'DELETE', one, { headers: { ...headers, cookie } })
    await refused('csrf_refused', 'POST', '/api/identity/sign-out', {
      headers: { ...headers, cookie, 'x-plinth-request': '1' },
    })
  }
  const own = { 'sec-fetch-site': 'same-origin', cookie }
  assert.equal(await codeOf('POST', '/api/products', { body: {}, headers: own }), 200)
  await refused('csrf_refused', 'DELETE', one, { headers: own })
  assert.equal(await codeOf('DELETE', one, { headers: { ...own, 'x-plinth-request': '1' } }), 200)
  const reads = { headers: { 'sec-fetch-site': 'cross-site', cookie } }
  assert.equal(await codeOf('GET', '/api/products', reads), 200)
})

test('H01 another site cannot sign its visitor in', async () => {
  const body = { email: 'a@b.example', password: 'x', cookie: true }
  await refused('csrf_refused', 'POST', '/api/identity/sign-in', { body })
  const headers = { 'sec-fetch-site': 'cross-site' }
  await refused('csrf_refused', 'POST', '/api/identity/sign-in', { body, headers })
  assert.equal(
    await codeOf('POST', '/api/identity/sign-in', { body: { ...body, cookie: false } }),
    200,
  )
})

test('H01 nothing is changed by GET', () => {
  const changing = routes(catalog).filter(({ method }) => method === 'GET' || method === 'QUERY')
  const reading = ['list', 'query', 'get', 'getByKey', 'safeAction', 'queryAction', 'operation']
  for (const { form } of changing) {
    assert.ok(reading.includes(form), form)
  }
})

test('H02 only listed origins are let in, without cookies', async () => {
  const permitted = async (origin: string): Promise<unknown> => {
    const { headers } = await shop.send('GET', '/api/products', { headers: { origin } })
    assert.match(String(headers.vary), /origin/)
    assert.equal(headers['access-control-allow-credentials'], undefined)
    return headers['access-control-allow-origin']
  }
  assert.equal(await permitted('https://shop.example'), 'https://shop.example')
  for (const origin of [
    'null',
    'https://shop.example.evil.example',
    'https://evilshop.example',
    'http://shop.example',
    'https://shop.example:8443',
    'HTTPS://SHOP.EXAMPLE',
  ]) {
    assert.equal(await permitted(origin), undefined, origin)
  }
  shop.answer = () => {
    throw new Failure('not_found')
  }
  const failed = await shop.send('GET', one, { headers: { origin: 'https://shop.example' } })
  assert.equal(failed.headers['access-control-allow-origin'], 'https://shop.example')
  const preflight = { origin: 'https://shop.example', 'access-control-request-method': 'PATCH' }
  const allowed = await shop.send('OPTIONS', one, { headers: preflight })
  assert.equal(allowed.status, 204)
  assert.match(String(allowed.headers['access-control-allow-methods']), /PATCH/)
  const denied = await shop.send('OPTIONS', one, { headers: { ...preflight, origin: 'null' } })
  assert.equal(denied.headers['access-control-allow-methods'], undefined)
})

test('H02 no origin is let in unless listed', async (context) => {
  const closed = await stand()
  context.after(() => closed.close())
  const headers = { origin: 'https://shop.example' }
  const answer = await closed.send('GET', '/api/products', { headers })
  assert.equal(answer.headers['access-control-allow-origin'], undefined)
  await assert.rejects(stand({ origins: ['*'] }), { code: 'configuration_invalid' })
})

const oddTypes = [
  'text/plain',
  'text/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-16',
  'application/json; charset=utf-8; charset=utf-7',
  'application/json; version=2',
  'application/json, text/plain',
  'application/json;',
  'application/jsonx',
  'application /json',
  'application/json\t; charset="utf-8',
  'application/vnd.api+json',
  '',
]

test('H03 another content type never reaches a handler', async () => {
  for (const type of oddTypes) {
    const rest = { body: '{}', headers: { 'content-type': type } }
    await refused('unsupported_media_type', 'POST', '/api/products', rest)
    await refused('unsupported_media_type', 'QUERY', '/api/products', rest)
    await refused('unsupported_media_type', 'PATCH', one, rest)
    await refused('unsupported_media_type', 'PUT', '/api/products/sku=a', rest)
    await refused('unsupported_media_type', 'POST', '/api/identity/sign-out', rest)
  }
  const patch = { body: '{}', headers: { 'content-type': 'application/merge-patch+json' } }
  await refused('unsupported_media_type', 'POST', '/api/products', patch)
  assert.equal(await codeOf('PATCH', one, patch), 200)
  for (const type of ['Application/JSON', 'application/json; charset=UTF-8']) {
    const rest = { body: '{}', headers: { 'content-type': type } }
    assert.equal(await codeOf('POST', '/api/products', rest), 200, type)
  }
  const packed = { body: '{}', headers: { 'content-encoding': 'gzip' } }
  await refused('unsupported_media_type', 'POST', '/api/products', packed)
  const text = { body: '{}', headers: { 'content-type': 'text/plain' } }
  const offered = async (method: string, header: string, path: string): Promise<unknown> =>
    (await shop.send(method, path, text)).headers[header]
  assert.equal(await offered('POST', 'accept-post', '/api/products'), 'application/json')
  assert.equal(await offered('QUERY', 'accept-query', '/api/products'), 'application/json')
  assert.match(String(await offered('PATCH', 'accept-patch', one)), /merge-patch\+json/)
})

/** Processor time since then: however busy the machine is. */
const processorMs = (began: NodeJS.CpuUsage): number => process.cpuUsage(began).user / 1_000

test('D05 a header made to be read slowly is read at once', async () => {
  const type = `application/json${`;a=b${' '.repeat(20)}`.repeat(200)};!`
  const began = process.cpuUsage()
  const rest = { body: '{}', headers: { 'content-type': type } }
  await refused('unsupported_media_type', 'POST', '/api/products', rest)
  assert.ok(processorMs(began) < 2_000, 'a content type that a pattern takes for ever to read')
})

test('H03 a body stands only where one belongs, in UTF-8, and is no empty one', async () => {
  await refused('malformed_request', 'GET', '/api/products', { body: {} })
  await refused('malformed_request', 'GET', one, { body: {} })
  await refused('malformed_request', 'DELETE', one, { body: {} })
  const empty = { body: '', headers: { 'content-type': 'application/json' } }
  await refused('malformed_body', 'POST', '/api/products', empty)
  const latin = await fetch(`${shop.url}/api/products`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: new Uint8Array([0x22, 0xe4, 0x22]),
  })
  assert.equal(((await latin.json()) as { code: string }).code, 'malformed_body')
  await refused('malformed_query', 'POST', '/api/products?limit=1', { body: {} })
  await refused('malformed_query', 'DELETE', `${one}?x=1`)
})

test('H05 every address has one spelling', async () => {
  for (const path of [
    '//api/products',
    '/api//products',
    '/api/products/',
    '/api/./products',
    '/api/x/../products',
    '/api/%70roducts',
    '/api/%2e%2e/products',
    '/api/products;x=1',
    '/API/products',
    '/api/Products',
    '/api/products.',
    '/api/products%2F',
    '/api/products%00',
    '/api/products\\',
    '/api/',
    '/api/product',
    '/api/products/x/y',
    '/api/products/{id}',
    '/api/{id}',
    '/api/__proto__',
    '/api/constructor/x',
    '/openapi.json/',
    '/docs/../docs',
    '/docs/x',
    '/docs/..%2fdocs.js',
    '/health',
    '/health/x',
  ]) {
    await refused('not_found', 'GET', path)
  }
})

test('H06 nothing internal is reachable', async () => {
  for (const path of ['/metrics', '/debug', '/.env', '/graphql', '/api/vaults', '/api/identity']) {
    await refused('not_found', 'GET', path)
  }
  const { text } = await shop.send('GET', '/openapi.json')
  for (const hidden of ['vault', 'secretWord', 'margin', 'product_tag', 'productTag']) {
    assert.ok(!text.toLowerCase().includes(hidden.toLowerCase()), `the document tells ${hidden}`)
  }
})

test('H08 an error of ours tells its number and nothing else', async () => {
  const secret = 'select * from vault where password'
  shop.answer = () => {
    throw new TypeError(secret, { cause: new Error(secret) })
  }
  const answers = await Promise.all(Array.from({ length: 20 }, () => shop.send('GET', one)))
  const traces = new Set(answers.map((answer) => answer.json().traceId))
  assert.equal(traces.size, answers.length, 'every failure is its own')
  for (const { status, text, headers } of answers) {
    assert.equal(status, 500)
    assert.ok(!text.includes('select') && !JSON.stringify(headers).includes('select'), text)
    assert.ok(!/\.ts|node_modules|stack/.test(text), text)
  }
  shop.answer = () => {
    throw new Failure('conflict', { detail: 'Taken.', cause: new Error(secret) })
  }
  const conflict = await shop.send('GET', one)
  assert.deepEqual([conflict.status, conflict.json().detail], [409, 'Taken.'])
  assert.ok(!conflict.text.includes('select'))
})

test('B12 prototype keys, duplicate keys and bad Unicode end at the door', async () => {
  for (const body of [
    '{"__proto__":{"x":1}}',
    '{"a":{"constructor":{}}}',
    '{"a":[{"prototype":1}]}',
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"a":"\\ud800"}',
    '{"a":"\\u0000"}',
  ]) {
    await refused('invalid_input', 'POST', '/api/products', { body })
    await refused('invalid_input', 'QUERY', '/api/products', { body })
    await refused('invalid_input', 'PUT', '/api/products/sku=a', { body })
  }
  for (const search of ['filter[__proto__][x]=1', 'filter[a][constructor]=1', 'limit=1&limit=2']) {
    await refused('malformed_query', 'GET', `/api/products?${search}`)
  }
  for (const search of ['full=true&full=false', '__proto__=1', 'other=1', 'full=maybe', 'full']) {
    // Whoever may not call at all learns nothing of the question: the engine tells it, or does not.
    assert.equal(await codeOf('GET', `/api/identity/me?${search}`), 200)
    const [call] = shop.calls
    assert.deepEqual([call?.input, call?.unread?.code], [undefined, 'malformed_query'], search)
  }
  await codeOf('POST', '/api/products', { body: { name: 'x' } })
  assert.equal(Object.getPrototypeOf(shop.calls[0]?.input), null)
  await codeOf('PUT', '/api/products/sku=a', { body: { name: 'x' } })
  assert.equal(Object.getPrototypeOf(shop.calls[0]?.input), null)
})

test('D03 deep and huge JSON is refused soon', async () => {
  const bodies: readonly [string, string][] = [
    ['invalid_input', '['.repeat(500_000)],
    ['invalid_input', '{"a":'.repeat(100_000)],
    ['invalid_input', `{${Array.from({ length: 10_001 }, (_, at) => `"k${at}":1`).join(',')}}`],
    ['invalid_input', `"${'x'.repeat(limits.jsonStringBytesMax + 1)}"`],
    ['invalid_input', '1'.repeat(500_000)],
    ['body_too_large', 'x'.repeat(limits.bodyBytesMax + 1)],
  ]
  for (const [code, body] of bodies) {
    const began = process.cpuUsage()
    await refused(code, 'POST', '/api/products', { body })
    assert.ok(processorMs(began) < 2_000, `${code} took long`)
  }
})

test('E01 another verb is refused with those that are taken', async () => {
  const places: readonly [string, string][] = [
    ['/api/products', 'GET, HEAD, QUERY, POST, OPTIONS'],
    [one, 'GET, HEAD, PATCH, DELETE, OPTIONS'],
    ['/api/products/sku=a', 'GET, HEAD, PUT, OPTIONS'],
    ['/api/products/query', 'POST, OPTIONS'],
    ['/api/tags', 'GET, HEAD, QUERY, OPTIONS'],
    ['/api/batch', 'POST, OPTIONS'],
    ['/api/identity/sign-in', 'POST, OPTIONS'],
    ['/api/identity/me', 'GET, HEAD, OPTIONS'],
  ]
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY']
  for (const [path, allow] of places) {
    const untaken = methods.filter((method) => !allow.split(', ').includes(method))
    for (const method of untaken) {
      const answer = await shop.send(method, path, method === 'GET' ? {} : { body: {} })
      assert.deepEqual([answer.status, answer.headers.allow], [405, allow], `${method} ${path}`)
    }
    const options = await shop.send('OPTIONS', path)
    assert.deepEqual([options.status, options.headers.allow], [204, allow])
  }
  for (const path of ['/', '/docs', '/openapi.json', '/docs/docs.js', '/health/live']) {
    await refused('method_not_allowed', 'POST', path, { body: {} })
  }
  assert.equal(shop.calls.length, 0)
})

test('E01 what the rules deny to everybody has no address', async () => {
  await refused('method_not_allowed', 'POST', '/api/tags', { body: {} })
  await refused('method_not_allowed', 'DELETE', `/api/tags/${id}`)
  await refused('not_found', 'GET', '/api/vaults')
  await refused('not_found', 'POST', '/api/vaults', { body: {} })
})

test('E01 HEAD is GET without the body, and no header changes the verb', async () => {
  shop.answer = () => ({ status: 200, body: '{"id":"1"}', version: 7 })
  const get = await shop.send('GET', one)
  const head = await shop.send('HEAD', one)
  assert.equal(head.text, '')
  assert.deepEqual(
    [head.status, head.headers.etag, head.headers['content-length']],
    [get.status, get.headers.etag, get.headers['content-length']],
  )
  for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
    shop.calls.length = 0
    await shop.send('GET', one, { headers: { [name]: 'DELETE' } })
    assert.equal(shop.calls[0]?.operation, 'product.get')
  }
  await refused('malformed_query', 'GET', '/api/products?_method=DELETE')
})

test('A07 cursors are handed on as they came, within the grammar', async () => {
  for (const cursor of ['x', '../..', "' or 1=1 --", '🎩', 'a'.repeat(5_000)]) {
    const path = `/api/products?after=${encodeURIComponent(cursor)}`
    assert.equal(await codeOf('GET', path), 200)
    assert.deepEqual(Object.entries(shop.calls[0]?.query ?? {}), [['after', cursor]])
  }
  await refused('malformed_query', 'GET', '/api/products?after=%00')
  await refused('malformed_query', 'GET', '/api/products?after=a&after=b')
})

test('J01 routes, document and operations are the same list', async () => {
  const document = (await shop.send('GET', '/openapi.json')).json() as unknown as {
    paths: Record<string, Record<string, { operationId: string }>>
  }
  const table = routes(catalog)
  const told = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  )
  // OpenAPI 3.1 has no word for QUERY; its POST alias stands for it.
  const taken = table.filter(({ method }) => method !== 'QUERY')
  assert.deepEqual(told.sort(), taken.map(({ method, path }) => `${method} ${path}`).sort())
  const denied = ['tag.create', 'tag.update', 'tag.delete']
  const vault = ['list', 'get', 'create', 'update', 'delete'].map((type) => `vault.${type}`)
  const served = [...catalog.operations.keys()].filter(
    (name) => ![...denied, ...vault].includes(name),
  )
  const operations = [...new Set(table.map(({ operation }) => operation))]
  assert.deepEqual(operations.sort(), [...served, 'batch'].sort())
  // Every route of the table leads to its operation, and nothing else does.
  for (const { method, path, operation } of table) {
    const address = path.replace('{id}', id).replace('{sku}', 'a')
    const bare = method === 'GET' || method === 'DELETE'
    shop.answer = () => ({ status: 200, body: '{}' })
    const answer: Received = await shop.send(method, address, bare ? {} : { body: {} })
    assert.equal(answer.status, 200, `${method} ${path}`)
    assert.equal(shop.calls.at(-1)?.operation, operation)
  }
  shop.calls.length = 0
  for (const { path } of serviceRoutes) {
    const address = path.replace('{file}', 'docs.css').replace('{code}', 'not_found')
    assert.equal((await shop.send('GET', address)).status, 200, path)
  }
  assert.equal(shop.calls.length, 0)
})
