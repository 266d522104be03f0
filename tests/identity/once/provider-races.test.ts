/** Proves that of fifty who come at once with what a program was given, one gets through. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  codeOf,
  post,
  refresh,
  rowsOf,
  type Told,
  works,
} from '../../../packages/plinth/src/identity/proof/provider/asking.ts'
import {
  back,
  begin,
  client,
  person,
  program,
} from '../../../packages/plinth/src/identity/proof/provider/stand.ts'
import { worldScene } from './world.ts'

const scene = worldScene()
const often = 50

/** Fifty at once. Returns what those were told who got something. */
async function race(attempt: () => Promise<Told>): Promise<readonly Told[]> {
  const all = await Promise.all(Array.from({ length: often }, attempt))
  const good = all.filter(({ status }) => status < 300)
  for (const { status, told } of all.filter((each) => !good.includes(each))) {
    assert.ok(status === 400 || status === 429, `${status} ${JSON.stringify(told)}`)
  }
  return good
}

test('C23: of fifty who exchange a code at once one at most gets a token, which ends', async () => {
  const { provider } = scene.world
  const ann = await person(provider, 'code@notes.example')
  const { exchange } = await codeOf(provider, ann)
  const good = await race(() => post(provider, '/oauth/token', exchange))
  assert.ok(good.length <= 1, `${good.length} got tokens`)
  for (const { told } of good) {
    assert.ok(!(await works(provider, told.access_token)), 'one of them has stolen it')
    assert.equal((await refresh(provider, told.refresh_token)).status, 400)
  }
  const text = 'select count(*) from oauth.oauth_access_token'
  const { rows } = await provider.running.runtime.database.query({ text, values: [] })
  assert.equal(Number(rows[0]?.[0]), 0, 'and none is kept')
})

test('C24: of fifty who exchange a refresh token at once all get the one child', async () => {
  const { provider } = scene.world
  const ann = await person(provider, 'refresh@notes.example')
  const { exchange } = await codeOf(provider, ann)
  const { told } = await post(provider, '/oauth/token', exchange)
  const before = await rowsOf(provider, 'oauth.oauth_refresh_token')
  const good = await race(() => refresh(provider, told.refresh_token))
  assert.ok(good.length >= 1)
  assert.equal(new Set(good.map((each) => each.told.refresh_token)).size, 1)
  assert.equal(await rowsOf(provider, 'oauth.oauth_refresh_token'), before + 1)
})

test('C23: of fifty who poll with one device code at once at most one gets a token', async () => {
  const { provider } = scene.world
  const ann = await person(provider, 'device@notes.example')
  const config = await program(provider, 'phone')
  const waiting = await client.initiateDeviceAuthorization(config, { scope: 'note.read' })
  assert.equal((await ann.ask('device', { code: waiting.user_code })).status, 200)
  const yes = { code: waiting.user_code, allow: true }
  assert.equal((await ann.ask('answer-device', yes)).status, 204)
  const polling = {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    ...{ device_code: waiting.device_code, client_id: 'phone' },
  }
  const good = await race(() => post(provider, '/oauth/token', polling))
  assert.ok(good.length <= 1, `${good.length} got tokens`)
  for (const { told } of good) assert.ok(!(await works(provider, told.access_token)))
})

test('C27: of fifty answers to one device at once one counts', async () => {
  const { provider } = scene.world
  const ann = await person(provider, 'answers@notes.example')
  const config = await program(provider, 'phone')
  const { user_code: code } = await client.initiateDeviceAuthorization(config, {
    scope: 'note.read',
  })
  assert.equal((await ann.ask('device', { code })).status, 200)
  const before = await rowsOf(provider, 'oauth.oauth_grant')
  const tries = Array.from({ length: often }, () => ann.ask('answer-device', { code, allow: true }))
  const statuses = (await Promise.all(tries)).map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 204).length, 1, statuses.join())
  assert.equal(await rowsOf(provider, 'oauth.oauth_grant'), before + 1)
})

test('C20: of fifty who bring one request that was sent ahead at once one is asked', async () => {
  const { provider } = scene.world
  provider.clock.advance(60_000)
  const ann = await person(provider, 'ahead@notes.example')
  const config = await program(provider, 'ledger')
  const verifier = client.randomPKCECodeVerifier()
  const url = await client.buildAuthorizationUrlWithPAR(config, {
    ...{ redirect_uri: back, scope: 'openid note.read', state: 'of-ledger' },
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  // What is agreed to already leads back at once: a code for each that gets through.
  const first = await begin(config, { scope: 'openid note.read' })
  await ann.authorize(first.url)
  const visits = Array.from({ length: often }, () => ann.go(url.href))
  const places = (await Promise.all(visits)).map(({ headers }) => headers.get('location') ?? '')
  const led = places.filter((place) => /[?&]code=|interaction=/.test(place))
  assert.equal(led.length, 1, JSON.stringify([...new Set(places)]))
})

test('C18: of fifty answers to one question of a program at once one counts', async () => {
  const { provider } = scene.world
  provider.clock.advance(60_000)
  const ann = await person(provider, 'question@notes.example')
  const { url } = await begin(await program(provider, 'ledger'))
  const asked = await ann.go(url.href)
  const place = new URL(asked.headers.get('location') ?? '', provider.origin)
  const interaction = place.searchParams.get('interaction') ?? assert.fail(place.href)
  const tries = Array.from({ length: often }, (_, index) =>
    ann.ask('give-consent', { interaction, allow: index % 2 === 0 }),
  )
  const statuses = (await Promise.all(tries)).map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 200).length, 1, statuses.join())
})
