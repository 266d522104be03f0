import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../../base/time.ts'
import { github } from '../../outside/presets/plain.ts'
import { openIssuer } from './issuer.ts'
import { openStand, password } from './stand.ts'

const minuteMs = 60_000
const stepUp = '/account/with/acme?purpose=step-up&next=%2Faccount%2Ffactors'
const nowSeconds = (): number => Math.floor(systemClock.now() / 1_000)

/** Ann, whose only way in is an issuer that can lie. */
async function annOf(context: TestContext) {
  const issuer = await openIssuer(context)
  issuer.person = { sub: '1', email: 'ann@acme.example', email_verified: true }
  const trusted = [{ name: 'acme', url: issuer.url, vouchesFor: ['acme.example'] }]
  const stand = await openStand(context, { trusted })
  const ann = stand.browser()
  await ann.open('/account/with/acme')
  assert.equal(ann.seen.at, '/account')
  /** How long ago the only session says that she has shown who she is; null: it does not say. */
  const agoMs = async (): Promise<number | null> => {
    const sessions = await stand.records.find('session', {})
    const [one, ...more] = sessions as { provedAt: string | null }[]
    assert.equal(more.length, 0)
    const at = (one ?? assert.fail('there is no session')).provedAt
    return at === null ? null : stand.tested.clock.now() - Date.parse(at)
  }
  return { ...stand, issuer, ann, agoMs }
}

test('C16: a step up by a provider takes no age that is missing or old', async (context) => {
  const { issuer, ann, agoMs, tested } = await annOf(context)
  tested.clock.advance(6 * minuteMs)
  const sent = await ann.open(stepUp, '/authorize')
  const asked = new URL(sent.at).searchParams
  assert.deepEqual([asked.get('prompt'), asked.get('max_age')], ['login', '300'])
  const old = await agoMs()
  for (const [told, sentence] of [
    [undefined, /ACME does not say when it last asked who you are/],
    [nowSeconds() - 301, /ACME did not ask you again who you are/],
    [nowSeconds() + 3_600, /ACME does not say when it last asked who you are/],
  ] as const) {
    issuer.lies.claims = { auth_time: told }
    const refused = await ann.open(stepUp)
    assert.equal(refused.status, 401, refused.text)
    assert.match(refused.text, sentence)
    assert.match(refused.text, /forgot-password/, 'the cure')
    assert.equal(await agoMs(), old, 'nothing is fresh')
  }
  for (const wrong of [String(nowSeconds()), null, {}]) {
    issuer.lies.claims = { auth_time: wrong }
    assert.equal((await ann.open(stepUp)).status, 401, JSON.stringify(wrong))
    assert.equal(await agoMs(), old)
  }
  issuer.lies.claims = { auth_time: nowSeconds() - 120 }
  assert.equal((await ann.open(stepUp)).at, '/account/factors')
  const fresh = (await agoMs()) ?? assert.fail('it is told')
  assert.ok(fresh >= 120_000 && fresh < 180_000, `as old as it is told, ${fresh}`)
})

test('C16: signing in by a provider that tells no time is no fresh proof', async (context) => {
  const { issuer, ann, agoMs, browser } = await annOf(context)
  assert.ok(((await agoMs()) ?? Number.NaN) < minuteMs, 'of an account made just now')
  await ann.press('Sign out')
  // Whoever sits at the open browser: nobody is asked for anything.
  const thief = browser()
  await thief.open('/account/with/acme')
  assert.equal(thief.seen.at, '/account', 'signed in')
  assert.equal(await agoMs(), null)
  await thief.open('/account/factors')
  await thief.press('Set up an authenticator app')
  assert.match(thief.seen.at, /^\/account\/step-up/)
  await thief.open('/account/delete')
  await thief.press('Delete', { sure: 'yes' })
  assert.match(thief.seen.at, /^\/account\/step-up/)
  await thief.open('/account')
  await thief.press('Sign out')
  issuer.lies.claims = { auth_time: nowSeconds() - 200 }
  await thief.open('/account/with/acme')
  const told = (await agoMs()) ?? assert.fail('it is told')
  assert.ok(told >= 200_000 && told < 260_000, `as old as it is told, ${told}`)
})

test('C16: a provider that can never tell a time is not offered, and refused', async (context) => {
  const { browser, records, tested, ann: person } = await githubs(context)
  const linked = { provider: 'github', issuer: 'https://github.com/login/oauth', subject: '1' }
  await records.create('outsideIdentity', {
    ...{ ...linked, userId: person.id, lastUsedAt: '2026-01-01T00:00:00Z' },
  })
  const ann = browser()
  await ann.open('/account/sign-in')
  await ann.press('Sign in', { email: person.email, password })
  assert.match((await ann.open('/account/identities')).text, /GitHub/)
  tested.clock.advance(6 * minuteMs)
  const page = await ann.open('/account/step-up')
  assert.doesNotMatch(page.text, /purpose=step-up/, 'it is not offered')
  const refused = await ann.open('/account/with/github?purpose=step-up')
  assert.equal(refused.status, 401)
  assert.match(refused.text, /GitHub does not say when it last asked who you are.*forgot-password/s)
  assert.match((await ann.open('/account/with/github?purpose=link', 'github.com')).at, /authorize/)
})

async function githubs(context: TestContext) {
  const stand = await openStand(context, { trusted: [], beside: [github()] })
  const ann = await stand.tested.user({ email: 'ann@people.example', password })
  return { ...stand, ann }
}
