/**
 * Proves that each token of each type of today, those of organisations and of programs too, is
 * good in its own place alone (C21): every operation that takes one, and every address of OAuth.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateKeyPair, SignJWT } from 'jose'
import { tokens } from '../../../packages/plinth/src/app/people/sessions.ts'
import { Failure } from '../../../packages/plinth/src/base/failure.ts'
import {
  hourMs,
  isGood,
  type People,
  placesOf,
  rowOf,
} from '../../../packages/plinth/src/identity/proof/keys/token-places.ts'
import {
  type TokenType,
  tokenTypes,
  unprefixed,
} from '../../../packages/plinth/src/identity/proof/keys/token-types.ts'
import { tokensOf } from '../../../packages/plinth/src/identity/proof/provider/asking.ts'
import {
  type Provider,
  person,
} from '../../../packages/plinth/src/identity/proof/provider/stand.ts'
import { prefixes } from '../../../packages/plinth/src/identity/tokens.ts'
import { oauthPlaces } from './oauth-places.ts'
import { worldScene } from './world.ts'

const scene = worldScene()

const own: Readonly<Record<string, readonly string[]>> = {
  'oauth-access': ['bearer', 'oauth.userinfo', 'oauth.introspect'],
  'oauth-refresh': ['oauth.refresh', 'oauth.introspect'],
  'oauth-code': ['oauth.code'],
  'oauth-device': ['oauth.device'],
}

const ofOrganisation = ['key', 'agent'] as const

/** How the places ask the app: as code within the process does. */
function asking({ running, clock }: Provider) {
  return async (
    operation: string,
    input: object,
    given: { token?: string; from?: string } = {},
  ) => {
    const { token, from = 'bearer' } = given
    const credential = token === undefined ? undefined : { from: from as 'bearer', token }
    const whole = { operation, input, as: { credential }, remoteAddress: '192.0.2.1' }
    try {
      const { status, body = '' } = await running.invoke({ ...whole, traceId: '0'.repeat(32) })
      return { status, text: body }
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      return { status: error.status, text: `${error.code} ${error.detail}` }
    } finally {
      clock.advance(hourMs)
    }
  }
}

/** Something that looks as a program proves itself with, by a key that nobody knows. */
async function assertion({ origin }: Provider): Promise<string> {
  const { privateKey } = await generateKeyPair('EdDSA')
  const claims = new SignJWT({ jti: tokens.make('').token })
  return claims
    .setProtectedHeader({ alg: 'EdDSA' })
    .setIssuer('office')
    .setSubject('office')
    .setAudience(origin)
    .setExpirationTime('1d')
    .sign(privateKey)
}

test('C21: of all that there is today each is good in its own place alone', async () => {
  const { provider, post, signIn, user } = scene.world
  const ann = await user('ann')
  const { running, tested, clock } = provider
  const people = {
    ...{ tested: { ...tested, running }, userId: ann.id, ask: asking(provider) },
  } as unknown as People
  await post('create-organisation', { name: 'Acme' }, await signIn(ann.email))
  const [place] = await running.users.records.find('membership', { filter: { userId: ann.id } })
  const bound = { organisationId: place?.organisationId, membershipId: place?.id }
  assert.ok(bound.organisationId)
  const places = [...placesOf(people), ...oauthPlaces(provider, ann.id)]
  assert.ok(places.length > 30, places.map(({ name }) => name).join())
  const types: readonly (readonly [string, TokenType, object])[] = [
    ...Object.entries({ ...tokenTypes, ...unprefixed }).map(
      ([name, type]) => [name, type, {}] as const,
    ),
    ...ofOrganisation.map((name) => [name, tokenTypes[name] as TokenType, bound] as const),
    ['oauth-access', tokenTypes['oauth-access'] as TokenType, { grant: bound }] as const,
  ]
  const made = async (name: string, type: TokenType, more: object): Promise<string> => {
    if (name === 'the assertion of a program') return assertion(provider)
    if (type.signed) return running.serviceToken('clerk')
    const prefix = prefixes[name as keyof typeof prefixes] ?? ''
    const { token, hash } =
      name === 'key' || name === 'agent' ? tokens.makeKey(prefix) : tokens.make(prefix)
    const model = running.catalog.models.get(type.model ?? '')
    if (!model) return token
    const { grant, ...values } = more as { readonly grant?: object }
    const payload = model.fields.has('payload') ? { payload: '{}' } : {}
    const granted = running.catalog.models.get('oauthGrant')
    const granting =
      grant && granted ? await rowOf(people, granted, grant as object as never) : null
    const row = { ...payload, ...values, [type.hash ?? 'tokenHash']: hash }
    await rowOf(people, model, granting ? { ...row, grantId: granting.id } : row)
    return token
  }
  let refused = 0
  for (const [name, type, more] of types) {
    const mine = own[name] ?? []
    for (const place of places) {
      const good = isGood(type, place.name) || mine.includes(place.name)
      if (good && place.name !== 'bearer') continue
      if (name === 'oauth-access' && place.name === 'bearer') continue
      if (place.name.startsWith('oauth.')) clock.advance(hourMs)
      const answer = await place.ask(await made(name, type, more))
      assert.equal(
        place.isRefused(answer),
        !good,
        `${name} at ${place.name}: ${answer.status} ${answer.text}`,
      )
      refused += good ? 0 : 1
    }
  }
  assert.ok(refused > 900, `${refused} were refused`)
})

test('C21: an identity token is good for nothing but saying who somebody is', async () => {
  const { provider } = scene.world
  const bob = await person(provider, 'bob@notes.example')
  const { id_token: token } = await tokensOf(provider, bob)
  assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]+$/)
  const people = {
    tested: { ...provider.tested, running: provider.running },
    ask: asking(provider),
  }
  for (const place of [
    ...placesOf(people as unknown as People),
    ...oauthPlaces(provider, bob.id),
  ]) {
    for (const shown of [token, `${prefixes.service}${token}`]) {
      if (place.name.startsWith('oauth.')) provider.clock.advance(hourMs)
      const answer = await place.ask(shown)
      assert.ok(place.isRefused(answer), `${place.name}: ${answer.status} ${answer.text}`)
    }
  }
})
