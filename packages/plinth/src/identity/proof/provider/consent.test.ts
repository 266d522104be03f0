import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instantText } from '../../../base/time.ts'
import { codeOf, type Person, post, tokensOf, works } from './asking.ts'
import { back, begin, client, openProvider, type Provider, person, program } from './stand.ts'

/** Where an authorization leads its user: to the program, or to a question of ours. */
async function led(provider: Provider, ann: Person, more: Record<string, string>): Promise<URL> {
  const { url } = await begin(await program(provider, 'ledger'), more)
  let place = url
  for (let leaps = 0; leaps < 3; leaps++) {
    const next = (await ann.go(place.href)).headers.get('location') ?? assert.fail('led nowhere')
    place = new URL(next, provider.origin)
    if (place.origin !== provider.origin || place.pathname.startsWith('/account/')) return place
  }
  return place
}

const asked = (place: URL): boolean => place.pathname === '/account/consent'

test('what was agreed to covers less, and never more', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const scope = 'openid note.read'
  const first = await tokensOf(provider, ann, { scope })
  assert.ok(await works(provider, first.access_token))
  const less = await led(provider, ann, { scope: 'note.read' })
  assert.ok(less.searchParams.get('code'), 'not asked again')
  for (const more of ['openid note.read note.write', 'openid email', 'note.write']) {
    assert.ok(asked(await led(provider, ann, { scope: more })), more)
    const silent = await led(provider, ann, { scope: more, prompt: 'none' })
    assert.equal(silent.searchParams.get('error'), 'consent_required', more)
    assert.equal(silent.searchParams.get('code'), null, more)
  }
  // What nobody offers is neither asked about nor given.
  const odd = await tokensOf(provider, ann, { scope: `${scope} user.write admin read` })
  const told = await post(provider, '/oauth/introspect', {
    ...{ token: odd.access_token, client_id: 'ledger' },
  })
  assert.equal(told.told.scope, scope)
  // A wider one, once agreed to, widens no token that is there already.
  await tokensOf(provider, ann, { scope: 'openid note.read note.write' })
  const headers = { authorization: `Bearer ${first.access_token}` }
  const write = { method: 'POST', body: '{"title":"x"}' }
  const json = { ...headers, 'content-type': 'application/json' }
  const beyond = await fetch(`${provider.origin}/api/notes`, { ...write, headers: json })
  assert.equal(beyond.status, 403)
})

test('a native program, and one that asks to, is agreed to each time', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  await tokensOf(provider, ann)
  assert.ok(asked(await led(provider, ann, { prompt: 'consent' })))
  const phone = await program(provider, 'phone')
  for (let times = 0; times < 2; times++) {
    const { url } = await begin(phone, { redirect_uri: 'http://127.0.0.1:4711/back' })
    const place = (await ann.go(url.href)).headers.get('location') ?? ''
    assert.match(place, /^\/account\/consent/)
    assert.ok((await ann.authorize(url)).searchParams.get('code'))
  }
})

test('C12: who wants to see its user again gets no old session', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  await tokensOf(provider, ann)
  provider.clock.advance(120_000)
  for (const more of [{ prompt: 'login' }, { max_age: '60' }]) {
    const interaction = (await led(provider, ann, more)).searchParams.get('interaction')
    const asks = async (): Promise<unknown> => {
      const told = await (await ann.ask(`consent?interaction=${interaction}`)).json()
      return (told as { asks: unknown }).asks
    }
    assert.equal(await asks(), 'proof')
    const early = await ann.go(`/oauth/authorize/${interaction}`)
    assert.doesNotMatch(early.headers.get('location') ?? '', /code=/)
    assert.equal((await ann.ask('give-consent', { interaction, allow: true })).status, 404)
    provider.clock.advance(90_000)
  }
  const silent = await led(provider, ann, { prompt: 'none', max_age: '60' })
  assert.equal(silent.searchParams.get('error'), 'login_required')
  const { exchange } = await codeOf(provider, ann, { max_age: '100000' })
  const { told } = await post(provider, '/oauth/token', exchange)
  const [, payload = ''] = String(told.id_token).split('.')
  const { auth_time: at } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
    auth_time: number
  }
  assert.ok(at * 1_000 <= provider.clock.now() - 300_000, 'when a factor was shown')
})

test('C18: an answer counts for who was asked, where they were, once', async (context) => {
  const provider = await openProvider(context)
  const [ann, eve] = [await person(provider), await person(provider, 'eve@notes.example')]
  const interaction =
    (await led(provider, ann, {})).searchParams.get('interaction') ?? assert.fail('not asked')
  const answer = { interaction, allow: true }
  assert.equal((await eve.ask(`consent?interaction=${interaction}`)).status, 404)
  assert.equal((await eve.ask('give-consent', answer)).status, 404)
  assert.equal((await ann.ask('give-consent', { ...answer, interaction: 'x' })).status, 404)
  assert.equal((await ann.ask('give-consent', answer)).status, 200)
  assert.equal((await ann.ask('give-consent', { ...answer, allow: false })).status, 404)
  // Another browser, though it is hers or another's, does not go on with it.
  const on = `/oauth/authorize/${interaction}`
  for (const session of [ann.session, eve.session]) {
    const headers = { cookie: `__Host-sid=${session}` }
    const stolen = await fetch(provider.origin + on, { headers, redirect: 'manual' })
    assert.doesNotMatch(stolen.headers.get('location') ?? '', /code=/)
  }
  const done = await ann.go(on)
  assert.match(done.headers.get('location') ?? '', /^https:\/\/ledger\.example\/back\?code=/)
  const again = await ann.go(on)
  assert.doesNotMatch(again.headers.get('location') ?? '', /code=/)
  // Eve signs in where Ann has been asked: nothing of Ann's answer is hers.
  const hers = (await led(provider, ann, { prompt: 'consent' })).searchParams.get('interaction')
  await ann.ask('give-consent', { interaction: hers, allow: true })
  ann.jar.set('__Host-sid', eve.session)
  const swapped = await ann.go(`/oauth/authorize/${hers}`)
  assert.doesNotMatch(swapped.headers.get('location') ?? '', /code=/)
})

test('no is told to the program, and kept by nobody', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const { url, state } = await begin(await program(provider, 'ledger'))
  const place = await ann.authorize(url, false)
  assert.equal(place.searchParams.get('error'), 'access_denied')
  assert.equal(place.searchParams.get('state'), state)
  assert.equal(place.searchParams.get('iss'), provider.origin, 'RFC 9207')
  assert.ok(asked(await led(provider, ann, {})))
  const { apps } = (await (await ann.ask('apps')).json()) as { apps: readonly object[] }
  assert.deepEqual(apps, [])
})

function isAboutIssuer(error: unknown): boolean {
  return /iss/.test(String(error instanceof Error && error.cause))
}

test('C19: answers are told apart from those of another issuer or user', async (context) => {
  const provider = await openProvider(context)
  const [ann, eve] = [await person(provider), await person(provider, 'eve@notes.example')]
  const config = await program(provider, 'ledger')
  const { url, verifier, state } = await begin(config)
  const good = await ann.authorize(url)
  const checks = { pkceCodeVerifier: verifier, expectedState: state }
  const mixed = new URL(good)
  mixed.searchParams.set('iss', 'https://other.example')
  await assert.rejects(client.authorizationCodeGrant(config, mixed, checks), isAboutIssuer)
  const silent = new URL(good)
  silent.searchParams.delete('iss')
  await assert.rejects(client.authorizationCodeGrant(config, silent, checks), isAboutIssuer)
  // A code that was begun elsewhere is good for no other beginning.
  const other = await begin(config)
  const injected = await eve.authorize(other.url)
  injected.searchParams.set('state', state)
  await assert.rejects(client.authorizationCodeGrant(config, injected, checks))
  const got = await client.authorizationCodeGrant(config, good, checks)
  assert.equal(got.claims()?.sub, ann.id)
  assert.equal(got.claims()?.aud, 'ledger')
})

test('programs learn of their user what was agreed to, and no more', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const facts = async (scope: string): Promise<Record<string, unknown>> => {
    const { access_token: token } = await tokensOf(provider, ann, { scope })
    const headers = { authorization: `Bearer ${token}` }
    const response = await fetch(`${provider.origin}/oauth/userinfo`, { headers })
    const told = (await response.json()) as Record<string, unknown>
    return response.ok ? told : { status: response.status }
  }
  const sub = ann.id
  assert.deepEqual(await facts('openid'), { sub })
  assert.deepEqual(await facts('openid profile'), { sub, name: 'Ann' })
  const email = { email: 'ann@notes.example', email_verified: false }
  assert.deepEqual(await facts('openid email note.read'), { sub, ...email })
  assert.deepEqual(await facts('note.read'), { status: 403 })
  const { exchange } = await codeOf(provider, ann, { scope: 'openid profile email' })
  const { told } = await post(provider, '/oauth/token', exchange)
  const [, payload = ''] = String(told.id_token).split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
  assert.deepEqual(Object.keys(claims).sort(), ['aud', 'exp', 'iat', 'iss', 'sub'])
})

test('C28: `me` tells a program no more than its user agreed to, by one statement', async (t) => {
  const provider = await openProvider(t)
  const ann = await person(provider)
  const { database } = provider.running.runtime
  const told = async (scope: string) => {
    const { access_token: token } = await tokensOf(provider, ann, { scope })
    const headers = { authorization: `Bearer ${token}` }
    const ask = (path: string, body?: string) =>
      fetch(provider.origin + path, {
        ...(body === undefined ? {} : { method: 'POST', body }),
        headers: { ...headers, 'content-type': 'application/json' },
      })
    await ask('/api/notes')
    const queries = t.mock.method(database, 'query').mock
    const { user } = (await (await ask('/api/identity/me')).json()) as { user: object }
    assert.equal(queries.callCount(), 1)
    queries.restore()
    const query = '{ identityMe { ... on IdentityMePayload { result } } }'
    const other = await (await ask('/api/graphql', JSON.stringify({ query }))).text()
    assert.equal(/ann@notes/.test(other), scope.includes('email'), other)
    return user
  }
  const { id } = ann
  assert.deepEqual(await told('note.read'), { id })
  assert.deepEqual(await told('openid note.read'), { id })
  assert.deepEqual(await told('openid email note.read'), { id, email: 'ann@notes.example' })
  assert.deepEqual(await told('openid profile note.read'), { id, name: 'Ann' })
})

test('nobody lets in more programs than they can see', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const { database, clock } = provider.running.runtime
  const text = `insert into oauth.oauth_consent
      (id, created_at, updated_at, version, user_id, client_id, client_name, scopes)
    select gen_random_uuid(), $2, $2, 1, $1::uuid, 'other-' || n, 'Other', '{}'
    from generate_series(1, 200) n`
  await database.query({ text, values: [ann.id, instantText(clock.now())] })
  const interaction = (await led(provider, ann, {})).searchParams.get('interaction')
  const over = await ann.ask('give-consent', { interaction, allow: true })
  assert.equal(over.status, 409)
  assert.match(await over.text(), /shut one out first/)
  await ann.ask('remove-app', { id: 'other-7' })
  assert.equal((await ann.ask('give-consent', { interaction, allow: true })).status, 200)
  assert.equal(new URL(back).origin, 'https://ledger.example')
})

test('a guest has nothing to share, and is told so in place of a circle', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const text = 'update identity."user" set guest = true where id = $1::uuid'
  await provider.running.runtime.database.query({ text, values: [ann.id] })
  const place = await led(provider, ann, {})
  const page = await ann.go(place.href)
  assert.equal(page.status, 403)
  assert.match(await page.text(), /make an account first/)
  const interaction = place.searchParams.get('interaction')
  assert.equal((await ann.ask('give-consent', { interaction, allow: true })).status, 403)
  assert.equal((await ann.ask('device', { code: 'BCDF-GHJK' })).status, 403)
})
