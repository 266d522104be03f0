import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, type Person, post, works } from './asking.ts'
import { back, begin, officeSecret, openProvider, person, program } from './stand.ts'

test('C22: people are sent back to the exact address alone', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const config = await program(provider, 'ledger')
  const others = [
    `${back}/`,
    `${back}?a=1`,
    `${back}#x`,
    `${back}/../evil`,
    'https://ledger.example/BACK',
    'https://LEDGER.example/back',
    'https://ledger.example:443/back',
    'https://ledger.example:8443/back',
    'http://ledger.example/back',
    'https://ledger.example@evil.example/back',
    'https://ledger.example.evil.example/back',
    'https://evil.example/https://ledger.example/back',
    'https://ledger.example/%62ack',
    'https://ledger.example\\@evil.example/back',
    'javascript:alert(1)',
    'data:text/html,x',
    '//evil.example/back',
    '/back',
    '',
    'http://127.0.0.1/back',
  ]
  for (const redirect of others) {
    const { url } = await begin(config, { redirect_uri: redirect })
    const response = await ann.go(url.href)
    assert.equal(response.headers.get('location'), null, redirect)
    assert.equal(response.status, 400, redirect)
  }
  const phone = await program(provider, 'phone')
  const places: readonly (readonly [string, boolean])[] = [
    ['http://127.0.0.1:4711/back', true],
    ['http://127.0.0.1:4711/other', false],
    ['http://127.0.0.1.evil.example:4711/back', false],
    ['http://127.0.0.1:4711@evil.example/back', false],
    ['http://localhost:4711/back', false],
    ['https://127.0.0.1:4711/back', false],
  ]
  for (const [redirect, taken] of places) {
    const { url } = await begin(phone, { redirect_uri: redirect })
    const response = await ann.go(url.href)
    assert.equal(response.headers.get('location') !== null, taken, redirect)
  }
})

test('C23: a code is good once, for its client, by its verifier', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const { exchange } = await codeOf(provider, ann)
  const token = (values: object) => post(provider, '/oauth/token', values as Record<string, string>)
  const { code_verifier: _, ...bare } = exchange
  for (const wrong of [
    bare,
    { ...exchange, code_verifier: 'x'.repeat(43) },
    { ...exchange, client_id: 'phone' },
    { ...exchange, redirect_uri: `${back}/` },
    { ...exchange, code: `${exchange.code}x` },
  ]) {
    assert.equal((await token(wrong)).status, 400)
  }
  const first = await token(exchange)
  assert.equal(first.status, 200)
  assert.ok(await works(provider, first.told.access_token))
  assert.equal((await token(exchange)).status, 400)
  assert.ok(!(await works(provider, first.told.access_token)), 'a replay ends what came of it')
  const late = await codeOf(provider, ann)
  provider.clock.advance(61_000)
  assert.equal((await token(late.exchange)).status, 400)
  const raced = await codeOf(provider, ann)
  const all = await Promise.all(Array.from({ length: 20 }, () => token(raced.exchange)))
  assert.ok(all.filter(({ status }) => status === 200).length <= 1)
})

test('C20: without a proof key, or by `plain`, nothing begins', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const config = await program(provider, 'ledger')
  for (const more of [
    { code_challenge: '', code_challenge_method: '' },
    { code_challenge_method: 'plain' },
    { response_type: 'token' },
    { response_type: 'code id_token' },
    { response_mode: 'form_post' },
    { response_mode: 'fragment' },
  ]) {
    const { url } = await begin(config, more)
    for (const [name, value] of Object.entries(more))
      if (value === '') url.searchParams.delete(name)
    const response = await ann.go(url.href)
    const place = response.headers.get('location') ?? ''
    assert.ok(!place.includes('/account/') && !place.includes('code='), JSON.stringify(more))
  }
  const password = { grant_type: 'password', username: 'a', password: 'b', client_id: 'ledger' }
  assert.equal((await post(provider, '/oauth/token', password)).status, 400)
})

test('C24: fifty at once get one child, and a replay ends all', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const { exchange } = await codeOf(provider, ann)
  const first = await post(provider, '/oauth/token', exchange)
  const refresh = (token: unknown, more = {}) =>
    post(provider, '/oauth/token', {
      ...{ grant_type: 'refresh_token', client_id: 'ledger', refresh_token: String(token) },
      ...more,
    })
  const all = await Promise.all(Array.from({ length: 50 }, () => refresh(first.told.refresh_token)))
  const children = new Set(all.flatMap(({ told }) => told.refresh_token ?? []))
  assert.equal(children.size, 1)
  const [child] = children
  assert.equal((await refresh(first.told.refresh_token)).told.refresh_token, child)
  assert.equal((await refresh(first.told.refresh_token, { client_id: 'phone' })).status, 400)
  assert.equal((await refresh(child, { scope: 'note.write' })).status, 400)
  const next = await refresh(child)
  assert.equal(next.status, 200)
  provider.clock.advance(11_000)
  assert.equal((await refresh(child)).status, 400)
  assert.equal((await refresh(next.told.refresh_token)).status, 400)
  assert.ok(!(await works(provider, next.told.access_token)))
})

test('C11: what was granted ends with the session, and its user', async (context) => {
  const provider = await openProvider(context)
  const { runtime } = provider.running
  const cases: readonly (readonly [string, (ann: Person) => unknown])[] = [
    ['signed out', (ann) => ann.ask('sign-out', {})],
    ['signed out everywhere', (ann) => ann.ask('sign-out-everywhere', {})],
    [
      'suspended',
      ({ id }) =>
        runtime.database.query({
          text: 'update identity."user" set suspended = true where id = $1::uuid',
          values: [id],
        }),
    ],
  ]
  for (const [index, [name, end]] of cases.entries()) {
    const ann = await person(provider, `ann-${index}@notes.example`)
    const { exchange } = await codeOf(provider, ann)
    const { told } = await post(provider, '/oauth/token', exchange)
    assert.ok(await works(provider, told.access_token))
    await end(ann)
    assert.ok(!(await works(provider, told.access_token)), name)
    const values = { grant_type: 'refresh_token', client_id: 'ledger' }
    const again = { ...values, refresh_token: String(told.refresh_token) }
    assert.equal((await post(provider, '/oauth/token', again)).status, 400, name)
  }
})

test('C21: no token is taken in the place of another', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const { exchange } = await codeOf(provider, ann)
  const { told } = await post(provider, '/oauth/token', exchange)
  for (const token of [told.refresh_token, told.id_token, exchange.code, officeSecret]) {
    assert.ok(!(await works(provider, token)))
  }
  const values = { grant_type: 'refresh_token', client_id: 'ledger' }
  for (const token of [told.access_token, exchange.code, ann.session]) {
    const asked = { ...values, refresh_token: String(token) }
    assert.equal((await post(provider, '/oauth/token', asked)).status, 400)
  }
  for (const code of [told.access_token, told.refresh_token, ann.session]) {
    const asked = { ...exchange, code: String(code) }
    assert.equal((await post(provider, '/oauth/token', asked)).status, 400)
  }
  // A token that is good for nothing but who somebody is opens no API, and agrees to nothing.
  const only = await codeOf(provider, ann, { scope: 'openid' })
  const facts = await post(provider, '/oauth/token', only.exchange)
  assert.equal(facts.status, 200)
  assert.ok(!(await works(provider, facts.told.access_token)))
  const headers = { authorization: `Bearer ${String(told.access_token)}` }
  const apps = await fetch(`${provider.origin}/api/identity/apps`, { headers })
  assert.equal(apps.status, 403)
})

test('a client that keeps a secret has to show it, in its own way', async (context) => {
  const provider = await openProvider(context)
  const introspect = (headers: Record<string, string>, values = {}) =>
    post({ origin: provider.origin, headers }, '/oauth/introspect', { token: 'x', ...values })
  const basic = (secret: string) => ({
    authorization: `Basic ${Buffer.from(`office:${secret}`).toString('base64')}`,
  })
  assert.deepEqual((await introspect(basic(officeSecret))).told, { active: false })
  const refused = ({ status }: { readonly status: number }): void =>
    assert.ok(status === 400 || status === 401, String(status))
  refused(await introspect(basic('x')))
  refused(await introspect(basic('')))
  refused(await introspect({}, { client_id: 'office' }))
  // What was given to another program is none of its business.
  const { exchange } = await codeOf(provider, await person(provider))
  const token = String((await post(provider, '/oauth/token', exchange)).told.access_token)
  assert.deepEqual((await introspect(basic(officeSecret), { token })).told, { active: false })
  const { origin } = provider
  await post({ origin, headers: basic(officeSecret) }, '/oauth/revoke', { token })
  assert.ok(await works(provider, token))
  await post(provider, '/oauth/revoke', { token, client_id: 'ledger' })
  assert.ok(!(await works(provider, token)))
})

test('C03: a provider goes by its own name, not by `Host`', async (context) => {
  const { origin } = await openProvider(context)
  const refused = await fetch(`${origin}/api/notes`, { headers: { authorization: 'Bearer x' } })
  const challenge = refused.headers.get('www-authenticate')
  const place = `${origin}/.well-known/oauth-protected-resource`
  assert.equal(challenge, `Bearer error="invalid_token", resource_metadata="${place}"`)
  const json = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }
  const guest = await fetch(`${origin}/api/notes`, json)
  assert.equal(guest.headers.get('www-authenticate'), `Bearer resource_metadata="${place}"`)
  const resource = (await (await fetch(place)).json()) as Record<string, unknown>
  assert.deepEqual(resource.authorization_servers, [origin])
  const paths = ['oauth-authorization-server', 'openid-configuration']
  for (const path of paths) {
    const at = `${origin.replace('localhost', '127.0.0.1')}/.well-known/${path}`
    const told = (await (await fetch(at)).json()) as Record<string, unknown>
    assert.equal(told.issuer, origin)
    assert.deepEqual(told.response_types_supported, ['code'])
    assert.deepEqual(told.code_challenge_methods_supported, ['S256'])
  }
})
