import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../base/limits.ts'
import { password, type Stand, stand } from './browser.ts'

const anns = 'ann@people.example'
const evil = '"><img src=x onerror=alert(1)>\'&lt;{{7*7}}'

async function signedIn({ browser, tested }: Stand, name?: string) {
  await tested.user({ email: anns, password, ...(name === undefined ? {} : { name }) })
  const ann = browser()
  await ann.open('/account/sign-in')
  await ann.press({ button: 'Sign in', fields: { email: anns, password } })
  return ann
}

const foreign: readonly Readonly<Record<string, string>>[] = [
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'none' },
  { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
  { 'sec-fetch-site': '', origin: 'null' },
]

test('H01: no form of another site signs anybody in, or changes anything', async (context) => {
  const people = await stand(context)
  const ann = await signedIn(people)
  const forms: readonly (readonly [path: string, values: Record<string, string>])[] = [
    ['/account/sign-out', {}],
    ['/account/sign-out-everywhere', {}],
    ['/account/change-name', { name: 'Mallory' }],
    ['/account/change-email', { email: 'mallory@evil.example', password }],
    ['/account/set-up-totp', {}],
  ]
  for (const headers of foreign) {
    for (const [path, values] of forms) {
      const refused = await ann.send(path, values, headers)
      assert.equal(refused.status, 403, `${path} ${JSON.stringify(headers)}`)
      assert.deepEqual(refused.cookies, [])
    }
    const victim = people.browser()
    assert.equal(
      (await victim.send('/account/sign-in', { email: anns, password }, headers)).status,
      403,
    )
    assert.equal(victim.jar.size, 0, 'nobody is signed in as somebody else')
  }
  assert.equal((await ann.open('/account')).at, '/account')
  assert.ok(!ann.shown?.text.includes('Mallory'))
})

test('nothing changes by looking, and other verbs are refused', async (context) => {
  const people = await stand(context)
  const ann = await signedIn(people)
  for (const path of [
    'sign-out',
    'sign-out-everywhere',
    'remove-totp',
    'set-up-totp',
    'end-session',
  ]) {
    assert.match((await ann.open(`/account/${path}`)).at, /^\/account(?:\/factors)?$/)
  }
  for (const method of ['PUT', 'DELETE', 'PATCH']) {
    const { status } = await people.tested.request(method, '/account/sign-in')
    assert.equal(status, 405)
  }
  assert.equal((await ann.send('/account', {})).status, 405)
  assert.equal((await ann.open('/account/sign-in/more')).status, 404)
  assert.equal((await ann.open('/account/__proto__')).status, 404)
})

test('C22: signing in leads nowhere else, whatever the address names', async (context) => {
  const { browser, tested } = await stand(context)
  await tested.user({ email: anns, password })
  const elsewhere = [
    '//evil.example',
    '/\\evil.example',
    '/..//evil.example',
    'javascript:alert(1)',
  ]
  for (const place of [...elsewhere, 'https://evil.example', '/%09/evil', '/\t/evil.example']) {
    const ann = browser()
    const page = await ann.open(`/account/sign-in?next=${encodeURIComponent(place)}`)
    const kept = /action="\/account\/sign-in(\?next=[^"]*)?"/.exec(page.text)
    if (place !== '/%09/evil') assert.equal(kept?.[1], undefined, place)
    tested.clock.advance(60_000)
    const signed = await ann.press({ button: 'Sign in', fields: { email: anns, password } })
    assert.ok(place === '/%09/evil' || signed.at === '/account', `${place} led to ${signed.at}`)
  }
})

test('L03: what people typed is text, wherever it is shown', async (context) => {
  const people = await stand(context, { title: 'A <b>bold</b> app' })
  const ann = await signedIn(people, evil)
  await ann.open('/account/change-name')
  const shown: string[] = [ann.shown?.text ?? '', (await ann.open('/account')).text]
  const typed = await people.browser().send('/account/sign-in', { email: evil, password: 'x' })
  assert.equal(typed.status, 422)
  const token = encodeURIComponent(evil)
  shown.push(typed.text, (await ann.open(`/account/verify-email?token=${token}`)).text)
  shown.push((await ann.open(`/account/sign-in-by-link?token=${token}&done=${token}`)).text)
  const reset = { token: evil, newPassword: 'short' }
  shown.push((await people.browser().send('/account/reset-password', reset)).text)
  for (const text of shown) {
    assert.ok(!text.includes('<img src=x'), text)
    assert.ok(!text.includes('<b>bold'), text)
  }
  assert.match(shown[0] ?? '', /value="&quot;&gt;&lt;img src=x/)
})

test('the headers of every page, and of its style sheet', async (context) => {
  const { browser } = await stand(context)
  const one = browser()
  const pages = ['/account/sign-up', '/account/nothing', '/account/reset-password?token=x']
  for (const path of ['/account/sign-in', ...pages]) {
    const { headers, text } = await one.open(path)
    const policy = headers.get('content-security-policy') ?? ''
    for (const part of [
      "default-src 'none'",
      pages.includes(path) ? "script-src 'none'" : "script-src 'nonce-",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ]) {
      assert.ok(policy.includes(part), `${path}: ${part}`)
    }
    assert.doesNotMatch(policy, /unsafe/)
    assert.equal(text.match(/<script/g)?.length ?? 0, pages.includes(path) ? 0 : 1, path)
    assert.equal(headers.get('referrer-policy'), 'no-referrer')
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
  }
  const { headers, status } = await one.open('/account/style.css')
  assert.equal(status, 200)
  assert.equal(headers.get('content-type'), 'text/css; charset=utf-8')
  assert.equal((await one.send('/account/style.css', {})).status, 405)
  const script = await one.open('/account/passkeys.js')
  assert.equal(script.headers.get('content-type'), 'text/javascript; charset=utf-8')
  assert.match(script.headers.get('etag') ?? '', /^"[\w-]{22}"$/)
})

test('a body that is no form, or too much of one, is refused', async (context) => {
  const { browser, tested } = await stand(context)
  const one = browser()
  const json = { 'content-type': 'application/json' }
  assert.equal((await one.send('/account/sign-in', {}, json)).status, 415)
  const long = 'x'.repeat(limits.bodyBytesMax)
  assert.equal((await one.send('/account/sign-in', { email: long })).status, 413)
  const many = Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`f${at}`, '1']))
  assert.equal((await one.send('/account/sign-in', many)).status, 400)
  // Fields that a page does not have change nothing (B11).
  const more = { email: anns, password, roles: 'admin', emailVerifiedAt: '2026-01-01T00:00:00Z' }
  await one.send('/account/sign-up', more)
  const [user] = (await tested.running.users.records.find('user', {})) as Record<string, unknown>[]
  assert.deepEqual(user?.roles, [])
  assert.equal(user?.emailVerifiedAt, null)
})

test('C06: pages tell nobody who has an account, and C01: guesses are counted', async (context) => {
  const { browser, tested } = await stand(context)
  await tested.user({ email: anns, password })
  const texts = async (path: string, values: Record<string, string>) => {
    const { status, text, at } = await browser().send(path, values)
    return {
      status,
      at,
      text: text.replaceAll(/nonce="[^"]*"/g, '').replaceAll(values.email ?? '', ''),
    }
  }
  for (const path of ['/account/sign-in', '/account/forgot-password', '/account/send-link']) {
    const known = await texts(path, { email: anns, password: 'not the right one' })
    const unknown = await texts(path, {
      email: 'eve@people.example',
      password: 'not the right one',
    })
    assert.deepEqual(unknown, known, path)
  }
  const up = (email: string) => texts('/account/sign-up', { email, password })
  assert.deepEqual(await up('eve@people.example'), await up(anns))
  const statuses = []
  for (let guess = 0; guess < 6; guess++) {
    const { status, headers } = await browser().send('/account/sign-in', {
      ...{ email: anns, password: `wrong guess number ${guess}` },
    })
    statuses.push(status)
    if (status === 429) assert.match(headers.get('retry-after') ?? '', /^\d+$/)
  }
  assert.deepEqual(statuses.slice(-2), [429, 429])
})
