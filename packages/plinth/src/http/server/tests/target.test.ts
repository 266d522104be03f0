import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../../base/failure.ts'
import { canonicalAddress } from '../origin.ts'
import { readTarget } from '../target.ts'
import { echo, sendRaw, withServer } from './raw-client.ts'

const taken: Readonly<Record<string, readonly string[]>> = {
  '/': [],
  '/api': ['api'],
  '/api/products/0190-ab_~': ['api', 'products', '0190-ab_~'],
  '/a.b/c': ['a.b', 'c'],
  '/a/...': ['a', '...'],
  '/a@b.c,d=1+2': ['a@b.c,d=1+2'],
  '/a%40b': ['a@b'],
  '/caf%C3%A9': ['café'],
  '/a%20b%3Bc%3F%23%25': ['a b;c?#%'],
  '/api/products/sku=A%2F1': ['api', 'products', 'sku=A/1'],
  '/api/x/a=..%2F..%5Cb,c=%2F': ['api', 'x', 'a=../..\\b,c=/'],
}

// Second spellings of an address, and addresses that hide a path in a path (security H05).
const refused = [
  '//',
  '//api',
  '/api//products',
  '/api/',
  '/./api',
  '/api/.',
  '/api/../admin',
  '/api/..',
  '/%2e%2e/admin',
  '/%2E%2E/admin',
  '/.%2E/admin',
  '/api%2Fproducts',
  '/api/products/A%2F1',
  '/api/products%2Fsku=A',
  '/api/products/sku%2Fx=A',
  '/api/sku=A%2F1/x',
  '/api/products/sku=A%2f1',
  '/api/products/sku=A%00',
  '/api/products/sku=A%0A',
  '/api%2fproducts',
  '/api%5Cproducts',
  '/api\\products',
  '/api%00',
  '/api%0D%0AX:1',
  '/api%7F',
  '/api;x=1',
  '/api/products;jsessionid=1',
  '/%61pi',
  '/caf%c3%a9',
  '/caf\u00e9',
  '/%C0%AEadmin',
  '/%C0%AF',
  '/%ED%A0%80',
  '/%FF',
  '/%',
  '/%2',
  '/%zz',
  '/%u0041',
  '/a b',
  '/a"b',
  '/a<b>',
  '/a{b}',
  '/a|b',
  '/a^b',
  '/a`b',
  '/a#b',
  '/a\tb',
  '/a\u0000b',
]

test('an address in its normal form is taken', () => {
  for (const [path, segments] of Object.entries(taken)) {
    assert.deepEqual(readTarget(`${path}?a[b]=1&c=%20`, 'x'), {
      path,
      segments,
      search: 'a[b]=1&c=%20',
    })
  }
})

for (const path of refused) {
  test(`H05: ${JSON.stringify(path)} is nothing's address`, () => {
    assert.throws(
      () => readTarget(path, 'x'),
      (thrown) => thrown instanceof Failure && thrown.code === 'not_found',
    )
  })
}

test('H05: over the wire no other spelling reaches the handler', async () => {
  let asked = 0
  await withServer(
    (request) => {
      asked += 1
      return echo(request)
    },
    async ({ port }) => {
      for (const path of refused) {
        const bytes = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`, 'utf8')
        const { statuses } = await sendRaw(port, [bytes])
        assert.ok(statuses[0] === 404 || statuses[0] === 400, `${path}: ${statuses[0]}`)
      }
      assert.equal(asked, 0)
    },
  )
})

test('a query with raw spaces, quotes or a fragment is refused', () => {
  for (const search of ['a b', 'a"', 'a<', 'a>', 'a#b', 'caf\u00e9', 'a\u0000']) {
    assert.throws(() => readTarget(`/a?${search}`, 'x'), { code: 'malformed_query' })
  }
})

test('an IP address has one text', () => {
  assert.equal(canonicalAddress('192.0.2.1'), '192.0.2.1')
  assert.equal(canonicalAddress('192.0.2.1:80'), '192.0.2.1')
  assert.equal(canonicalAddress('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(canonicalAddress('2001:DB8:0:0::1'), '2001:db8::1')
  assert.equal(canonicalAddress('[2001:db8::1]:443'), '2001:db8::1')
  assert.equal(canonicalAddress('fe80::1%eth0'), 'fe80::1')
  assert.equal(canonicalAddress('unknown'), undefined)
  assert.equal(canonicalAddress('1.2.3'), undefined)
})

test('forwarded headers count only for the configured number of proxies', async () => {
  const forwarded = [
    'X-Forwarded-For: 6.6.6.6, 203.0.113.9',
    'X-Forwarded-For: 10.0.0.1',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: Shop.example',
  ]
  const who = `GET / HTTP/1.1\r\nHost: in\r\n${forwarded.join('\r\n')}\r\n\r\n`
  const expected = ['127.0.0.1 http in', '10.0.0.1 https shop.example', '203.0.113.9 http in']
  for (const [trustedProxies, text] of expected.entries()) {
    await withServer(
      ({ remoteAddress, scheme, host }) => ({
        status: 200,
        headers: {},
        body: `${remoteAddress} ${scheme} ${host}`,
      }),
      async ({ port }) => {
        const answer = await sendRaw(port, [who])
        assert.ok(answer.text.endsWith(`\r\n\r\n${text}`), `${text} in ${answer.text}`)
        const transport = answer.text.includes('strict-transport-security')
        assert.equal(transport, text.includes('https'))
      },
      { trustedProxies },
    )
  }
})
