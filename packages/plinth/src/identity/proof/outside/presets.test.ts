import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apple, gitlab, google, linkedin, microsoft, slack } from '../../outside/presets/openid.ts'
import { discord, facebook, github, x } from '../../outside/presets/plain.ts'
import { demandProviders, oidc } from '../../outside/provider.ts'
import { openIssuer } from './issuer.ts'
import { openStand } from './stand.ts'

const at = (email: string, more: object = {}) => ({
  sub: '1',
  email,
  email_verified: true,
  ...more,
})

test('Google vouches for its own addresses and for domains that it hosts', () => {
  const { profile } = google()
  assert.equal(profile(at('a@gmail.com'))?.vouched, true)
  assert.equal(profile(at('a@shop.example', { hd: 'shop.example' }))?.vouched, true)
  assert.equal(profile(at('a@shop.example'))?.vouched, false)
  assert.equal(profile(at('a@gmail.com', { email_verified: false }))?.vouched, false)
  assert.equal(profile(at('a@gmail.com', { email_verified: 'true' }))?.vouched, false)
  assert.equal(profile(at('a@gmail.com.evil.example'))?.vouched, false)
  assert.equal(profile({ email: 'a@gmail.com' }), undefined, 'nobody without a subject')
})

test('C17: the address of Microsoft is never believed', () => {
  const { profile, protocol } = microsoft({ tenant: 'common' })
  assert.equal(protocol.issuer, 'https://login.microsoftonline.com/common/v2.0')
  assert.equal(profile(at('a@outlook.com', { xms_edov: true }))?.vouched, false)
})

test('Apple vouches for its own domains, and writes truth as text', () => {
  const { profile } = apple()
  assert.equal(profile(at('a@privaterelay.appleid.com', { email_verified: 'true' }))?.vouched, true)
  assert.equal(profile(at('a@icloud.com', { email_verified: 'false' }))?.vouched, false)
  assert.equal(profile(at('a@shop.example'))?.vouched, false)
})

test('an issuer of one’s own vouches for the domains that are named, and no others', () => {
  const { profile } = oidc('acme', { issuer: 'https://a.example', vouchesFor: ['Acme.example'] })
  assert.equal(profile(at('a@ACME.example'))?.vouched, true)
  assert.equal(profile(at('a@sub.acme.example'))?.vouched, false)
  assert.equal(profile(at('a@acme.example', { email_verified: undefined }))?.vouched, false)
})

test('providers of plain OAuth are read as they answer, and vouch for nothing', () => {
  const emails = [
    { email: 'old@a.example', primary: false, verified: true },
    { email: 'a@a.example', primary: true, verified: true },
  ]
  assert.deepEqual(github().profile({ id: 7, login: 'ann' }, emails), {
    ...{ subject: '7', vouched: false, email: 'a@a.example', name: 'ann' },
  })
  assert.equal(github().profile({ id: 7, name: 'Ann' }, undefined)?.email, undefined)
  assert.equal(github().profile({ message: 'Bad credentials' }), undefined)
  const told = { id: '8', email: 'a@a.example', name: 'Ann' }
  assert.deepEqual(facebook().profile(told), {
    ...{ subject: '8', vouched: false, email: 'a@a.example', name: 'Ann' },
  })
  assert.equal(discord().profile({ id: '9', username: 'ann', verified: true })?.name, 'ann')
  const answer = { data: { id: '10', name: 'Ann', confirmed_email: 'a@a.example' } }
  assert.equal(x().profile(answer)?.email, 'a@a.example')
  assert.equal(x().profile({}), undefined)
})

test('quirks: LinkedIn takes no proof key, a user of Slack counts within the workspace', () => {
  assert.deepEqual([linkedin().proofKey, linkedin().nonce], [false, false])
  const claims = { sub: 'U1', 'https://slack.com/team_id': 'T1' }
  assert.equal(slack().profile(claims)?.subject, 'T1:U1')
  assert.equal(slack().profile({ sub: 'U1' }), undefined)
})

test('mistakes in a declaration are told with their cure', () => {
  const issuer = 'https://a.example'
  assert.doesNotThrow(() => demandProviders([google(), oidc('acme', { issuer })]))
  assert.throws(() => demandProviders([google(), google()]), /twice/)
  assert.throws(() => demandProviders([oidc('Acme', { issuer })]), /small letters/)
  for (const wrong of ['http://a.example', 'a.example', `${issuer}?a=1`, 'javascript:alert(1)']) {
    assert.throws(() => demandProviders([oidc('acme', { issuer: wrong })]), /no https address/)
  }
})

// What each provider calls them: who somebody is, their address, their name. X tells who somebody
// is to those alone who may read posts.
const least: Readonly<Record<string, readonly string[]>> = {
  google: ['openid', 'email', 'profile'],
  microsoft: ['openid', 'email', 'profile'],
  apple: ['openid', 'email', 'name'],
  gitlab: ['openid', 'email', 'profile'],
  linkedin: ['openid', 'email', 'profile'],
  slack: ['openid', 'email', 'profile'],
  github: ['read:user', 'user:email'],
  facebook: ['public_profile', 'email'],
  discord: ['identify', 'email'],
  x: ['users.read', 'tweet.read', 'users.email'],
  acme: ['openid', 'email', 'profile'],
}

test('ASVS 10.2.3: a provider is asked who somebody is and for their address alone', async (t) => {
  const made = [
    ...[google(), microsoft({ tenant: 'common' }), apple(), gitlab(), linkedin(), slack()],
    ...[github(), facebook(), discord(), x(), oidc('acme', { issuer: 'https://a.example' })],
  ]
  for (const { name, scopes } of made) assert.deepEqual([...scopes].sort(), least[name]?.toSorted())
  assert.equal(made.length, Object.keys(least).length)
  const issuer = await openIssuer(t)
  const { origin } = await openStand(t, { trusted: [{ name: 'acme', url: issuer.url }] })
  const begun = await fetch(`${origin}/api/identity/begin-outside`, {
    ...{ method: 'POST', body: JSON.stringify({ provider: 'acme', scope: 'openid admin' }) },
    headers: { 'content-type': 'application/json' },
  })
  assert.equal(begun.status, 422, 'nobody who begins asks for more')
  const plain = await fetch(`${origin}/api/identity/begin-outside`, {
    ...{ method: 'POST', body: JSON.stringify({ provider: 'acme' }) },
    headers: { 'content-type': 'application/json' },
  })
  const { url } = (await plain.json()) as { url: string }
  assert.equal(new URL(url).searchParams.get('scope'), 'openid email profile')
})
