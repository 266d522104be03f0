import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Page,
  type Response,
} from 'playwright-core'
import { skip, virtualKey } from '../pages/chromium.ts'
import { launching, openStore, patienceMs, type StoreStand, signInAs, visit } from './stand.ts'

const timeout = 2 * patienceMs

interface Records<R> {
  readonly data: readonly (R & { readonly id: string })[]
}

describe('the storefront', { skip }, () => {
  let store: StoreStand
  let browser: Browser
  let shop = ''

  before(async () => {
    store = await openStore()
    shop = `${store.url}/shop`
    browser = await chromium.launch(launching)
  })

  after(async () => {
    await browser?.close()
    await store?.stop()
  })

  const open = (path = '', options: BrowserContextOptions = {}) =>
    visit((more) => browser.newContext(more), shop + path, options)

  const signIn = (page: Page, name: string) => signInAs(store, page, name)

  async function productOf(sku: string) {
    const { data } = await store.ask<Records<{ stock: number; name: string }>>(
      `products?filter[sku]=${sku}`,
    )
    return data[0] ?? assert.fail(`there is no ${sku}`)
  }

  /** Buys by the API, as somebody at another place would. */
  async function buy(as: string, sku: string, quantity: number): Promise<{ number: string }> {
    const { id } = await productOf(sku)
    const body = { items: [{ product: id, quantity }] }
    await store.ask('carts/fill', { method: 'POST', as, body })
    const placed = { method: 'POST', as, body: { method: 'card_ok' } }
    return store.ask<{ number: string }>('orders/checkout', placed)
  }

  const card = (page: Page, name: string) => page.locator('.card', { hasText: name })

  test('search and filters narrow what is shown, and stand in the address', {
    timeout,
  }, async () => {
    const { page, wrong } = await open()
    await page.getByText('18 products').waitFor()
    await page.getByRole('searchbox', { name: 'Search the catalogue' }).fill('tea RED')
    await page.getByText('1 product', { exact: true }).waitFor()
    assert.deepEqual(await page.locator('.card .name').allTextContents(), ['Red teapot'])
    await page.reload()
    await page.getByText('1 product', { exact: true }).waitFor()
    await page.getByRole('searchbox').fill('')
    await page.getByRole('radio', { name: 'Garden' }).check()
    await page.getByText('3 products').waitFor()
    await page.getByRole('combobox', { name: 'Price' }).selectOption('From £10')
    await page.getByText('1 product', { exact: true }).waitFor()
    assert.match(page.url(), /shelf=garden&price=1000-/)
    await page.getByRole('radio', { name: 'Everything' }).check()
    await page.getByRole('combobox', { name: 'Price' }).selectOption('Any price')
    await page.getByRole('combobox', { name: 'Order' }).selectOption('Cheapest first')
    await page.getByText('18 products').waitFor()
    await page.locator('.card .price').first().filter({ hasText: '£2.50' }).waitFor()
    await page.getByRole('searchbox').fill('no such thing')
    await page.getByText('Nothing fits').waitFor()
    assert.deepEqual(wrong, [])
    await page.context().close()
  })

  test('one sees the stock fall while another buys; the last is sold out', {
    timeout,
  }, async () => {
    const { page, wrong } = await open()
    await card(page, 'Spotted notebook').getByText('Only 5 left').waitFor()
    await buy('bob', 'P-401', 2)
    await card(page, 'Spotted notebook').getByText('Only 3 left').waitFor()
    await page.getByRole('checkbox', { name: 'In stock only' }).check()
    await page.getByText('18 products').waitFor()
    await buy('bob', 'P-401', 3)
    await page.getByText('17 products').waitFor()
    await page.getByRole('checkbox', { name: 'In stock only' }).uncheck()
    await card(page, 'Spotted notebook').getByText('Sold out').waitFor()
    assert.ok(await card(page, 'Spotted notebook').getByRole('button').isDisabled())
    assert.deepEqual(wrong, [])
    await page.context().close()
  })

  test('a guest fills a basket, signs in on the way, and pays; staff ship', {
    timeout,
  }, async () => {
    const { page, wrong } = await open()
    await card(page, 'Vintage mug').getByRole('button').click()
    await card(page, 'Vintage mug').getByRole('button', { name: 'Add another (1)' }).click()
    await page.getByRole('link', { name: 'Basket 2 pieces' }).click()
    await page.getByText('Before promotions').waitFor()
    await page.getByRole('button', { name: 'One Vintage mug more' }).click()
    await page.getByText('£7.50').waitFor()
    await page.getByRole('link', { name: 'Check out' }).click()
    await signIn(page, 'alice')
    await page.getByRole('heading', { name: 'Check out' }).waitFor()
    await page.getByRole('radio', { name: 'A card that is declined' }).check()
    await page.getByRole('button', { name: 'Pay £7.50' }).click()
    await page.getByText('The payment was declined (card_declined). Nothing was taken.').waitFor()
    await page.getByText('Cancelled', { exact: true }).waitFor()

    await page.getByRole('link', { name: 'Store', exact: true }).click()
    await card(page, 'Vintage mug').getByRole('button').click()
    await page.getByRole('link', { name: 'Basket 1 piece' }).click()
    await page.getByLabel('Code').fill('NOPE')
    await page.getByRole('button', { name: 'Use' }).click()
    await page.getByText('NOPE is no code of ours.').waitFor()
    await page.getByRole('link', { name: 'Check out' }).click()
    await page.getByRole('button', { name: 'Pay £2.50' }).click()
    await page.getByRole('heading', { name: /^Order W-/ }).waitFor()
    await page.getByText('Paid', { exact: true }).first().waitFor()
    const number = page.url().split('/').at(-1) ?? ''
    await page.getByRole('link', { name: 'Orders' }).click()
    const mine = page.locator('.orders li', { hasText: number })
    await mine.getByText('Paid').waitFor()
    const { id } = await store.ask<{ id: string }>(`orders/number=${number}`, { as: 'staff' })
    await store.ask(`orders/${id}`, {
      ...{ method: 'PATCH', as: 'staff', body: { status: 'shipped' } },
    })
    await mine.getByText('On its way').waitFor()
    assert.equal(await page.locator('.orders', { hasText: 'B-1001' }).count(), 0, 'nothing of Bob')
    assert.deepEqual(wrong, [])
    await page.context().close()
  })

  test('staff ship from their own page, and it leaves the list at once', { timeout }, async () => {
    const { page, wrong } = await open('/sign-in')
    await signIn(page, 'staff')
    await page.getByRole('link', { name: 'To ship' }).click()
    const waiting = page.locator('.orders li', { hasText: 'B-1001' })
    await waiting.waitFor()
    // The answer waits until the page has been seen to act before it.
    const { promise: seen, resolve: see } = Promise.withResolvers<void>()
    await page.route('**/api/orders/*', async (route) => {
      if (route.request().method() === 'PATCH') await seen
      await route.continue()
    })
    const answered = page.waitForResponse((answer) => answer.request().method() === 'PATCH')
    await waiting.getByRole('button', { name: 'Ship B-1001' }).click()
    await waiting.waitFor({ state: 'detached' })
    see()
    await answered
    await page.waitForTimeout(300)
    assert.equal(await waiting.count(), 0, 'it does not come back once it is done')
    assert.deepEqual(wrong, [])
    await page.context().close()
  })

  test('a password, then a passkey; what is wrong is said', { timeout }, async () => {
    const { page, wrong } = await open('/account')
    const key = await virtualKey(page)
    await page.getByLabel('E-mail address').fill('bob@store.example')
    await page.getByLabel('Password').fill('not the right one')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('alert').getByText('is not right').waitFor()
    await signIn(page, 'bob')
    await page.getByRole('heading', { name: 'Bob' }).waitFor()
    await key.touch(true)
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByText('Next time you can sign in with it.').waitFor()
    await page.getByText('You have one passkey.').waitFor()
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByText('This device has a passkey for you already.').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('link', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('link', { name: 'Account', exact: true }).click()
    await page.getByRole('heading', { name: 'Bob' }).waitFor()
    assert.equal(await page.evaluate('document.cookie'), '', 'no script sees the session')
    assert.deepEqual(wrong, [])
    await page.context().close()
  })

  test('an account is made, and what is wrong with a password is said', { timeout }, async () => {
    const { page } = await open('/sign-up')
    await page.getByLabel('Name').fill('Cy')
    await page.getByLabel('E-mail address').fill('cy@store.example')
    await page.getByLabel('Password').fill('passwordpassword')
    await page.getByRole('button', { name: 'Make an account' }).click()
    await page.getByRole('alert').getByText(/\w+/).waitFor()
    await page.getByLabel('Password').fill('three words and a half')
    await page.getByRole('button', { name: 'Make an account' }).click()
    const inside = page.getByRole('link', { name: 'Account', exact: true })
    await inside.or(page.getByText('Look into your mail')).waitFor()
    await page.context().close()
  })

  test('who was offline is told, and goes on where they were', { timeout }, async () => {
    const { page, context } = await open()
    const { id, stock } = await productOf('P-303')
    await card(page, 'White planter').getByText(`${stock} in stock`).waitFor()
    await context.setOffline(true)
    await page.getByText('You are offline').waitFor()
    await page.getByText('the connection is lost').waitFor()
    const change = { method: 'PATCH', as: 'staff', body: { stock: 77 } }
    await store.ask(`products/${id}`, change)
    await context.setOffline(false)
    await card(page, 'White planter').getByText('77 in stock').waitFor()
    await page.getByText('the connection is lost').waitFor({ state: 'detached' })
    await store.ask(`products/${id}`, { ...change, body: { stock } })
    await card(page, 'White planter').getByText(`${stock} in stock`).waitFor()
    await page.context().close()
  })

  test('two tabs show one basket, and one session', { timeout }, async () => {
    const { page, context, wrong } = await open('/sign-in')
    await signIn(page, 'alice')
    const other = await context.newPage()
    await other.goto(shop)
    await card(page, 'Red jigsaw').getByRole('button').click()
    await other.getByRole('link', { name: 'Basket 1 piece' }).click()
    await other.getByRole('button', { name: 'One Red jigsaw more' }).click()
    await page.getByRole('link', { name: 'Basket 2 pieces' }).waitFor()
    await other.getByRole('button', { name: 'Remove Red jigsaw' }).click()
    await page.getByRole('link', { name: 'Basket 0 pieces' }).waitFor()
    await other.getByRole('link', { name: 'Account', exact: true }).click()
    await other.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('link', { name: 'Sign in' }).waitFor()
    assert.deepEqual(wrong, [])
    await context.close()
  })

  test('it is one script of less than 90 KB, cached, under a strict policy', {
    timeout,
  }, async () => {
    const { page, wrong } = await open()
    const heads: Record<string, Record<string, string>> = {}
    const told: Promise<void>[] = []
    const tell = async (answer: Response): Promise<void> => {
      heads[new URL(answer.url()).pathname] = await answer.allHeaders()
    }
    page.on('response', (answer) => told.push(tell(answer)))
    await page.addInitScript(`new PerformanceObserver((list) => {
      for (const { value, hadRecentInput } of list.getEntries()) {
        if (!hadRecentInput) globalThis.shift = (globalThis.shift ?? 0) + value
      }
    }).observe({ type: 'layout-shift', buffered: true })`)
    await page.goto(shop)
    await page.getByText('18 products').waitFor()
    await Promise.all(told)
    const shift = Number(await page.evaluate('globalThis.shift ?? 0'))
    // Half of what is called good (0.1): how much jumps depends on what the machine paints first.
    assert.ok(shift < 0.05, `the page jumps by ${shift}`)
    const policy = heads['/shop']?.['content-security-policy'] ?? ''
    assert.match(policy, /script-src 'self';.*require-trusted-types-for 'script'/)
    assert.doesNotMatch(policy, /unsafe/)
    const [script] = Object.entries(heads).filter(([path]) => path.endsWith('.js'))
    assert.match(script?.[1]['cache-control'] ?? '', /immutable/)
    assert.equal(script?.[1]['content-encoding'], 'br')
    const bytes = Number(script?.[1]['content-length'])
    assert.ok(bytes < 90 * 1_024, `${bytes} bytes travel`)
    assert.deepEqual(wrong, [], 'nothing is refused by the policy')
    await page.goto(store.url)
    await page.getByRole('heading', { name: 'Welcome to the Store' }).waitFor()
    await page.getByRole('link', { name: 'the shop' }).click()
    await page.getByText('18 products').waitFor()
    await page.context().close()
  })

  test('by the keyboard alone: past the header, to a product, into the basket', {
    timeout,
  }, async () => {
    const { page } = await open('/products/P-201')
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the page')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Add to the basket')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Basket 1 piece' }).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Your basket' }).waitFor()
    assert.equal(await page.evaluate('document.activeElement.id'), 'main')
    await page.context().close()
  })
})
