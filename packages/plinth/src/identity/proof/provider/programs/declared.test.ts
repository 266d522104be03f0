/** Proves what an app can demand of its programs: fewer scopes, keys, requests sent ahead. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { None, PrivateKeyJwt } from 'openid-client'
import { tokens } from '../../../../app/people/sessions.ts'
import { addClient, changeClient } from '../../../../app/provider/registry.ts'
import { Failure } from '../../../../base/failure.ts'
import type { ClientSpec } from '../../../../define/app/provider.ts'
import { clientProblems } from '../../../provider/clients.ts'
import { post } from '../asking.ts'
import { back, begin, client, openProvider, type Provider, person } from '../stand.ts'

const reader = { id: 'reader', name: 'Reader', redirects: [back], scopes: ['note.read'] }

const configured = (provider: Provider, id: string, proof = None()) =>
  client.discovery(new URL(provider.origin), id, {}, proof, {
    execute: [client.allowInsecureRequests],
  })

/** A provider with a client: of its declaration, or of the operator's command. */
async function providerWith(context: TestContext, from: 'declared' | 'added', spec: ClientSpec) {
  if (from === 'declared') return openProvider(context, { provider: { clients: [spec] } })
  const provider = await openProvider(context)
  await addClient(registryOf(provider), { ...spec, confidential: false })
  return provider
}

function registryOf({ running, clock }: Provider) {
  const scopes = { 'note.read': 'See your notes', 'note.write': 'See and change your notes' }
  return { records: running.users.records, tokens, clock, provider: { clients: [], scopes } }
}

test('ASVS 10.4.11: a client gets the scopes declared for it, no more', async (context) => {
  for (const from of ['declared', 'added'] as const) await getsItsScopes(context, from)
})

async function getsItsScopes(context: TestContext, from: 'declared' | 'added') {
  const provider = await providerWith(context, from, { ...reader, native: true })
  const ann = await person(provider)
  const config = await configured(provider, 'reader')
  const { url, verifier, state } = await begin(config, { scope: 'openid note.read note.write' })
  const place = (await ann.go(url.href)).headers.get('location') ?? ''
  const page = await (await ann.go(place)).text()
  assert.match(page, /See your notes/)
  assert.doesNotMatch(page, /See and change your notes/, 'nobody is asked for more')
  assert.match(page, /For at most 30 days, until you sign out, unless you shut it out before/)
  const led = await ann.authorize(url)
  const checks = { pkceCodeVerifier: verifier, expectedState: state }
  const got = await client.authorizationCodeGrant(config, led, checks)
  assert.equal(got.scope, 'openid note.read')
  const write = (token: string) =>
    fetch(`${provider.origin}/api/notes`, {
      ...{ method: 'POST', body: '{"title":"x"}' },
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    })
  assert.equal((await write(got.access_token)).status, 403)
  const wider = { refresh_token: String(got.refresh_token), scope: 'openid note.read note.write' }
  const asked = { grant_type: 'refresh_token', client_id: 'reader', ...wider }
  assert.equal((await post(provider, '/oauth/token', asked)).status, 400)
  const { told } = await post(provider, '/oauth/device', {
    ...{ client_id: 'reader', scope: 'note.write note.read' },
  })
  const shown = await ann.ask('device', { code: told.user_code })
  const { scopes } = (await shown.json()) as { scopes: readonly { scope: string }[] }
  assert.deepEqual(
    scopes.map(({ scope }) => scope),
    ['note.read'],
  )
}

test('ASVS 10.4.11: scopes that were taken from a client come no more', async (context) => {
  const provider = await openProvider(context)
  const added = { ...reader, scopes: ['note.read', 'note.write'] }
  await addClient(registryOf(provider), { ...added, confidential: false })
  const ann = await person(provider)
  const config = await configured(provider, 'reader')
  const { url, verifier, state } = await begin(config, { scope: 'openid note.read note.write' })
  const checks = { pkceCodeVerifier: verifier, expectedState: state }
  const led = await ann.authorize(url)
  const got = await client.authorizationCodeGrant(config, led, checks)
  assert.equal(got.scope, 'openid note.read note.write')
  await changeClient(registryOf(provider), { id: 'reader', scopes: ['note.read'] })
  const next = await client.refreshTokenGrant(config, String(got.refresh_token))
  assert.equal(next.scope, 'openid note.read')
  const again = await begin(config, { scope: 'openid note.read note.write' })
  const place = (await ann.go(again.url.href)).headers.get('location') ?? ''
  const code = new URL(place, provider.origin).searchParams.get('code') ?? assert.fail(place)
  const exchange = { grant_type: 'authorization_code', client_id: 'reader', redirect_uri: back }
  const sent = { ...exchange, code, code_verifier: again.verifier }
  const { told } = await post(provider, '/oauth/token', sent)
  assert.equal(told.scope, 'openid note.read')
})

test('ASVS 10.4.16: a client with keys proves itself by them, each proof once', async (context) => {
  for (const from of ['declared', 'added'] as const) await provesItselfByKeys(context, from)
})

async function provesItselfByKeys(context: TestContext, from: 'declared' | 'added') {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' }]
  const bank: ClientSpec = { id: 'bank', name: 'Bank', redirects: [back], keys }
  const provider = await providerWith(context, from, bank)
  const ann = await person(provider)
  const proof = PrivateKeyJwt({ key: privateKey, kid: 'one' })
  const config = await configured(provider, 'bank', proof)
  const { url, verifier, state } = await begin(config)
  const led = await ann.authorize(url)
  const code = led.searchParams.get('code') ?? assert.fail(led.href)
  const exchange = {
    ...{ grant_type: 'authorization_code', client_id: 'bank', redirect_uri: back },
    ...{ code, code_verifier: verifier },
  }
  const unproved = await post(provider, '/oauth/token', exchange)
  assert.equal(unproved.status, 401, 'a code alone is nothing')
  const assertion = (key: CryptoKey) =>
    new SignJWT({ iss: 'bank', sub: 'bank', aud: provider.origin, jti: 'once' })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(key)
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  const by = async (key: CryptoKey) => ({
    ...{ ...exchange, client_assertion_type: type, client_assertion: await assertion(key) },
  })
  const other = await generateKeyPair('ES256')
  assert.equal((await post(provider, '/oauth/token', await by(other.privateKey))).status, 401)
  const checks = { pkceCodeVerifier: verifier, expectedState: state }
  const got = await client.authorizationCodeGrant(config, led, checks)
  assert.ok(got.access_token.startsWith('plo_'))
  const mine = await by(privateKey)
  const first = await post(provider, '/oauth/token', mine)
  assert.equal(first.told.error, 'invalid_grant', 'its proof counts, its code does no more')
  const again = await post(provider, '/oauth/token', mine)
  assert.equal(again.told.error, 'invalid_client', 'a proof is good once')
}

test('ASVS 10.4.13: an app demands that requests are sent ahead', async (context) => {
  const provider = await openProvider(context, { provider: { pushed: 'required' } })
  const ann = await person(provider)
  const config = await configured(provider, 'ledger')
  assert.equal(config.serverMetadata().require_pushed_authorization_requests, true)
  const { url, verifier } = await begin(config)
  const refused = await ann.go(url.href)
  const place = refused.headers.get('location') ?? ''
  assert.match(place + (await refused.text()), /invalid_request|Pushed Authorization Request/)
  assert.doesNotMatch(place, /interaction=|code=/)
  const sent = await client.buildAuthorizationUrlWithPAR(config, {
    ...{ redirect_uri: back, scope: 'openid note.read', state: 'ahead' },
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  assert.ok((await ann.authorize(sent)).searchParams.get('code'))
})

test('what a client declares of keys and scopes is checked with the declaration', async () => {
  const { publicKey, privateKey } = await generateKeyPair('Ed25519', { extractable: true })
  const [open, secret] = [await exportJWK(publicKey), await exportJWK(privateKey)]
  const told = (more: Partial<ClientSpec>) =>
    clientProblems({ id: 'x', name: 'X', redirects: [back], ...more }).join(' ')
  assert.equal(told({ keys: [{ ...open }] }), '')
  assert.match(told({ keys: [{ ...secret }] }), /One of its keys is private/)
  assert.match(told({ keys: [] }), /at least one/)
  assert.match(told({ keys: [{ kty: 'oct' }] }), /RSA, EC or Ed25519/)
  for (const key of [{ kty: 'RSA' }, { kty: 'EC', crv: 'P-256', x: 'a' }, { kty: 'OKP', x: 5 }]) {
    assert.match(told({ keys: [key] }), /lacks a part/, JSON.stringify(key))
  }
  assert.match(told({ keys: [{ ...open }], secret: 'x'.repeat(40) }), /keys and a secret/)
  assert.match(told({ keys: [{ ...open }], native: true }), /cannot keep a private key/)
})

test('a client has no scope that the provider does not offer', async (context) => {
  const clients = [{ ...reader, scopes: ['note.read', 'note.burn'] }]
  const opening = openProvider(context, { provider: { clients } })
  await assert.rejects(opening, (error: unknown) => {
    assert.ok(error instanceof Failure)
    assert.match(error.detail, /The client "reader" has "note.burn": list it there first/)
    return true
  })
})
