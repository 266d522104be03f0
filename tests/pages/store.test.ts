import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import store from '../../examples/store/app.ts'
import { password, standOf } from '../../packages/plinth/src/pages/proof/browser.ts'
import { look, openChromium, skip, views, virtualKey, withoutOffers } from './chromium.ts'

const alices = 'alice@store.example'

/** The store with its seed; everybody of the seed has one password here. */
async function openStore(context: TestContext) {
  const stand = await standOf(context, store, { seed: true })
  const { running } = stand.tested
  const { records } = running.users
  const passwordHash = await running.passwords.hash(password)
  for (const { id } of await records.find('user', {})) {
    await records.update('user', String(id), { passwordHash })
  }
  return { ...stand, records, browse: await openChromium(context) }
}

async function signIn(page: Page, origin: string, email: string): Promise<void> {
  await page.goto(`${origin}/account/sign-in`)
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

const press = (page: Page, name: string) => page.getByRole('button', { name }).first().click()

test('the worked login: a password without a script, and a page of one’s own', {
  skip,
}, async (context) => {
  const { origin, browse, records } = await openStore(context)
  const page = await (await browse({ javaScriptEnabled: false })).newPage()
  await page.goto(origin)
  await page.getByRole('heading', { name: 'Welcome to the Store' }).waitFor()
  const shown = await page.content()
  const hidden = await records.find('product', { filter: { published: false } })
  assert.ok(hidden.length > 0)
  for (const { name } of hidden) assert.ok(!shown.includes(String(name)), String(name))
  assert.doesNotMatch(shown, /A-1001|B-1001/)
  await page.getByRole('link', { name: 'Sign in' }).click()
  await page.getByLabel('E-mail address').fill(alices)
  await page.getByLabel('Password').fill('not the right one')
  await press(page, 'Sign in')
  await page.getByText('is not right').waitFor()
  await page.getByLabel('Password').fill(password)
  await press(page, 'Sign in')
  await page.getByRole('heading', { name: 'Welcome back, Alice' }).waitFor()
  assert.equal(new URL(page.url()).pathname, '/')
  const own = await page.content()
  assert.match(own, /A-1001/)
  assert.match(own, /You may like/)
  assert.doesNotMatch(own, /B-1001/, 'nothing of Bob')
  await press(page, 'Sign out')
  await page.goto(origin)
  await page.getByRole('heading', { name: 'Welcome to the Store' }).waitFor()
  await signIn(page, origin, 'staff@store.example')
  await page.getByRole('heading', { name: 'At work, Sam' }).waitFor()
  for (const order of ['A-1001', 'B-1001']) assert.match(await page.content(), RegExp(order))
})

for (const [name, options] of views) {
  test(`the worked login: next time by a passkey: ${name}`, { skip }, async (context) => {
    const { origin, browse, records, tested } = await openStore(context)
    const page = await (await browse(options)).newPage()
    await page.goto(origin)
    await look(page, `${name}-start-guest`)
    const mine = await virtualKey(page)
    await withoutOffers(page)
    await signIn(page, origin, alices)
    await page.getByRole('link', { name: 'Your account' }).click()
    await page.getByRole('link', { name: 'Change the factor' }).click()
    await mine.touch(true)
    await press(page, 'Add a passkey')
    await page.getByText('The passkey is added').waitFor()
    await fillBasket(page)
    tested.clock.advance(60_000)
    await page.goto(origin)
    await look(page, `${name}-start-customer`)
    await press(page, 'Sign out')
    await page.getByText('You are signed out').waitFor()
    await press(page, 'Sign in with a passkey')
    await page.getByRole('heading', { name: 'Welcome back, Alice' }).waitFor()
    assert.match(await page.content(), /2 × White lantern/)
    const [begun] = await records.find('session', { sort: ['-createdAt'], limit: 1 })
    assert.deepEqual([begun?.method, begun?.assurance], ['passkey', 2])
    await press(page, 'Sign out')
    await signIn(page, origin, 'staff@store.example')
    await page.getByRole('heading', { name: 'At work' }).waitFor()
    await look(page, `${name}-start-staff`)
  })
}

/** By the API, as a page of the shop's own would, with the cookie of the session. */
async function fillBasket(page: Page): Promise<void> {
  const status = await page.evaluate(`(async () => {
    const asked = await fetch('/api/products?filter[sku]=P-101&fields=sku')
    const [{ id: product }] = (await asked.json()).data
    const filled = await fetch('/api/carts/fill', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ items: [{ product, quantity: 2 }] }),
    })
    return filled.status
  })()`)
  assert.equal(status, 200)
}

test('programs find the list of addresses at the same place', async (context) => {
  const { tested } = await standOf(context, store)
  const found = await tested.request('GET', '/', { headers: { accept: 'application/json' } })
  assert.equal((JSON.parse(found.text) as { documentation: string }).documentation, '/docs')
  const html = { accept: 'text/html,application/xhtml+xml' }
  const page = await tested.request('GET', '/', { headers: html })
  assert.match(page.text, /Welcome to the Store/)
  assert.equal((await tested.request('POST', '/', { headers: html })).status, 405)
})
