/** Proves that forged answers of other providers (C18 to C20, C25) count by no door. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { generateKeyPair, SignJWT } from 'jose'
import { beginSession } from '../../../../packages/plinth/src/app/people/sessions.ts'
import {
  type Issuer,
  openIssuer,
} from '../../../../packages/plinth/src/identity/proof/outside/issuer.ts'
import {
  openStand,
  password,
} from '../../../../packages/plinth/src/identity/proof/outside/stand.ts'
import { type Club, callsOf, sendsOf } from '../../stage.ts'
import { client } from '../client.ts'
import { type Door, direct, rest, type Told } from '../door.ts'
import { graphql } from '../graphql.ts'

interface Begun {
  readonly url: string
  readonly attempt: string
}

/** Short words for one door of an app that trusts an issuer. */
async function open(context: TestContext, door: Door) {
  const issuer = await openIssuer(context)
  issuer.person = { sub: '1', email: 'ann@acme.example', email_verified: true }
  const trusted = [{ name: 'acme', url: issuer.url, vouchesFor: ['acme.example'] }]
  const { tested, running, origin } = await openStand(context, { trusted })
  const request: Club['tested']['request'] = async (method, path, asked = {}) => {
    // One network for all of them: a minute later none of it counts.
    tested.clock.advance(60_000)
    const { headers, body } = asked
    const json = typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
    const response = await fetch(origin + path, {
      ...{ method, ...(json === undefined ? {} : { body: json }) },
      headers: { 'content-type': 'application/json', ...headers },
    })
    const text = await response.text()
    const told = Object.fromEntries(response.headers)
    return { status: response.status, headers: told, text, json: () => JSON.parse(text) as never }
  }
  const address = () => '192.0.2.1'
  const asked = { tested: { ...tested, running, request } }
  const parts = { ...asked, address, send: sendsOf(request, address) }
  const club = { ...parts, call: callsOf({ running }, address) } as unknown as Club
  const flow = (name: string, input: object, token?: string): Promise<Told> =>
    door.ask(club, { operation: `identity.${name}`, input, token })
  const begin = async (): Promise<Begun> => {
    tested.clock.advance(60_000)
    const { code, value, text } = await flow('beginOutside', { provider: 'acme' })
    assert.equal(code, 'ok', text)
    return value as unknown as Begun
  }
  const back = async ({ url }: Begun): Promise<string> =>
    new URL(await issuer.authorize(url)).search.slice(1)
  const finish = ({ attempt }: Pick<Begun, 'attempt'>, answer: string): Promise<Told> =>
    flow('finishOutside', { provider: 'acme', attempt, answer })
  const whole = async (): Promise<Told> => {
    const begun = await begin()
    return finish(begun, await back(begun))
  }
  return { issuer, tested, running, flow, begin, back, finish, whole }
}

const wrong = 'invalid_credentials'

for (const door of [rest, graphql, client, direct]) {
  test(`C20: an answer counts for the attempt that asked, once, by ${door.name}`, async (t) => {
    const { begin, back, finish } = await open(t, door)
    const [one, two] = [await begin(), await begin()]
    const answer = await back(one)
    assert.equal((await finish(two, answer)).code, wrong, 'the attempt of another browser')
    assert.equal((await finish({ attempt: 'plj_guess' }, answer)).code, wrong)
    assert.equal((await finish(two, answer.replace(/state=[^&]*/, ''))).code, wrong)
    const good = await finish(one, answer)
    assert.equal(good.code, 'ok', good.text)
    assert.equal((await finish(one, answer)).code, wrong, 'once')
  })

  test(`C19: an ID token for somebody else proves nothing, by ${door.name}`, async (t) => {
    const { issuer, running, whole } = await open(t, door)
    const refused: readonly Issuer['lies'][] = [
      { claims: { azp: 'another-app' } },
      { claims: { aud: 'another-app' } },
      { claims: { iss: 'https://evil.example' } },
      { claims: { nonce: 'old' } },
    ]
    for (const lies of refused) {
      Object.assign(issuer.lies, { claims: undefined }, lies)
      assert.notEqual((await whole()).code, 'ok', JSON.stringify(lies))
    }
    assert.equal((await running.users.records.find('user', {})).length, 0)
  })

  test(`C25: an ID token of another key, or of none, counts not, by ${door.name}`, async (t) => {
    const { issuer, running, whole } = await open(t, door)
    const { privateKey } = await generateKeyPair('RS256')
    issuer.lies.idToken = (claims) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(privateKey)
    assert.notEqual((await whole()).code, 'ok')
    const plain = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    issuer.lies.idToken = (claims) => `${plain({ alg: 'none' })}.${plain(claims)}.`
    assert.notEqual((await whole()).code, 'ok')
    assert.equal((await running.users.records.find('user', {})).length, 0)
  })

  test(`C18: what waits is for its own account alone, by ${door.name}`, async (t) => {
    const { issuer, tested, running, flow, whole } = await open(t, door)
    issuer.person = { sub: 'mallory', email: 'mallory@acme.example', email_verified: true }
    await tested.user({ email: 'mallory@acme.example', password })
    const ann = await tested.user({ email: 'ann@acme.example', password })
    const { value, text } = await whole()
    const link = String(value.link)
    assert.match(link, /^plb_/, text)
    const token = await beginSession(running.runtime, ann.id)
    const { records } = running.users
    const [session] = await records.find('session', { filter: { userId: ann.id } })
    const provedAt = new Date(tested.clock.now()).toISOString()
    await records.update('session', String(session?.id), { provedAt })
    assert.equal((await flow('linkOutside', { link }, token)).code, wrong)
    assert.equal((await records.find('outsideIdentity', {})).length, 0)
  })
}
