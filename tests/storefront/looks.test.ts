import { after, before, describe, test } from 'node:test'
import { type Browser, chromium } from 'playwright-core'
import { look, skip, views } from '../pages/chromium.ts'
import { launching, openStore, patienceMs, type StoreStand, signInAs, visit } from './stand.ts'

const timeout = 3 * patienceMs

describe('the looks of the storefront', { skip }, () => {
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

  for (const [name, options] of views) {
    test(`every page is for everybody: ${name}`, { timeout }, async () => {
      const { page } = await visit((more) => browser.newContext(more), shop, options)
      await page.getByText('18 products').waitFor()
      await look(page, `shop-${name}-catalogue`)
      await page.goto(`${shop}/products/P-102`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await look(page, `shop-${name}-product`)
      for (const place of ['sign-in', 'sign-up', 'basket', 'nowhere']) {
        await page.goto(`${shop}/${place}`)
        await page.getByRole('heading', { level: 1 }).waitFor()
        await look(page, `shop-${name}-${place}`)
      }
      await page.goto(`${shop}/orders`)
      await signInAs(store, page, 'bob')
      await page.getByText('B-1001').waitFor()
      await look(page, `shop-${name}-orders`)
      await page.getByRole('link', { name: 'B-1001' }).click()
      await page.getByRole('heading', { name: 'Order B-1001' }).waitFor()
      await look(page, `shop-${name}-order`)
      await page.goto(`${shop}/products/P-102`)
      await page.getByRole('button', { name: 'Add to the basket' }).click()
      await page.getByRole('link', { name: 'To the basket' }).click()
      await page.getByText('Total').waitFor()
      await look(page, `shop-${name}-own-basket`)
      await page.getByRole('link', { name: 'Check out' }).click()
      await page.getByRole('button', { name: /^Pay £/ }).waitFor()
      await look(page, `shop-${name}-checkout`)
      await page.goto(`${shop}/basket`)
      await page.getByRole('button', { name: /^Remove/ }).click()
      await page.goto(`${shop}/account`)
      await page.getByRole('heading', { name: 'Bob' }).waitFor()
      await look(page, `shop-${name}-account`)
      await page.context().close()
    })
  }
})
