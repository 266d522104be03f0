import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exportSPKI, generateKeyPair, SignJWT } from 'jose'
import { systemClock } from '../../../base/time.ts'
import { type Issuer, openIssuer } from './issuer.ts'
import { openStand, password, type Visitor } from './stand.ts'

const vouchesFor = ['acme.example']
const callback = '/account/with/acme/callback'

/** Goes to the provider and stops as it leads back: the address that would be opened next. */
async function wayBack(visitor: Visitor, path = '/account/with/acme'): Promise<string> {
  visitor.jar.delete('__Host-sid')
  return (await visitor.open(path, '/callback?')).at
}

function signedIn(visitor: Visitor): boolean {
  return visitor.jar.has('__Host-sid')
}

test('C20: state is missing, another, used, too old, or of another browser', async (context) => {
  const issuer = await openIssuer(context)
  issuer.person = { sub: '1', email: 'ann@acme.example', email_verified: true }
  const trusted = [{ name: 'acme', url: issuer.url, vouchesFor }]
  const { browser, tested } = await openStand(context, { trusted })
  const ann = browser()
  const changed = async (change: (url: URL) => void): Promise<number> => {
    const url = new URL(await wayBack(ann))
    change(url)
    return (await ann.open(url.href)).status
  }
  assert.equal(await changed((url) => url.searchParams.delete('state')), 401)
  assert.equal(await changed((url) => url.searchParams.set('state', 'plt_guess')), 401)
  assert.equal(await changed((url) => url.searchParams.append('state', 'twice')), 401)
  // Somebody else's browser is sent to where the attacker's would go: login CSRF.
  const theirs = await wayBack(ann)
  const victim = browser()
  assert.equal((await victim.open(theirs)).status, 401)
  await victim.open('/account/with/acme', '/callback?')
  assert.equal((await victim.open(theirs)).status, 401, 'with an attempt of their own, too')
  assert.equal(signedIn(victim), false)
  // A code that was injected: stolen from another browser, with the attacker's own state.
  const stolen = new URL(await wayBack(browser())).searchParams.get('code') ?? ''
  assert.equal(await changed((url) => url.searchParams.set('code', stolen)), 401)
  const late = await wayBack(ann)
  tested.clock.advance(11 * 60_000)
  assert.equal((await ann.open(late)).status, 401)
  issuer.lies.codesLast = true
  const good = await wayBack(ann)
  const kept = ann.jar.get('__Host-outside') ?? ''
  assert.equal((await ann.open(good)).at, '/account')
  const again = browser()
  again.jar.set('__Host-outside', kept)
  assert.equal((await again.open(good)).status, 401, 'once')
  assert.equal(signedIn(again), false)
})

test('C19, C25: a forged ID token proves nothing', async (context) => {
  const issuer = await openIssuer(context)
  issuer.person = { sub: '1', email: 'ann@acme.example', email_verified: true }
  const trusted = [{ name: 'acme', url: issuer.url, vouchesFor }]
  const { browser, records, tested } = await openStand(context, { trusted })
  const refused = async (what: string, lies: Issuer['lies']): Promise<void> => {
    Object.assign(issuer.lies, { claims: undefined, idToken: undefined, back: undefined }, lies)
    // So many tries a minute and no more.
    tested.clock.advance(60_000)
    const ann = browser()
    const { status } = await ann.open('/account/with/acme')
    assert.ok(status === 401 || status === 503, `${what}: ${status}`)
    assert.equal(signedIn(ann), false, what)
    assert.equal((await records.find('user', {})).length, 0, what)
  }
  const nowSeconds = Math.floor(systemClock.now() / 1_000)
  const other = await generateKeyPair('RS256', { extractable: true })
  const plain = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const pem = await exportSPKI(other.publicKey)
  await refused('another issuer', { claims: { iss: 'https://evil.example' } })
  await refused('another audience', { claims: { aud: 'another-app' } })
  await refused('two audiences without a party', { claims: { aud: ['the-app', 'another'] } })
  await refused('another party', { claims: { azp: 'another-app' } })
  await refused('another nonce', { claims: { nonce: 'old' } })
  await refused('no nonce', { claims: { nonce: undefined } })
  await refused('no subject', { claims: { sub: undefined } })
  await refused('too old', { claims: { iat: nowSeconds - 900, exp: nowSeconds - 600 } })
  await refused('no signature', {
    idToken: (claims) => `${plain({ alg: 'none' })}.${plain(claims)}.`,
  })
  await refused('another key', {
    idToken: (claims) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'one' })
        .sign(other.privateKey),
  })
  await refused('a public key as a secret', {
    idToken: (claims) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'HS256', kid: 'one' })
        .sign(new TextEncoder().encode(pem)),
  })
  await refused('changed after it was signed', {
    idToken: async (claims) => {
      const [head, , signature] = (await issuer.sign(claims)).split('.')
      return `${head}.${plain({ ...claims, sub: 'somebody else' })}.${signature}`
    },
  })
  await refused('the answer of another issuer (RFC 9207)', {
    back: { iss: 'https://evil.example' },
  })
  await refused('an error', { back: { error: 'access_denied' } })
})

test('mix-up: what one provider answers is never taken for another’s', async (context) => {
  const honest = await openIssuer(context)
  const evil = await openIssuer(context)
  const trusted = [
    { name: 'acme', url: honest.url, vouchesFor },
    { name: 'evil', url: evil.url },
  ]
  const { browser, records } = await openStand(context, { trusted })
  honest.person = { sub: '1', email: 'ann@acme.example', email_verified: true }
  const ann = browser()
  const back = new URL(await wayBack(ann))
  assert.equal((await ann.open(back.href.replace('/with/acme/', '/with/evil/'))).status, 401)
  assert.ok(!evil.asked.includes('/token'), 'the code of one is never shown to the other')
  // The same subject at another issuer is somebody else, and vouches for nothing.
  await ann.open('/account/with/acme')
  assert.equal(signedIn(ann), true)
  evil.person = { sub: '1', email: 'ann@acme.example', email_verified: true }
  const mallory = browser()
  await mallory.open('/account/with/evil')
  assert.equal(mallory.seen.at, '/account/give-address')
  assert.equal(signedIn(mallory), false)
  assert.equal((await records.find('outsideIdentity', {})).length, 1)
})

test('C18: what waits is for one account, one identity, one browser', async (context) => {
  const issuer = await openIssuer(context)
  issuer.person = { sub: 'mallory', email: 'mallory@acme.example', email_verified: true }
  const trusted = [{ name: 'acme', url: issuer.url, vouchesFor }]
  const { browser, records, tested } = await openStand(context, { trusted })
  const data = { password }
  await tested.user({ ...data, email: 'mallory@acme.example' })
  await tested.user({ ...data, email: 'ann@acme.example' })
  const mallory = browser()
  await mallory.open('/account/with/acme')
  assert.match(mallory.seen.at, /identity-waits/)
  // Their own waiting identity, put into the browser of somebody who is signed in.
  const ann = browser()
  await ann.open('/account/sign-in')
  await ann.press('Sign in', { email: 'ann@acme.example', password })
  ann.jar.set('__Host-link', mallory.jar.get('__Host-link') ?? '')
  await ann.open('/account/link-identity')
  assert.equal((await ann.press('Link it')).status, 401)
  await mallory.press('Sign in', { email: 'mallory@acme.example', password })
  issuer.person = { sub: 'another', email: 'mallory@acme.example', email_verified: true }
  await mallory.open('/account/with/acme?purpose=link')
  ann.jar.set('__Host-link', mallory.jar.get('__Host-link') ?? '')
  await ann.open('/account/link-identity')
  assert.equal((await ann.press('Link it')).status, 401, 'asked for by another account')
  // A link that a signed-in browser is forced to begin ends at a button, and begins here alone.
  await ann.open('/account/with/acme?purpose=link')
  assert.equal(ann.seen.at, '/account/link-identity')
  assert.equal((await records.find('outsideIdentity', {})).length, 0)
  const forced = await fetch(`${ann.origin}/account/with/acme?purpose=link`, {
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'cross-site' },
  })
  assert.equal(forced.status, 403)
  // An old session is asked again who it is.
  tested.clock.advance(6 * 60_000)
  await ann.press('Link it')
  assert.match(ann.seen.at, /^\/account\/step-up/)
  assert.equal((await records.find('outsideIdentity', {})).length, 0)
})

test('C17: an address that is nearly another one is taken for none', async (context) => {
  const issuer = await openIssuer(context)
  const trusted = [{ name: 'acme', url: issuer.url, vouchesFor }]
  const { browser, records } = await openStand(context, { trusted })
  // U+212A becomes a plain k in lower case: the mailbox of somebody else.
  for (const email of ['mi\u212ae@acme.example', 'm\u00fcller@acme.example', 'a b@acme.example']) {
    issuer.person = { sub: email, email, email_verified: true }
    const mike = browser()
    await mike.open('/account/with/acme')
    assert.equal(mike.seen.at, '/account/give-address', `${email} ${mike.seen.text}`)
  }
  assert.equal((await records.find('user', {})).length, 0)
})

test('C22: nowhere but this app is led on to', async (context) => {
  const issuer = await openIssuer(context)
  issuer.person = { sub: '1', email: 'ann@acme.example', email_verified: true }
  const trusted = [{ name: 'acme', url: issuer.url, vouchesFor }]
  const { browser, records } = await openStand(context, { trusted })
  for (const next of ['//evil.example', 'https://evil.example', '/\\evil', '/%09/../..//evil']) {
    const ann = browser()
    await ann.open(`/account/with/acme?next=${encodeURIComponent(next)}`)
    assert.equal(ann.seen.at, '/account', next)
    await fetch(`${ann.origin}/api/identity/begin-outside`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({ provider: 'acme', next }),
    })
  }
  const stored = (await records.find('outsideAttempt', {})) as { next: string | null }[]
  assert.equal(stored.length, 8)
  assert.ok(stored.every((one) => one.next === null))
})

test('G04, G05: a provider that is slow, huge or inside gets no call through', async (context) => {
  const issuer = await openIssuer(context)
  const trusted = [{ name: 'acme', url: issuer.url, vouchesFor }]
  const { browser, origin } = await openStand(context, { trusted })
  const asked = async (): Promise<number> => {
    const { status } = await browser().open('/account/with/acme')
    return status
  }
  issuer.lies.answer = (_, response) => {
    response.writeHead(500).end('broken')
    return true
  }
  assert.equal(await asked(), 503)
  issuer.lies.answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(`"${'x'.repeat(300_000)}"`)
    return true
  }
  assert.equal(await asked(), 503)
  issuer.lies.answer = (_, response) => {
    response.writeHead(302, { location: `${origin}/api/identity/me` }).end()
    return true
  }
  assert.equal(await asked(), 503)
  delete issuer.lies.answer
  issuer.lies.configuration = { issuer: 'https://evil.example' }
  assert.equal(await asked(), 503, 'it names another issuer')
  issuer.lies.configuration = { token_endpoint: 'http://169.254.169.254/latest' }
  assert.equal(await asked(), 503, 'a code is never sent to the house')
  issuer.lies.configuration = {}
  const page = await browser().open(`${callback}?state=plt_none&code=x`)
  assert.equal(page.status, 401)
})
