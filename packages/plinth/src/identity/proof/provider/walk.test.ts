import assert from 'node:assert/strict'
import { test } from 'node:test'
import { begin, client, openProvider, person, program } from './stand.ts'

test('a program gets a token by code, calls with it, and gets another', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const config = await program(provider, 'ledger')
  const { url, verifier, state } = await begin(config, {
    prompt: 'consent',
    scope: 'openid email profile offline_access note.read',
  })
  const led = await ann.authorize(url)
  assert.equal(led.searchParams.get('iss'), provider.origin)
  const checks = { pkceCodeVerifier: verifier, expectedState: state }
  const got = await client.authorizationCodeGrant(config, led, checks)
  assert.match(got.access_token, /^plo_/)
  assert.match(got.refresh_token ?? '', /^plf_/)
  assert.equal(got.claims()?.sub, ann.id)
  const call = (token: string, path = '/api/notes', method = 'GET') =>
    fetch(provider.origin + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(method === 'POST' ? { body: '{"title":"x"}' } : {}),
    })
  assert.equal((await call(got.access_token)).status, 200)
  assert.equal((await call(got.access_token, '/api/notes', 'POST')).status, 403)
  const info = await client.fetchUserInfo(config, got.access_token, ann.id)
  assert.equal(info.email, 'ann@notes.example')
  const again = await client.refreshTokenGrant(config, got.refresh_token ?? '')
  assert.equal((await call(again.access_token)).status, 200)
  await client.tokenRevocation(config, again.refresh_token ?? '')
  assert.equal((await call(again.access_token)).status, 401)
})
