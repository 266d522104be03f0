import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { Handler } from '../../../packages/plinth/src/http/message.ts'
import type { TestUser } from '../../../packages/plinth/src/testing/test-app.ts'
import { bundle } from '../bundle.ts'
import { password, stand } from '../stand.ts'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync)
const skip = executablePath === undefined && 'needs Chromium: apt-get install chromium'
const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']
const email = 'ann@people.example'

describe('the client in a browser', { skip }, () => {
  const ends: (() => unknown)[] = []
  let shop: Awaited<ReturnType<typeof stand>>
  let ann: TestUser
  let browser: Browser

  before(async () => {
    const script = await bundle(join(import.meta.dirname, 'page.ts'))
    shop = await stand({ after: (end: () => unknown) => ends.push(end) } as never as TestContext)
    servePage(shop.opened, script.code)
    ann = await shop.tested.user({ email, password, roles: ['staff'] })
    const price = { amount: 100, currency: 'GBP' } as const
    await shop.tested.data.product.create({ sku: 'A', name: 'Lamp', price, stock: 2 })
    await shop.tested.data.product.create({ sku: 'B', name: 'Chair', price, stock: 0 })
    await shop.tested.data.vault.create({ word: 'sesame' })
    browser = await chromium.launch({ executablePath: executablePath ?? '', args })
    ends.push(() => browser.close())
  })

  after(async () => {
    for (const end of ends.reverse()) await end()
  })

  /** A page of somebody new. */
  async function open() {
    const visitor = await browser.newContext()
    const page = await visitor.newPage()
    const wrong: string[] = []
    page.on('pageerror', (error) => wrong.push(error.message))
    await page.goto(`${shop.url}/page`)
    return { page, wrong, run: (code: string) => page.evaluate<unknown>(`(async () => ${code})()`) }
  }

  test('a session in a cookie: no script sees it, and changes count', async () => {
    const { run, page, wrong } = await open()
    const input = JSON.stringify({ email, password })
    const step = (await run(`client.auth.signIn(${input}).orThrow()`)) as { is: string }
    assert.equal(step.is, 'signedIn')
    const cookies = await page.context().cookies()
    assert.deepEqual(
      cookies.map(({ name, httpOnly }) => [name, httpOnly]),
      [['__Host-sid', true]],
    )
    assert.equal(await run('document.cookie + localStorage.length'), '0')
    const made = await run(`client.data.tag.create({ name: 'blue' })`)
    const { value } = made as { value: { id: string } }
    const gone = await run(`client.data.tag.delete('${value.id}')`)
    assert.equal((gone as { ok: boolean }).ok, true)
    const order = `{ number: 'B-1', ownerId: '${ann.id}' }`
    const batch = await run(`client.batch((s) => [s.order.create(${order})]).orThrow()`)
    assert.equal((batch as readonly unknown[]).length, 1)
    await page.reload()
    const me = await run('client.auth.me().orThrow()')
    assert.equal((me as { user: { email: string } }).user.email, email)
    await run('client.auth.signOut().orThrow()')
    assert.deepEqual(await page.context().cookies(), [])
    assert.deepEqual(wrong, [])
  })

  test('a session in a storage outlives a reload, and is sent as a bearer token', async () => {
    const { run, page } = await open()
    await run(`bearer.auth.signIn(${JSON.stringify({ email, password })}).orThrow()`)
    await page.reload()
    const me = await run('bearer.auth.me().orThrow()')
    assert.equal((me as { user: { email: string } }).user.email, email)
    assert.deepEqual(await page.context().cookies(), [])
    await run('bearer.auth.signOut().orThrow()')
    assert.equal(await run('localStorage.length'), 0)
  })

  test('passkeys: added, signed in by, shown again', async () => {
    const { run, page } = await open()
    await virtualKey(page)
    await run(`client.auth.signIn(${JSON.stringify({ email, password })}).orThrow()`)
    const added = (await run(`client.auth.addPasskey({ name: 'Phone' }).orThrow()`)) as object
    assert.equal((added as { name: string }).name, 'Phone')
    const again = (await run('client.auth.addPasskey()')) as { failure: { code: string } }
    assert.equal(again.failure.code, 'passkey_known')
    await run('client.auth.signOut().orThrow()')
    const step = (await run('client.auth.signInByPasskey().orThrow()')) as { is: string }
    assert.equal(step.is, 'signedIn')
    shop.tested.clock.advance(10 * 60_000)
    const closed = (await run('client.data.vault.find()')) as { failure: { code: string } }
    assert.equal(closed.failure.code, 'step_up_required')
    await run('client.auth.stepUpByPasskey().orThrow()')
    const opened = (await run('client.data.vault.find().orThrow()')) as { data: unknown[] }
    assert.equal(opened.data.length, 1)
    // Browsers without the JSON forms of the protocol: ours do the same.
    await run('client.auth.signOut().orThrow()')
    await run(`{
      delete PublicKeyCredential.parseRequestOptionsFromJSON
      delete PublicKeyCredential.prototype.toJSON
    }`)
    const plain = (await run('client.auth.signInByPasskey().orThrow()')) as { is: string }
    assert.equal(plain.is, 'signedIn')
    await run('client.auth.signOut().orThrow()')
  })

  test('hooks: changes are shown before they are made, and taken back', async () => {
    const { page, run, wrong } = await open()
    await page.locator('#products', { hasText: 'Lamp: 2' }).waitFor()
    assert.equal(await page.locator('#products li').count(), 2)
    let asked = 0
    await page.route('**/api/products/query', async (route) => {
      asked++
      await route.continue()
    })
    const held = await hold(page, '**/api/orders/buy')
    await page.getByRole('button', { name: 'Buy Lamp' }).click()
    await page.locator('#products', { hasText: 'Lamp: 1' }).waitFor()
    assert.equal(await page.locator('#bought').textContent(), 'pending')
    assert.equal(asked, 0, 'it is shown before it is done')
    held.go()
    await page.getByText('idle').waitFor()
    assert.equal(await page.locator('#products', { hasText: 'Lamp: 1' }).count(), 1)
    assert.equal(asked, 1, 'and read again once it was')
    const [lamp] = (await shop.tested.data.product.find({ filter: { sku: 'A' } })).data
    assert.equal(lamp?.stock, 1)

    await page.getByRole('button', { name: 'Buy Chair' }).click()
    await page.getByText('sold_out').waitFor()
    assert.equal(
      await page.locator('#products', { hasText: 'Chair: 0' }).count(),
      1,
      'what failed is taken back',
    )
    await page.getByRole('button', { name: 'Add' }).click()
    await page.locator('#added', { hasText: 'sign_in_required' }).waitFor()
    await run(`client.auth.signIn(${JSON.stringify({ email, password })}).orThrow()`)
    await page.getByRole('button', { name: 'Add' }).click()
    await page.locator('#products', { hasText: 'New: 0' }).waitFor()
    assert.deepEqual(wrong, [])
  })

  test('what is followed is drawn anew with each change', async () => {
    const { page, run } = await open()
    const stock = page.locator('#stock')
    await page.locator('#stock', { hasText: 'Lamp: ' }).waitFor()
    const [lamp] = (await shop.tested.data.product.find({ filter: { sku: 'A' } })).data
    await shop.tested.data.product.update(lamp?.id ?? '', { stock: 41, name: 'Lantern' })
    await page.locator('#stock', { hasText: 'Lantern: 41' }).waitFor()
    await run(`client.actions.orders.buy({ product: '${lamp?.id}' }).orThrow()`)
    await page.locator('#stock', { hasText: 'Lantern: 40' }).waitFor()
    await shop.tested.data.product.update(lamp?.id ?? '', { published: false })
    await page.locator('#stock', { hasText: /^$/ }).waitFor({ state: 'attached' })
    assert.equal(await stock.textContent(), '')
    await shop.tested.data.product.update(lamp?.id ?? '', { published: true, stock: 2 })
  })

  test('eight reads share one socket, and calls go on beside them', async () => {
    const { page, run } = await open()
    await page.locator('#stock', { hasText: /: \d/ }).waitFor()
    const sockets: string[] = []
    page.on('websocket', (socket) => void sockets.push(new URL(socket.url()).pathname))
    const streams: string[] = []
    page.on('request', (request) => {
      if (request.headers().accept?.includes('event-stream')) streams.push(request.url())
    })
    await page.reload()
    await page.locator('#stock', { hasText: /: \d/ }).waitFor()
    const told = await run(`{
      const told = []
      for (let at = 0; at < 8; at++) {
        const query = { filter: { stock: { gte: 0 } }, limit: at + 1 }
        client.data.product.live(query, { next: ({ data }) => { told[at] = data.length } })
      }
      while (told.filter(Boolean).length < 8) await new Promise((go) => setTimeout(go, 20))
      await client.data.product.find().orThrow()
      return told
    }`)
    assert.equal((told as readonly number[]).length, 8)
    assert.deepEqual([sockets, streams], [['/api/live'], []])
  })

  test('hooks of events and rooms: what comes is drawn, and a room is entered once', async () => {
    for (const earlier of browser.contexts()) await earlier.close()
    const [one, other] = [await open(), await open()]
    const people = (page: Page, moods: string) =>
      page
        .locator('#people')
        .filter({ hasText: new RegExp(`^${moods}$`) })
        .waitFor()
    await people(one.page, 'good, good')
    await people(other.page, 'good, good')
    await one.page.getByRole('button', { name: 'Grumble' }).click()
    await people(other.page, 'bad, good')
    await one.page.getByRole('button', { name: 'Say hello' }).click()
    await one.page.locator('#refused', { hasText: 'sign_in_required' }).waitFor()
    const input = JSON.stringify({ email, password })
    await one.run(`client.auth.signIn(${input}).orThrow()`)
    await people(other.page, 'bad, good')
    await one.page.getByRole('button', { name: 'Say hello' }).click()
    await other.page.locator('#said', { hasText: 'hello' }).waitFor()
    await other.run(`client.actions.orders.praise({ word: 'fine', stars: 5 }).orThrow()`)
    await other.run(`client.actions.orders.praise({ word: 'poor', stars: 1 }).orThrow()`)
    await shop.tested.drain()
    await one.page.locator('#words', { hasText: 'fine 5, poor 1' }).waitFor()
    assert.equal(await other.page.locator('#words').textContent(), 'fine 5')
    await other.page.close()
    await people(one.page, 'bad')
    assert.deepEqual([...one.wrong, ...other.wrong], [])
  })

  test('suspense: thrown to a boundary, tried again; another session reads anew', async () => {
    const { page, run } = await open()
    await page.getByText('sign_in_required').or(page.getByText('0 words')).first().waitFor()
    await run(`client.auth.signIn(${JSON.stringify({ email, password })}).orThrow()`)
    const broken = page.locator('#broken')
    if ((await broken.count()) > 0) await broken.click()
    await page.getByText('1 words').waitFor()
    await run('client.auth.signOut().orThrow()')
    await page.getByText('1 words').waitFor({ state: 'detached' })
  })
})

/** Puts a page with a script before the app. */
function servePage(opened: { handler?: Handler }, script: string): void {
  const app = opened.handler as Handler
  const policy = "default-src 'none'; script-src 'self'; connect-src 'self'"
  opened.handler = (request) => {
    const answer = (type: string, body: string) => {
      const headers = { 'content-type': type, 'content-security-policy': policy }
      return { status: 200, headers, body }
    }
    if (request.path === '/page.js') return answer('text/javascript; charset=utf-8', script)
    if (request.path !== '/page') return app(request)
    return answer(
      'text/html; charset=utf-8',
      '<!doctype html><title>Shop</title><div id="root"></div>' +
        '<script type="module" src="/page.js"></script>',
    )
  }
}

async function virtualKey(page: Page): Promise<void> {
  const client = await page.context().newCDPSession(page)
  await client.send('WebAuthn.enable', { enableUI: false })
  await client.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true },
      ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    },
  })
}

/** Holds requests back until they are let go. */
async function hold(page: Page, pattern: string): Promise<{ go: () => void }> {
  const { promise, resolve } = Promise.withResolvers<void>()
  await page.route(pattern, async (route) => {
    await promise
    await route.continue()
  })
  return { go: resolve }
}
