import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openIssuer } from './issuer.ts'
import { openStand, password } from './stand.ts'

test('somebody new gets an account where the provider vouches for the address', async (context) => {
  const issuer = await openIssuer(context)
  issuer.person = { sub: '1', email: 'Ann@acme.example', email_verified: true, name: 'Ann' }
  const trusted = [{ name: 'acme', url: issuer.url, vouchesFor: ['acme.example'] }]
  const { browser, records } = await openStand(context, { trusted })
  const ann = browser()
  await ann.open('/account/sign-in?next=%2Faccount%2Ffactors')
  assert.match(ann.seen.text, /href="\/account\/with\/acme\?next=%2Faccount%2Ffactors"/)
  const back = await ann.open('/account/with/acme?next=%2Faccount%2Ffactors')
  assert.equal(back.at, '/account/factors', back.text)
  const [user] = (await records.find('user', {})) as Record<string, unknown>[]
  assert.equal(user?.email, 'ann@acme.example')
  assert.ok(user?.emailVerifiedAt)
  assert.equal(user?.name, 'Ann')
  await ann.open('/account')
  await ann.press('Sign out')
  await ann.open('/account/with/acme')
  assert.equal(ann.seen.at, '/account')
  assert.equal((await records.find('user', {})).length, 1)
  const sessions = (await records.find('session', {})) as { method: string; assurance: number }[]
  assert.deepEqual(
    sessions.map(({ method, assurance }) => [method, assurance]),
    [['outside', 1]],
  )
  // The address may change at the provider: the identity is the subject's.
  await ann.press('Sign out')
  issuer.person = { sub: '1', email: 'ann.new@acme.example', email_verified: true }
  await ann.open('/account/with/acme')
  assert.equal(ann.seen.at, '/account')
  const [only, ...more] = (await records.find('user', {})) as { email: string }[]
  assert.equal(only?.email, 'ann@acme.example')
  assert.equal(more.length, 0)
})

test('C17: an address opens no account, verified or not; its owner signs in', async (context) => {
  const issuer = await openIssuer(context)
  const trusted = [{ name: 'acme', url: issuer.url, vouchesFor: ['acme.example'] }]
  const { browser, records, tested } = await openStand(context, { trusted })
  await tested.user({ email: 'ann@acme.example', password })
  issuer.person = { sub: '1', email: 'ann@acme.example', email_verified: true }
  const ann = browser()
  await ann.open('/account/with/acme')
  assert.match(ann.seen.at, /^\/account\/sign-in\?done=identity-waits/)
  assert.equal(ann.jar.has('__Host-sid'), false, 'nobody is signed in')
  assert.equal((await records.find('outsideIdentity', {})).length, 0)
  const page = await ann.press('Sign in', { email: 'ann@acme.example', password })
  assert.equal(page.at, '/account/link-identity')
  assert.match(page.text, /<strong>ACME<\/strong>, as <strong>ann@acme.example/)
  const linked = await ann.press('Link it')
  assert.match(linked.text, /The identity is linked/)
  await ann.open('/account')
  await ann.press('Sign out')
  await ann.open('/account/with/acme')
  assert.equal(ann.seen.at, '/account')
  // And it is taken away again: the provider has not said that it has asked anew.
  await ann.open('/account/identities')
  await ann.press('Unlink')
  assert.equal(ann.seen.at, '/account/step-up?next=%2Faccount%2Fidentities')
  await ann.open('/account/with/acme?purpose=step-up&next=%2Faccount%2Fidentities')
  assert.equal(ann.seen.at, '/account/identities')
  const gone = await ann.press('Unlink')
  assert.match(gone.text, /The identity is unlinked/)
  assert.equal((await records.find('outsideIdentity', {})).length, 0)
})

test('C17: where nobody vouches for an address, a mail asks whose it is', async (context) => {
  const issuer = await openIssuer(context)
  const trusted = [{ name: 'acme', url: issuer.url }]
  const { browser, records, link, tested } = await openStand(context, { trusted })
  issuer.person = { sub: '1', email: 'ann@people.example', email_verified: true }
  const mallory = browser()
  await mallory.open('/account/with/acme')
  assert.equal(mallory.seen.at, '/account/give-address')
  assert.match(mallory.seen.text, /value="ann@people.example"/)
  const asked = await mallory.press('Mail me a link')
  assert.match(asked.text, /A mail is on its way/)
  assert.equal((await records.find('user', {})).length, 0)
  const place = await link('ann@people.example')
  assert.match(place, /^\/account\/finish-sign-up\?token=plm_/)
  const ann = browser()
  await ann.open(place)
  const refused = await ann.press('Make the account')
  assert.equal(refused.status, 401, 'whoever reads the mail has not begun it')
  assert.equal((await records.find('user', {})).length, 0)
  await mallory.open(place)
  await mallory.press('Make the account')
  assert.equal(mallory.seen.at, '/account')
  const again = browser()
  again.jar.set('__Host-link', mallory.jar.get('__Host-link') ?? 'none')
  await again.open(place)
  assert.equal((await again.press('Make the account')).status, 401, 'once')
  // An address that has an account is told so by mail alone: the pages are the same.
  issuer.person = { sub: '2', email: 'ann@people.example', email_verified: false }
  const eve = browser()
  await eve.open('/account/with/acme')
  const same = await eve.press('Mail me a link')
  const plain = (text: string): string => text.replace(/nonce="[^"]*"/g, '')
  assert.equal(plain(same.text), plain(asked.text))
  assert.equal(await link('ann@people.example'), '/account/sign-in')
  assert.match((await tested.mails())[0]?.text ?? '', /You have an account with it already/)
})

test('C14: the second factor of the account is asked for all the same', async (context) => {
  const issuer = await openIssuer(context)
  issuer.person = { sub: '1', email: 'ann@acme.example', email_verified: true }
  const trusted = [{ name: 'acme', url: issuer.url, vouchesFor: ['acme.example'] }]
  const { browser, records } = await openStand(context, { trusted })
  const ann = browser()
  await ann.open('/account/with/acme')
  const [user] = (await records.find('user', {})) as { id: string }[]
  await records.update('user', user?.id ?? '', { secondFactor: true })
  const there = browser()
  await there.open('/account/with/acme?next=%2Faccount%2Ffactors')
  assert.equal(there.seen.at, '/account/second-factor?next=%2Faccount%2Ffactors')
  assert.equal(there.jar.has('__Host-sid'), false)
})

test('C16: a provider is one factor: it makes no proof of two fresh again', async (context) => {
  const issuer = await openIssuer(context)
  issuer.person = { sub: '1', email: 'ann@acme.example', email_verified: true }
  const trusted = [{ name: 'acme', url: issuer.url, vouchesFor: ['acme.example'] }]
  const { browser, records, tested } = await openStand(context, { trusted })
  const ann = browser()
  await ann.open('/account/with/acme')
  const proof = async () => {
    const [one] = (await records.find('session', {})) as { id: string; provedAt: string }[]
    return one ?? assert.fail('there is no session')
  }
  const first = await proof()
  tested.clock.advance(6 * 60_000)
  await ann.open('/account/with/acme?purpose=step-up&next=%2Faccount%2Ffactors')
  assert.equal(ann.seen.at, '/account/factors')
  const again = await proof()
  assert.notEqual(again.provedAt, first.provedAt, 'the only factor is enough')
  // Of an account with a second factor, in a session that has shown both, long ago.
  const [user] = (await records.find('user', {})) as { id: string }[]
  await records.update('user', user?.id ?? '', { secondFactor: true })
  await records.update('session', first.id, { assurance: 2 })
  tested.clock.advance(6 * 60_000)
  await ann.open('/account/step-up')
  assert.doesNotMatch(ann.seen.text, /purpose=step-up/, 'it is not offered')
  const led = await ann.open('/account/with/acme?purpose=step-up&next=%2Faccount%2Ffactors')
  assert.equal(led.status, 401, led.text)
  assert.equal((await proof()).provedAt, again.provedAt)
})

test('what a provider gives is kept nowhere', async (context) => {
  const issuer = await openIssuer(context)
  issuer.person = { sub: '1', email: 'ann@acme.example', email_verified: true }
  const trusted = [{ name: 'acme', url: issuer.url, vouchesFor: ['acme.example'] }]
  const { browser, records, tested } = await openStand(context, { trusted })
  assert.equal((await browser().open('/account/with/acme')).at, '/account')
  assert.equal((await records.find('outsideIdentity', {})).length, 1)
  const { database } = tested.running.runtime
  const ask = async (text: string) => (await database.query({ text, values: [] })).rows
  const tables = await ask(`select format('%I.%I', table_schema, table_name)
    from information_schema.tables
    where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'`)
  assert.ok(tables.length > 10)
  for (const [table] of tables) {
    const held = await ask(`select 1 from ${table} t where t::text like '%for-them-alone%'`)
    assert.deepEqual(held, [], String(table))
  }
})
