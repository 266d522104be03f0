import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearCookie, readCookie, writeCookie } from './cookies.ts'

test('one cookie is read by its exact name', () => {
  const header = 'a=1; __Host-sid=abc; __host-sid=no; x__Host-sid=no'
  assert.equal(readCookie(header, '__Host-sid'), 'abc')
  assert.equal(readCookie('__Host-sid=a=b==', '__Host-sid'), 'a=b==')
  assert.equal(readCookie('__Host-sid=', '__Host-sid'), '')
  assert.equal(readCookie('__Host-sid', '__Host-sid'), undefined)
  assert.equal(readCookie(undefined, '__Host-sid'), undefined)
})

test('C12: a name in other spaces is another name, which a neighbouring host may set', () => {
  for (const space of ['\u00a0', '\u2000', '\u3000', '\ufeff', '\v', '\f', '\u2028']) {
    assert.equal(readCookie(`${space}__Host-sid=planted`, '__Host-sid'), undefined)
    assert.equal(readCookie(`a=1; ${space}__Host-sid=planted`, '__Host-sid'), undefined)
    assert.equal(readCookie(`__Host-sid${space}=planted`, '__Host-sid'), undefined)
    assert.equal(readCookie(`${space}__Host-sid=planted; __Host-sid=own`, '__Host-sid'), 'own')
  }
  assert.equal(readCookie('a=1;\t__Host-sid =\tabc \t', '__Host-sid'), 'abc')
})

test('a value with other than cookie octets counts as none', () => {
  for (const value of ['"quoted"', 'a b', 'a,b', 'a\\b', 'caf\u00e9']) {
    assert.equal(readCookie(`__Host-sid=${value}`, '__Host-sid'), undefined, value)
  }
})

test('a cookie that came twice is refused', () => {
  assert.throws(() => readCookie('__Host-sid=a; __Host-sid=b', '__Host-sid'), {
    code: 'malformed_header',
  })
})

test('our cookies are bound to the host, secure and out of reach of scripts', () => {
  assert.equal(
    writeCookie('__Host-sid', 'abc', { maxAgeSeconds: 60 }),
    '__Host-sid=abc; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60',
  )
  assert.match(writeCookie('__Host-sid', 'abc', { sameSite: 'Strict' }), /SameSite=Strict$/)
  assert.match(clearCookie('__Host-sid')['set-cookie'] ?? '', /^__Host-sid=; .*Max-Age=0$/)
})

test('no other name and no value that ends the cookie can be written', () => {
  for (const name of ['sid', '__Secure-sid', '__Host-a=b', '__Host-a b']) {
    assert.throws(() => writeCookie(name, 'a'), /__Host-/)
  }
  for (const value of ['a; Domain=evil', 'a\r\nset-cookie: b=c', 'a,b', 'x'.repeat(5_000)]) {
    assert.throws(() => writeCookie('__Host-sid', value), { name: 'AssertionError' })
  }
})
