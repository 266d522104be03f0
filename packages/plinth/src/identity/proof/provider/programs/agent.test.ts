import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { openProvider, person } from '../stand.ts'
import { openHost } from './host.ts'

const insecure = { [oauth.allowInsecureRequests]: true } as const
const back = 'http://127.0.0.1:43117/callback'

type Person = Awaited<ReturnType<typeof person>>

/** All that an agent has is the address of the API: the refusal names what describes it. */
async function discover(origin: string) {
  const headers = { 'content-type': 'application/json' }
  const bare = await fetch(`${origin}/api/notes`, { method: 'POST', body: '{}', headers })
  assert.equal(bare.status, 401)
  const named = /resource_metadata="([^"]+)"/.exec(bare.headers.get('www-authenticate') ?? '')?.[1]
  const told = await fetch(named ?? assert.fail('no metadata named'))
  const resource = await oauth.processResourceDiscoveryResponse(new URL(origin), told)
  const issuer = new URL(resource.authorization_servers?.[0] ?? '')
  const options = { ...insecure, algorithm: 'oauth2' } as const
  const answer = await oauth.discoveryRequest(issuer, options)
  const server = await oauth.processDiscoveryResponse(issuer, answer)
  assert.equal(server.client_id_metadata_document_supported, true)
  return { server, resource: resource.resource }
}

type Found = Awaited<ReturnType<typeof discover>>

/** Sends its user to say yes, and exchanges the code. */
async function letIn({ server, resource }: Found, id: string, user: Person) {
  const client: oauth.Client = { client_id: id }
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const url = new URL(server.authorization_endpoint ?? '')
  url.search = new URLSearchParams({
    ...{ response_type: 'code', client_id: id, redirect_uri: back, state },
    ...{ scope: 'note.read', resource, code_challenge_method: 'S256' },
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  }).toString()
  const led = await user.authorize(url)
  assert.equal(led.origin, 'http://127.0.0.1:43117')
  const checked = oauth.validateAuthResponse(server, client, led, state)
  const exchanged = await oauth.authorizationCodeGrantRequest(
    ...([server, client, oauth.None(), checked, back, verifier] as const),
    { ...insecure, additionalParameters: { resource } },
  )
  return oauth.processAuthorizationCodeResponse(server, client, exchanged)
}

function refresh({ server }: Found, id: string, token: string): Promise<Response> {
  const client = { client_id: id }
  return oauth.refreshTokenGrantRequest(server, client, oauth.None(), token, insecure)
}

test('an agent is let in for little, refused more, and shut out', async (context) => {
  const host = await openHost(context)
  const id = host.describe('/agent.json', { client_name: 'Helper', redirect_uris: [back] })
  const provider = await openProvider(context, { unregistered: true, outbound: host.outbound })
  const { origin } = provider
  const ann = await person(provider)
  const found = await discover(origin)
  const got = await letIn(found, id, ann)
  assert.equal(got.scope, 'note.read')

  const call = (token: string, method: string, path = '/api/notes') =>
    fetch(origin + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(method === 'POST' ? { body: '{"title":"x"}' } : {}),
    })
  assert.equal((await call(got.access_token, 'GET')).status, 200)
  const beyond = await call(got.access_token, 'POST')
  assert.equal(beyond.status, 403)
  const challenge = beyond.headers.get('www-authenticate') ?? ''
  assert.match(challenge, /error="insufficient_scope", scope="note\.create", resource_metadata=/)
  // Not its owner's sessions, and not what could make it more than it is.
  assert.equal((await call(got.access_token, 'GET', '/api/sessions')).status, 403)
  assert.equal((await call(got.access_token, 'GET', '/api/identity/apps')).status, 403)

  const listed = async () => (await (await ann.ask('apps')).json()) as { apps: readonly object[] }
  const [{ name, scopes } = {}] = (await listed()).apps as { name?: string; scopes?: object }[]
  assert.equal(name, new URL(host.origin).host, 'by its address, not by what it calls itself')
  assert.deepEqual(scopes, [{ scope: 'note.read', words: 'See your notes' }])
  const answer = await refresh(found, id, got.refresh_token ?? '')
  const newer = await oauth.processRefreshTokenResponse(found.server, { client_id: id }, answer)
  assert.equal((await call(newer.access_token, 'GET')).status, 200)
  assert.equal((await ann.ask('remove-app', { id })).status, 204)
  assert.equal((await call(newer.access_token, 'GET')).status, 401, 'dead for the next call')
  assert.equal((await refresh(found, id, newer.refresh_token ?? '')).status, 400)
  assert.deepEqual((await listed()).apps, [])
})
