import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { html } from '../../define/html.ts'
import { app } from '../../index.ts'
import { password, standOf } from './browser.ts'

const anns = 'ann@people.example'

const asking = app({
  ...{ kits: [], title: 'Guild' },
  signIn: { secondFactor: { required: 'everyone' } },
  pages: { start: () => html`<h1>Inside</h1>` },
})

test('pages lead through the setting up of a demanded factor, and on', async (context) => {
  const { tested, browser } = await standOf(context, asking)
  await tested.user({ email: anns, password })
  const ann = browser()
  await ann.open('/account/sign-in?next=%2Faccount%2Fchange-name')
  await ann.press({ button: 'Sign in', fields: { email: anns, password } })
  const factors = '/account/factors?next=%2Faccount%2Fchange-name'
  assert.equal(ann.shown?.at, factors)
  assert.match(ann.shown?.text ?? '', /Before anything else, this app asks you/)
  assert.doesNotMatch(ann.shown?.text ?? '', /Back to the account|Remove the password/)
  const cookie = `__Host-sid=${ann.jar.get('__Host-sid')}`
  const accept = 'text/html'
  const start = await tested.request('GET', '/', { headers: { accept, cookie } })
  assert.match(start.headers.location ?? '', /^\/account\/factors/)
  const nobodys = await tested.request('GET', '/', { headers: { accept } })
  assert.match(nobodys.text, /Inside/, 'nobody in particular')
  for (const place of ['/account', '/account/keys', '/account/download', '/account/delete']) {
    assert.match((await ann.open(place)).at, /^\/account\/factors/, place)
  }
  const sent = await ann.send('/account/delete', { sure: 'yes' })
  assert.match(sent.at, /^\/account\/factors/)
  await ann.open(factors)
  const made = await ann.press({ button: 'Set up' })
  const [, grouped = ''] = /<code>([A-Z2-7 ]+)<\/code>/.exec(made.text) ?? []
  const secret = Secret.fromBase32(grouped.replaceAll(' ', ''))
  const code = new TOTP({ secret }).generate({ timestamp: tested.clock.now() })
  const wrong = await ann.press({ button: 'Turn it on', fields: { code: '000000' } })
  assert.equal(wrong.status, 401)
  const on = await ann.press({ button: 'Turn it on', fields: { code } })
  assert.equal(on.text.match(/<li><code>/g)?.length, 10)
  assert.match(on.text, /href="\/account\/change-name"/, 'on to where they wanted')
  assert.equal((await ann.open('/account/change-name')).at, '/account/change-name')
  assert.match((await ann.open('/account/factors')).text, /Back to the account/)
})

test('whoever is held gets out, and to a confirmed address', async (context) => {
  const { tested, browser } = await standOf(context, asking)
  await tested.user({ email: anns, password, verified: false })
  const ann = browser()
  await ann.open('/account/sign-in?next=%2Faccount')
  await ann.press({ button: 'Sign in', fields: { email: anns, password } })
  assert.match(ann.shown?.text ?? '', /Confirm your address first/)
  await ann.press({ button: 'Send the mail' })
  assert.match(ann.shown?.at ?? '', /^\/account\/factors\?.*done=verification-sent/)
  assert.match(ann.shown?.text ?? '', /A mail is on its way/)
  await tested.drain()
  const [mail] = await tested.mails()
  const link = /(\/account\/verify-email\?[^\s"]+)/.exec(mail?.text ?? '')?.[1] ?? ''
  await ann.open(link)
  assert.match(ann.shown?.text ?? '', /<button/, link)
  await ann.open('/account/factors')
  await ann.press({ button: 'Sign out' })
  assert.match(ann.shown?.at ?? '', /^\/account\/sign-in/)
})

test('days of grace are told on the account', async (context) => {
  const { tested, browser } = await standOf(
    context,
    app({ kits: [], signIn: { secondFactor: { required: 'everyone', graceDays: 7 } } }),
  )
  await tested.user({ email: anns, password })
  const ann = browser()
  await ann.open('/account/sign-in')
  await ann.press({ button: 'Sign in', fields: { email: anns, password } })
  assert.equal(ann.shown?.at, '/account')
  for (let look = 0; look < 100; look++) {
    if (/asks you for a second factor: from/.test((await ann.open('/account')).text)) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.match(ann.shown?.text ?? '', /asks you for a second factor: from <time/)
  tested.clock.advance(8 * 86_400_000)
  await ann.open('/account/sign-in')
  await ann.press({ button: 'Sign in', fields: { email: anns, password } })
  assert.equal(ann.shown?.at, '/account/factors')
})

test('pages take sessions alone: no other token is used up by a look', async (context) => {
  const { tested, origin } = await standOf(
    context,
    app({ kits: [], services: { wire: { scopes: ['read'], singleUse: true } } }),
  )
  const token = await tested.running.serviceToken('wire')
  const headers = { authorization: `Bearer ${token}` }
  for (const place of ['/account', '/account/factors']) {
    const page = await fetch(origin + place, { headers, redirect: 'manual' })
    assert.equal(page.status, 403, place)
    assert.match(await page.text(), /session_required/)
  }
  const first = await fetch(`${origin}/api/identity/me`, { headers })
  assert.equal(first.status, 200, 'good for its one call')
  assert.equal((await fetch(`${origin}/api/identity/me`, { headers })).status, 401)
})
