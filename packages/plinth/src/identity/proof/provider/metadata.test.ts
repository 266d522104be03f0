import assert from 'node:assert/strict'
import { test } from 'node:test'
import { post, tokensOf, works } from './asking.ts'
import { begin, client, openProvider, type Provider, person, program } from './stand.ts'

type Description = Readonly<Record<string, unknown>>

async function described({ origin }: Provider, name: string): Promise<Description> {
  const response = await fetch(`${origin}/.well-known/${name}`)
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/)
  return (await response.json()) as Description
}

// What an endpoint says to a request that means nothing: it is there, and it is the right one.
const answers: Readonly<Record<string, readonly [method: string, status: number, says: RegExp]>> = {
  authorization_endpoint: ['GET', 400, /client_id/],
  token_endpoint: ['POST', 400, /invalid_request|grant_type/],
  revocation_endpoint: ['POST', 400, /invalid_request|client/],
  introspection_endpoint: ['POST', 400, /invalid_request|client/],
  userinfo_endpoint: ['GET', 401, /no access token provided/],
  device_authorization_endpoint: ['POST', 400, /invalid_request|client/],
  pushed_authorization_request_endpoint: ['POST', 400, /invalid_request|client/],
  jwks_uri: ['GET', 200, /"keys":\[\{/],
  end_session_endpoint: ['GET', 303, /signed-out/],
}

test('RFC 8414: each place that is named is there, and none beside', async (context) => {
  const provider = await openProvider(context)
  const server = await described(provider, 'oauth-authorization-server')
  assert.deepEqual(await described(provider, 'openid-configuration'), server)
  const named = Object.keys(server).filter((name) => /_(endpoint|uri)$/.test(name))
  assert.deepEqual(named.sort(), Object.keys(answers).sort())
  for (const [name, [method, status, says]] of Object.entries(answers)) {
    const place = String(server[name])
    assert.ok(place.startsWith(`${provider.origin}/oauth/`), place)
    const response = await fetch(place, {
      ...{ method, redirect: 'manual' },
      ...(method === 'POST' ? { body: new URLSearchParams() } : {}),
    })
    assert.equal(response.status, status, name)
    assert.match(await response.text(), says, name)
  }
  assert.equal(server.issuer, provider.origin)
  assert.deepEqual(server.response_types_supported, ['code'])
  assert.deepEqual(server.response_modes_supported, ['query'])
  assert.deepEqual(server.code_challenge_methods_supported, ['S256'])
  assert.deepEqual(server.grant_types_supported, [
    ...['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  ])
  assert.deepEqual(server.token_endpoint_auth_methods_supported, [
    ...['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  ])
  assert.equal(server.authorization_response_iss_parameter_supported, true)
  assert.deepEqual(server.scopes_supported, [
    ...['openid', 'profile', 'email', 'offline_access', 'note.read', 'note.write'],
  ])
  const off = /registration|backchannel|check_session|dpop|request_object|mtls|claims_parameter/
  const told = Object.entries(server).filter(([name, value]) => off.test(name) && value !== false)
  assert.deepEqual(told, [])
})

test('what is not offered is not there, whatever the library could do', async (context) => {
  const { origin } = await openProvider(context)
  const paths = ['register', 'reg', 'backchannel', 'session/end', 'me', 'device/auth', 'challenge']
  for (const path of [...paths, 'end-session/confirm', 'end-session/success', 'device/x', '']) {
    const { status } = await fetch(`${origin}/oauth/${path}`, { redirect: 'manual' })
    assert.equal(status, 404, path)
  }
  for (const method of ['PUT', 'DELETE', 'PATCH']) {
    assert.equal((await fetch(`${origin}/oauth/token`, { method })).status, 405, method)
  }
  assert.equal((await fetch(`${origin}/.well-known/openid-credential-issuer`)).status, 404)
})

test('RFC 9728: the API says who gives tokens for it; its refusals name where', async (context) => {
  const provider = await openProvider(context)
  const { origin } = provider
  const resource = await described(provider, 'oauth-protected-resource')
  assert.deepEqual(resource, {
    ...{ resource: origin, authorization_servers: [origin], resource_name: 'Notes' },
    ...{ scopes_supported: ['note.read', 'note.write'], bearer_methods_supported: ['header'] },
  })
  const headers = { 'content-type': 'application/json' }
  const challenge = async (more: Record<string, string>, path = '/api/notes') => {
    const request = { method: 'POST', body: '{"title":"x"}', headers: { ...headers, ...more } }
    const response = await fetch(origin + path, request)
    return [response.status, response.headers.get('www-authenticate')]
  }
  const place = `resource_metadata="${origin}/.well-known/oauth-protected-resource"`
  assert.deepEqual(await challenge({}), [401, `Bearer ${place}`])
  const bad = { authorization: 'Bearer plo_nothing' }
  assert.deepEqual(await challenge(bad), [401, `Bearer error="invalid_token", ${place}`])
  const ann = await person(provider)
  const { access_token: token } = await tokensOf(provider, ann)
  const [status, told] = await challenge({ authorization: `Bearer ${token}` })
  assert.equal(status, 403)
  assert.equal(told, `Bearer error="insufficient_scope", scope="note.create", ${place}`)
})

test('RFC 8707: a token is for the API that it was asked for', async (context) => {
  const provider = await openProvider(context)
  const { origin, running } = provider
  const ann = await person(provider)
  const config = await program(provider, 'ledger')
  for (const resource of ['https://other.example/', `${origin}/other`, `${origin}@evil.example`]) {
    const { url } = await begin(config, { resource })
    const led = new URL((await ann.go(url.href)).headers.get('location') ?? '', origin)
    assert.equal(led.searchParams.get('error'), 'invalid_target', resource)
    assert.equal(led.searchParams.get('iss'), origin, 'RFC 9207: of failures too')
  }
  const said = await tokensOf(provider, ann, { resource: origin })
  assert.ok(await works(provider, said.access_token))
  const told = await post(provider, '/oauth/introspect', {
    ...{ token: said.access_token, client_id: 'ledger' },
  })
  assert.equal(told.told.aud, origin)
  assert.equal(told.told.scope, 'openid email note.read')
  // One that was made for another API, or for none, opens ours as little as a stranger's.
  const change = async (resource: string | null): Promise<void> => {
    const text = 'update oauth.oauth_access_token set resource = $1'
    await running.runtime.database.query({ text, values: [resource] })
  }
  await change('https://other.example')
  assert.ok(!(await works(provider, said.access_token)))
  await change(null)
  assert.ok(!(await works(provider, said.access_token)))
  await change(origin)
  assert.ok(await works(provider, said.access_token))
})

test('pages of the provider are framed by nobody, and kept by nobody', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const config = await program(provider, 'ledger')
  const { url } = await begin(config)
  const begun = await ann.go(url.href)
  const places = [
    begun.headers.get('location') ?? assert.fail('not asked'),
    ...['/account/device', '/account/apps', '/account/sign-out-of'],
    '/oauth/authorize?client_id=nobody',
  ]
  for (const place of places) {
    const response = await ann.go(place)
    const policy = response.headers.get('content-security-policy') ?? ''
    assert.match(policy, /frame-ancestors 'none'/, place)
    assert.match(policy, /default-src 'none'/, place)
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff', place)
    assert.match(response.headers.get('cache-control') ?? '', /no-store/, place)
    assert.match(response.headers.get('referrer-policy') ?? '', /no-referrer/, place)
  }
  assert.match(begun.headers.get('cache-control') ?? '', /no-store/)
  assert.ok(client)
})

test('a page of another site reads no answer of the provider', async (context) => {
  const provider = await openProvider(context)
  const { origin } = provider
  const headers = { origin: 'https://evil.example' }
  const { access_token: token } = await tokensOf(provider, await person(provider))
  const shown = { ...headers, authorization: `Bearer ${token}` }
  const facts = await fetch(`${origin}/oauth/userinfo`, { headers: shown })
  assert.doesNotMatch(await facts.text(), /notes\.example/)
  assert.equal(facts.headers.get('access-control-allow-origin'), null)
  for (const path of ['/oauth/token', '/oauth/introspect', '/oauth/par', '/oauth/revoke']) {
    const body = new URLSearchParams({ client_id: 'ledger', token: 'x' })
    const response = await fetch(origin + path, { method: 'POST', body, headers })
    assert.equal(response.headers.get('access-control-allow-origin'), null, path)
    assert.equal(response.headers.get('access-control-allow-credentials'), null, path)
  }
  // A program that runs in a browser, by its own address, may ask: it brings no cookie.
  const own = { origin: 'https://ledger.example' }
  const body = new URLSearchParams({ client_id: 'ledger', grant_type: 'authorization_code' })
  const response = await fetch(`${origin}/oauth/token`, { method: 'POST', body, headers: own })
  assert.equal(response.headers.get('access-control-allow-origin'), 'https://ledger.example')
  assert.equal(response.headers.get('access-control-allow-credentials'), null)
})
