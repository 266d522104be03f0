import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../base/limits.ts'
import { officeProof, post, rowsOf } from './asking.ts'
import { back, begin, client, openProvider, person, program } from './stand.ts'

const asked = {
  ...{ client_id: 'ledger', response_type: 'code', redirect_uri: back, scope: 'note.read' },
  ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' },
}

test('RFC 9126: what was sent ahead is asked for once, within a minute', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const config = await program(provider, 'ledger')
  const verifier = client.randomPKCECodeVerifier()
  const url = await client.buildAuthorizationUrlWithPAR(config, {
    ...{ redirect_uri: back, scope: 'openid note.read', state: 'of-ledger' },
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri'])
  const foreign = new URL(url)
  foreign.searchParams.set('client_id', 'phone')
  assert.equal((await ann.go(foreign.href)).headers.get('location'), null)
  // What the address says beside it counts for nothing.
  url.searchParams.set('scope', 'openid note.write')
  const led = await ann.authorize(url)
  const checks = { pkceCodeVerifier: verifier, expectedState: 'of-ledger' }
  const got = await client.authorizationCodeGrant(config, led, checks)
  assert.equal(got.scope, 'openid note.read')
  assert.equal((await ann.go(url.href)).headers.get('location'), null, 'used once')
  const late = await post(provider, '/oauth/par', asked)
  assert.equal(late.status, 201)
  provider.clock.advance(60_000)
  const place = new URL('/oauth/authorize', provider.origin)
  place.searchParams.set('client_id', 'ledger')
  place.searchParams.set('request_uri', String(late.told.request_uri))
  const answer = await ann.go(place.href)
  assert.equal(answer.headers.get('location'), null)
  assert.match(await answer.text(), /request_uri is invalid, expired, or was already used/)
})

test('RFC 9126: what could not be asked for cannot be sent ahead', async (context) => {
  const provider = await openProvider(context)
  const wrong: readonly object[] = [
    { redirect_uri: 'https://evil.example/' },
    { code_challenge_method: 'plain' },
    { code_challenge: '' },
    { response_type: 'token' },
    { client_id: 'office' },
    { client_id: 'nobody' },
    { request_uri: 'urn:ietf:params:oauth:request_uri:x' },
    { request_uri: 'https://evil.example/request.jwt' },
    { request: 'eyJhbGciOiJub25lIn0.e30.' },
    { resource: 'https://other.example' },
  ]
  for (const more of wrong) {
    const { status, told } = await post(provider, '/oauth/par', { ...asked, ...more })
    assert.ok(status === 400 || status === 401, `${JSON.stringify(more)} ${status}`)
    assert.equal(told.request_uri, undefined)
  }
  const long = await post(provider, '/oauth/par', { ...asked, state: 'x'.repeat(20_000) })
  assert.equal(long.status, 413)
  assert.equal(long.told.code, 'body_too_large')
  assert.equal(await rowsOf(provider, 'oauth.oauth_pushed_request'), 0)
})

test('what guests can make us keep is counted, on all nodes together', async (context) => {
  const provider = await openProvider(context)
  const most = limits.oauthRequestsPerMinutePerNetwork
  const push = () => post(provider, '/oauth/par', asked)
  const half = Array.from({ length: most / 2 }, push)
  assert.ok((await Promise.all(half)).every(({ status }) => status === 201))
  const { url } = await begin(await program(provider, 'ledger'))
  const visit = () => fetch(url, { redirect: 'manual' })
  const visits = await Promise.all(Array.from({ length: most / 2 + 5 }, visit))
  const places = visits.map(({ headers }) => headers.get('location') ?? '')
  assert.equal(places.filter((place) => place.startsWith('/account/consent')).length, most / 2)
  const told = places.filter((place) => place.startsWith(back))
  assert.equal(told.length, 5, 'the program is told, and can say it to its user')
  assert.match(told[0] ?? '', /error=temporarily_unavailable/)
  const over = await push()
  assert.equal(over.status, 429)
  assert.match(over.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
  assert.equal(await rowsOf(provider, 'oauth.oauth_interaction'), most / 2)
  assert.equal(await rowsOf(provider, 'oauth.oauth_pushed_request'), most / 2)
  // The server of a program that has proved itself speaks for all of its users.
  const office = {
    ...asked,
    ...{ client_id: 'office', redirect_uri: 'https://office.example/b' },
  }
  const { origin } = provider
  const proved = await post({ origin, headers: officeProof }, '/oauth/par', office)
  assert.equal(proved.status, 201)
  // Counted in the database: another node knows of it.
  const text = "select count(*) from plinth.allowance where key like 'oauth-request:%'"
  const { rows } = await provider.running.runtime.database.query({ text, values: [] })
  assert.equal(Number(rows[0]?.[0]), 2)
  provider.clock.advance(60_000)
  assert.equal((await push()).status, 201)
})
