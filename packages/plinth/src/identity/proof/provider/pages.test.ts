import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Browser } from '../../../pages/proof/browser.ts'
import { begin, client, openProvider, password, person, program } from './stand.ts'

test('somebody signs in on the way, says yes, and shuts the program out', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const config = await program(provider, 'ledger')
  const { url, verifier, state } = await begin(config)
  const browser = new Browser(provider.origin)
  await browser.open(`${url.pathname}${url.search}`)
  assert.match(browser.shown?.at ?? '', /^\/account\/sign-in\?next=/)
  const fields = { email: 'ann@notes.example', password }
  const asked = await browser.press({ button: 'Sign in', fields })
  // No session when it began: led through once more, now with one.
  const on = /href="(\/oauth\/authorize\/[^"]+)"/.exec(asked.text)?.[1] ?? assert.fail(asked.text)
  assert.match(asked.headers.get('refresh') ?? '', /^0; url=\/oauth\/authorize\//)
  const page = await browser.open(on)
  assert.match(page.at, /^\/account\/consent\?interaction=/)
  assert.match(page.text, /Let Ledger in\?/)
  assert.match(page.text, /ledger\.example/)
  assert.match(page.text, /See your notes/)
  assert.doesNotMatch(page.text, /<script/)
  assert.match(page.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
  const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  assert.equal((await browser.press({ button: 'Let it in', headers: foreign })).status, 403)
  await browser.open(page.at)
  const gone = await browser.press({ button: 'Let it in' })
  const last = /href="(\/oauth\/authorize\/[^"]+)"/.exec(gone.text)?.[1] ?? assert.fail(gone.text)
  const cookie = [...browser.jar].map((pair) => pair.join('=')).join('; ')
  const sent = await fetch(provider.origin + last, { headers: { cookie }, redirect: 'manual' })
  const place = new URL(sent.headers.get('location') ?? assert.fail(await sent.text()))
  const checks = { pkceCodeVerifier: verifier, expectedState: state }
  const got = await client.authorizationCodeGrant(config, place, checks)
  const headers = { authorization: `Bearer ${got.access_token}` }
  assert.equal((await fetch(`${provider.origin}/api/notes`, { headers })).status, 200)
  // Asked once: what was agreed is remembered.
  const again = await begin(config)
  assert.ok((await ann.authorize(again.url)).searchParams.get('code'))
  await browser.open('/account/apps')
  assert.match(browser.shown?.text ?? '', /Ledger/)
  await browser.press({ button: 'Shut out' })
  assert.equal((await fetch(`${provider.origin}/api/notes`, { headers })).status, 401)
})

test('C27: a device is let in by whoever looked first alone', async (context) => {
  const provider = await openProvider(context)
  const ann = await person(provider)
  const eve = await person(provider, 'eve@notes.example')
  const config = await program(provider, 'phone')
  const scope = 'note.read'
  const waits = await client.initiateDeviceAuthorization(config, { scope })
  assert.equal(waits.verification_uri, `${provider.origin}/account/device`)
  const browser = new Browser(provider.origin)
  browser.jar.set('__Host-sid', ann.session)
  await browser.open('/account/device')
  const asked = await browser.press({ button: 'Look', fields: { code: waits.user_code } })
  assert.match(asked.text, /Let Phone in\?/)
  const code = waits.user_code
  assert.equal((await eve.ask('device', { code })).status, 404)
  assert.equal((await eve.ask('answer-device', { code, allow: true })).status, 404)
  const done = await browser.press({ button: 'Let it in' })
  assert.match(done.text, /is let in/)
  const got = await client.pollDeviceAuthorizationGrant(config, { ...waits, interval: 0 })
  const headers = { authorization: `Bearer ${got.access_token}` }
  assert.equal((await fetch(`${provider.origin}/api/notes`, { headers })).status, 200)
  const second = await client.initiateDeviceAuthorization(config, { scope })
  await ann.ask('device', { code: second.user_code })
  await ann.ask('answer-device', { code: second.user_code, allow: false })
  await assert.rejects(client.pollDeviceAuthorizationGrant(config, { ...second, interval: 0 }))
})
