import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { clearAway } from '../../../app/housekeeping.ts'
import { limits } from '../../../base/limits.ts'
import { rowsOf, tokensOf } from './asking.ts'
import { openProvider, type Provider, person, signedOutAt } from './stand.ts'

async function published({ origin }: Provider): Promise<JSONWebKeySet> {
  return (await (await fetch(`${origin}/oauth/keys`)).json()) as JSONWebKeySet
}

function keyIdOf(token: string): string {
  const [head = ''] = token.split('.')
  return (JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string }).kid
}

const dayMs = 86_400_000

test('keys change before they are old, and what the old one signed counts', async (context) => {
  const provider = await openProvider(context)
  const { clock, running, tested } = provider
  const early = await tokensOf(provider, await person(provider))
  const first = (await published(provider)).keys
  assert.equal(first.length, 1)
  assert.equal(keyIdOf(early.id_token), first[0]?.kid)
  const secret = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']
  assert.ok(secret.every((part) => !first.some((key) => part in key)))
  // A day before: the next one is told, and does not sign yet.
  clock.advance((limits.oauthKeyDays - 1) * dayMs + 1)
  const both = await published(provider)
  assert.equal(both.keys.length, 2)
  const ann = await person(provider, 'ann2@notes.example')
  const between = await tokensOf(provider, ann)
  assert.equal(keyIdOf(between.id_token), first[0]?.kid)
  clock.advance(dayMs)
  assert.equal((await published(provider)).keys.length, 2, 'still known for a day')
  const late = await tokensOf(provider, await person(provider, 'ann3@notes.example'))
  assert.equal(keyIdOf(late.id_token), both.keys.find(({ kid }) => kid !== first[0]?.kid)?.kid)
  const known = createLocalJWKSet(await published(provider))
  for (const token of [between.id_token, late.id_token]) {
    const { payload } = await jwtVerify(token, known, { audience: 'ledger' })
    assert.equal(payload.iss, provider.origin)
  }
  // By its hint a program may still ask for a sign-out.
  const place = new URL('/oauth/end-session', provider.origin)
  place.searchParams.set('id_token_hint', between.id_token)
  place.searchParams.set('post_logout_redirect_uri', signedOutAt)
  assert.equal((await fetch(place, { redirect: 'manual' })).headers.get('location'), signedOutAt)
  clock.advance(2 * dayMs)
  await tested.drain()
  await clearAway(running.runtime)
  assert.deepEqual(
    (await published(provider)).keys.map(({ kid }) => kid),
    [keyIdOf(late.id_token)],
  )
})

test('private keys are sealed where they are kept', async (context) => {
  const provider = await openProvider(context)
  await published(provider)
  const text = 'select sealed, key_id from oauth.oauth_key'
  const { rows } = await provider.running.runtime.database.query({ text, values: [] })
  const [sealed, keyId] = rows[0] ?? []
  assert.ok(sealed && keyId)
  // Words that are too long to stand in two thousand random letters by chance.
  assert.doesNotMatch(sealed, /"d"|"kty"|PRIVATE/)
  assert.doesNotMatch(Buffer.from(sealed, 'base64').toString('latin1'), /"d"|"kty"/)
  // One row's key in another row's place is no key.
  const move = "update oauth.oauth_key set key_id = 'other'"
  await provider.running.runtime.database.query({ text: move, values: [] })
  provider.clock.advance(6 * 60_000)
  const told = await published(provider)
  assert.ok(told.keys.every(({ kid }) => kid !== keyId))
  const warned = provider.logged.filter(({ message }) => message.includes('cannot be opened'))
  assert.ok(warned.length > 0)
})

test('nodes that start at once sign by one key', async (context) => {
  const provider = await openProvider(context)
  const others = await Promise.all([provider.openNode(), provider.openNode()])
  context.after(() => Promise.all(others.map((node) => node.close())))
  const ask = async (handler: typeof provider.running.handler): Promise<unknown> => {
    const request = { method: 'GET', path: '/oauth/keys', segments: ['oauth', 'keys'] }
    const from = { search: '', remoteAddress: '192.0.2.7', header: () => undefined }
    const { body } = await handler({ ...request, ...from } as unknown as Parameters<
      typeof handler
    >[0])
    const text = typeof body === 'string' ? body : new TextDecoder().decode(body ?? undefined)
    return (JSON.parse(text) as JSONWebKeySet).keys.map(({ kid }) => kid)
  }
  const nodes = [provider.running, ...others]
  const all = await Promise.all(nodes.map(({ handler }) => ask(handler)))
  assert.deepEqual(all[1], all[0])
  assert.deepEqual(all[2], all[0])
  assert.equal(await rowsOf(provider, 'oauth.oauth_key'), 1)
})
