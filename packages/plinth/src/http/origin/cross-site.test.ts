import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpRequest } from '../message.ts'
import { startTrace } from '../trace.ts'
import { corsHeaders, corsPolicy, preflight } from './cors.ts'
import { csrfFailure, formFailure } from './csrf.ts'

function request(method: string, headers: Readonly<Record<string, string>>): HttpRequest {
  return {
    method,
    path: '/api/orders',
    segments: ['api', 'orders'],
    search: '',
    scheme: 'https',
    host: 'shop.example',
    remoteAddress: '192.0.2.1',
    trace: startTrace(),
    signal: new AbortController().signal,
    header: (name) => headers[name],
    headers: () => headers,
    body: async () => new Uint8Array(0),
  }
}

const json = { 'content-type': 'application/json' }
const own = 'https://shop.example'

test('H01: a cookie counts for requests of our own pages', () => {
  const taken = [
    { 'sec-fetch-site': 'same-origin', ...json },
    { 'sec-fetch-site': 'same-origin', origin: own, 'x-plinth-request': '1' },
    { origin: own, 'content-type': 'application/merge-patch+json; charset=utf-8' },
  ]
  for (const headers of taken) assert.equal(csrfFailure(request('POST', headers)), undefined)
  for (const method of ['GET', 'OPTIONS', 'QUERY']) {
    assert.equal(csrfFailure(request(method, { 'sec-fetch-site': 'cross-site' })), undefined)
  }
})

test('H01: a cookie does not count for anybody else', () => {
  const refused = [
    {},
    json,
    { 'sec-fetch-site': 'cross-site', ...json },
    { 'sec-fetch-site': 'same-site', ...json },
    { 'sec-fetch-site': 'none', ...json },
    { 'sec-fetch-site': 'cross-site', origin: own, ...json },
    { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example', ...json },
    { origin: 'https://evil.example', ...json },
    { origin: 'null', ...json },
    { origin: 'http://shop.example', ...json },
    { origin: `${own}.evil.example`, ...json },
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'same-origin', 'content-type': 'text/plain' },
    { 'sec-fetch-site': 'same-origin', 'content-type': 'text/plain; application/json' },
    { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' },
  ]
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    for (const headers of refused) {
      const failure = csrfFailure(request(method, headers))
      assert.equal(failure?.code, 'csrf_refused', JSON.stringify(headers))
    }
  }
})

test('H02: without a list there is no trace of CORS', () => {
  assert.deepEqual(corsHeaders(corsPolicy([]), 'https://a.example'), {})
})

test('H02: exactly the listed origins are allowed, never with cookies', () => {
  const policy = corsPolicy(['https://a.example', 'http://localhost:5173'])
  const allowed = corsHeaders(policy, 'https://a.example')
  assert.equal(allowed['access-control-allow-origin'], 'https://a.example')
  assert.equal(allowed['access-control-allow-credentials'], undefined)
  const others = [
    'null',
    'https://A.example',
    'http://a.example',
    'https://a.example:444',
    'https://a.example.evil.example',
    'https://evil-a.example',
    'https://a.example/',
    undefined,
  ]
  for (const origin of others) assert.deepEqual(corsHeaders(policy, origin), { vary: 'origin' })
})

test('H02: an origin that could never match, or always would, is refused', () => {
  for (const origin of [
    '*',
    'null',
    'https://*.a',
    'https://a.example/',
    'a.example',
    'file://x',
    'https://A.example',
    'https://a.example:443',
  ]) {
    assert.throws(() => corsPolicy([origin]), { code: 'configuration_invalid' }, origin)
  }
})

test('a preflight is answered, for listed callers with a permission', () => {
  const policy = corsPolicy(['https://a.example'])
  const ask = (origin: string) =>
    preflight(policy, request('OPTIONS', { origin, 'access-control-request-method': 'PATCH' }))
  const listed = ask('https://a.example')
  assert.equal(listed?.status, 204)
  assert.equal(listed?.headers['access-control-max-age'], '600')
  // A followed read of another origin comes back with its cursor.
  assert.match(String(listed?.headers['access-control-allow-headers']), /last-event-id/)
  assert.deepEqual(ask('https://b.example')?.headers, { vary: 'origin' })
  assert.equal(preflight(policy, request('OPTIONS', { origin: 'https://a.example' })), undefined)
  assert.equal(preflight(policy, request('GET', { origin: 'https://a.example' })), undefined)
})

test('H01: a form counts where a page of ours has sent it', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const taken = [
    { 'sec-fetch-site': 'same-origin', ...form },
    { 'sec-fetch-site': 'same-origin', origin: own, ...form },
    // Our pages send no referrer; browsers then hide the origin as well.
    { 'sec-fetch-site': 'same-origin', origin: 'null', ...form },
    { origin: own, ...form },
  ]
  for (const headers of taken) assert.equal(formFailure(request('POST', headers)), undefined)
  const refused = [
    {},
    form,
    { origin: 'null', ...form },
    { 'sec-fetch-site': 'none', ...form },
    { 'sec-fetch-site': 'same-site', ...form },
    { 'sec-fetch-site': 'cross-site', origin: 'null', ...form },
    { 'sec-fetch-site': 'cross-site', origin: own, ...form },
    { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example', ...form },
    { 'sec-fetch-site': 'same-origin', origin: 'http://shop.example', ...form },
    { origin: 'https://evil.example', ...form },
  ]
  for (const headers of refused) {
    const { code } = formFailure(request('POST', headers)) ?? {}
    assert.equal(code, 'csrf_refused', JSON.stringify(headers))
  }
})

test('H01: where only the settings cause a refusal, it names their cure and no address', () => {
  const behind = (headers: Readonly<Record<string, string>>): HttpRequest => {
    return { ...request('POST', { ...json, ...headers }), scheme: 'http', host: '10.0.0.7:3000' }
  }
  const cured = [
    { origin: own, 'sec-fetch-site': 'same-origin' },
    { origin: own, 'x-forwarded-host': 'shop.example' },
    { origin: 'https://10.0.0.7:3000' },
  ]
  for (const headers of cured) {
    for (const failure of [csrfFailure(behind(headers)), formFailure(behind(headers))]) {
      assert.match(failure?.detail ?? '', /sets PLINTH_TRUSTED_PROXIES to how many there are/)
      assert.doesNotMatch(failure?.detail ?? '', /10\.0\.0\.7|shop\.example/)
    }
  }
  const foreign = [
    {},
    { origin: 'https://evil.example' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    { origin: 'null', 'sec-fetch-site': 'cross-site' },
    { origin: 'no address', 'sec-fetch-site': 'same-origin' },
  ]
  for (const headers of foreign) {
    const { detail = '' } = csrfFailure(behind(headers)) ?? {}
    assert.match(detail, /our own pages/)
    assert.doesNotMatch(detail, /PLINTH/)
  }
})
