import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure, invalidInput } from '../base/failure.ts'
import { apiHeaders, pageHeaders } from './headers.ts'
import type { HttpRequest } from './message.ts'
import { failureOf, problemResponse } from './problem.ts'
import { staticHandler } from './static.ts'
import { startTrace, traceFrom, traceparent } from './trace.ts'

const trace = {
  traceId: 'ab'.repeat(16),
  spanId: '12'.repeat(8),
  parentId: undefined,
  sampled: true,
}

test('a problem prints its members in one order, and no empty ones', () => {
  const failure = invalidInput([{ pointer: '/name', code: 'too_long', detail: 'Too long.' }])
  const { body, headers, status } = problemResponse(failure, {
    trace,
    instance: '/api/products',
    typeBase: 'https://plinth.example/problems/',
  })
  assert.equal(status, 422)
  assert.equal(
    body,
    '{"type":"https://plinth.example/problems/invalid_input","title":"The input has problems",' +
      '"status":422,"detail":"/name: Too long.","instance":"/api/products",' +
      '"code":"invalid_input","retryable":false,' +
      '"errors":[{"pointer":"/name","code":"too_long","detail":"Too long."}],' +
      `"traceId":"${'ab'.repeat(16)}"}`,
  )
  assert.deepEqual(headers, {
    'content-type': 'application/problem+json',
    traceparent: `00-${'ab'.repeat(16)}-${'12'.repeat(8)}-01`,
  })
})

test('a problem brings the headers of its failure, and never its cause', () => {
  const cause = new Error('relation "orders" does not exist')
  assert.doesNotMatch(String(problemResponse(failureOf(cause), { trace }).body), /orders/)
  const signIn = problemResponse(new Failure('sign_in_required'), { trace })
  assert.equal(signIn.headers['www-authenticate'], 'Bearer')
  const details = { retryAfterSeconds: 0.2, headers: { Allow: 'GET' } }
  const busy = problemResponse(new Failure('overloaded', details), { trace })
  assert.equal(busy.headers['retry-after'], '1')
  assert.equal(busy.headers.allow, 'GET')
})

test('a well formed traceparent is continued, any other starts a new trace', () => {
  const good = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`
  const continued = traceFrom(good)
  assert.equal(continued.traceId, 'ab'.repeat(16))
  assert.equal(continued.parentId, 'cd'.repeat(8))
  assert.equal(continued.sampled, true)
  assert.equal(traceFrom(`01${good.slice(2)}-later`).traceId, 'ab'.repeat(16))
  const broken = [
    undefined,
    '',
    good.toUpperCase(),
    `${good}-more`,
    `ff${good.slice(2)}`,
    `00-${'0'.repeat(32)}-${'cd'.repeat(8)}-01`,
    `00-${'ab'.repeat(16)}-${'0'.repeat(16)}-01`,
    `00-${'ab'.repeat(15)}-${'cd'.repeat(8)}-01`,
    ` ${good}`,
  ]
  for (const header of broken) {
    const started = traceFrom(header)
    assert.notEqual(started.traceId, 'ab'.repeat(16), String(header))
    assert.match(traceparent(started), /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
  }
  assert.notEqual(startTrace().traceId, startTrace().traceId)
})

test('answers of the API forbid everything a browser could do with them', () => {
  const headers = apiHeaders('https')
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.match(String(headers['content-security-policy']), /default-src 'none'/)
  assert.equal(headers['cache-control'], 'no-store')
  assert.match(String(headers['strict-transport-security']), /max-age=31536000/)
  assert.equal(apiHeaders('http')['strict-transport-security'], undefined)
  assert.ok(Object.isFrozen(headers))
})

test('our pages run only what carries the nonce or the hash', () => {
  const policy = String(pageHeaders({ nonce: 'abc' })['content-security-policy'])
  assert.match(policy, /script-src 'nonce-abc' 'strict-dynamic';/)
  assert.match(policy, /require-trusted-types-for 'script'/)
  assert.doesNotMatch(policy, /unsafe/)
  const still = String(pageHeaders({ nonce: 'abc', scripts: false })['content-security-policy'])
  assert.match(still, /script-src 'none'; style-src 'nonce-abc';/)
  const hashed = String(pageHeaders({ styleHashes: ['sha256-x'] })['content-security-policy'])
  assert.match(hashed, /script-src 'none';/)
  assert.match(hashed, /style-src 'sha256-x';/)
})

test('fixed files come by their exact path, once', async () => {
  const serve = staticHandler({
    '/a.css': { body: 'a{}', contentType: 'text/css; charset=utf-8' },
    '/b.js': { body: new Uint8Array([1]), contentType: 'text/javascript', immutable: true },
  })
  const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const view: Pick<HttpRequest, 'method' | 'path' | 'header'> = {
      method,
      path,
      header: (name) => headers[name],
    }
    return serve(view as HttpRequest)
  }
  const found = await ask('/a.css')
  assert.equal(found.status, 200)
  const etag = String(found.headers.etag)
  assert.match(etag, /^"[\w-]{22}"$/)
  assert.equal((await ask('/a.css', { 'if-none-match': `"x", W/${etag}` })).status, 304)
  assert.equal((await ask('/a.css', { 'if-none-match': '"x"' })).status, 200)
  assert.match(String((await ask('/b.js')).headers['cache-control']), /immutable/)
  for (const path of ['/', '/a', '/A.css', '/__proto__', '/constructor']) {
    await assert.rejects(ask(path), { code: 'not_found' })
  }
  await assert.rejects(ask('/a.css', {}, 'POST'), { code: 'method_not_allowed' })
})
