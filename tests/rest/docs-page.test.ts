import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { Failure } from '../../packages/plinth/src/base/failure.ts'
import type { Call, Reply } from '../../packages/plinth/src/engine/call.ts'
import { type Stand, stand } from './fixture.ts'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync)
const skip = executablePath === undefined && 'needs Chromium: apt-get install chromium'
const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']
const token = `pls_${'a'.repeat(43)}`

let shop: Stand
let browser: Browser | undefined

/** Rows for whoever has the token, and a name in them that would run if it were taken for HTML. */
function answer(call: Call): Reply {
  if (call.operation === 'identity.signIn') return { status: 200, body: JSON.stringify({ token }) }
  const credential = 'credential' in call.as ? call.as.credential : undefined
  if (credential?.token !== token) throw new Failure('sign_in_required')
  const data = [{ id: '1', name: '<img src=x onerror=document.title="broken">Lantern' }]
  return { status: 200, body: JSON.stringify({ data, page: { next: null, previous: null } }) }
}

before(async () => {
  if (executablePath === undefined) return
  shop = await stand()
  shop.answer = answer
  browser = await chromium.launch({ executablePath, args, headless: true })
})
after(async () => {
  await browser?.close()
  if (executablePath !== undefined) await shop.close()
})

/** A page, and whatever goes wrong on it. */
async function open(path: string, width = 1280): Promise<{ page: Page; wrong: string[] }> {
  const page = await (browser ?? assert.fail()).newPage({ viewport: { width, height: 900 } })
  const wrong: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') wrong.push(message.text())
  })
  page.on('pageerror', (error) => wrong.push(error.message))
  await page.goto(shop.url + path)
  await page.locator('#sidebar li').first().waitFor({ state: 'attached' })
  return { page, wrong }
}

test('a person signs in on the page, calls an operation and sees its rows', { skip }, async () => {
  const { page, wrong } = await open('/docs')
  await page.getByText('Sign in', { exact: true }).first().click()
  await page.getByLabel('E-mail').fill('a@b.example')
  await page.getByLabel('Password').fill('a long enough password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('Signed in').waitFor()
  await page.getByRole('link', { name: 'GET List products' }).click()
  await page.getByLabel('limit').fill('2')
  await page.getByText('Filters', { exact: true }).click()
  await page.getByLabel('filter[name]').fill('Lan&tern')
  await page.getByRole('button', { name: 'Send GET' }).click()
  await page.getByText('200 OK').waitFor()
  assert.match(await page.locator('pre.body').innerText(), /Lantern/)
  assert.equal(await page.title(), 'Shop: API', 'what a record holds is text')
  assert.deepEqual(JSON.parse(JSON.stringify(shop.calls.at(-1)?.query)), {
    limit: '2',
    filter: { name: 'Lan&tern' },
  })
  assert.deepEqual(await page.context().cookies(), [])
  assert.deepEqual(wrong, [])
  await page.close()
})

test('what is looked for stands alone: no heading over nothing', { skip }, async () => {
  const { page, wrong } = await open('/docs')
  const headings = () => page.locator('#sidebar :is(h2, h3):visible').count()
  const all = await headings()
  await page.getByLabel('Find an operation').fill('product.create')
  await page.getByRole('link', { name: 'Create one product' }).waitFor()
  assert.equal(await page.locator('#sidebar li:visible').count(), 1)
  assert.equal(await headings(), 2)
  await page.getByLabel('Find an operation').fill('')
  assert.equal(await headings(), all)
  assert.deepEqual(wrong, [])
  await page.close()
})

test('without a token the page shows the problem', { skip }, async () => {
  const { page, wrong } = await open('/docs#product.create')
  await page.getByRole('button', { name: 'Send POST' }).click()
  await page.getByText('401 Unauthorized').waitFor()
  assert.match(await page.locator('pre.body').innerText(), /sign_in_required/)
  assert.match(await page.getByText('Body (application/json)').innerText(), /Body/)
  // The browser itself notes the 401; nothing else is wrong.
  assert.ok(
    wrong.every((text) => text.includes('401')),
    wrong.join('\n'),
  )
  await page.close()
})

test('the page works by keyboard and on a phone', { skip }, async () => {
  const { page, wrong } = await open('/docs#product.list', 375)
  const width = await page.evaluate('document.documentElement.scrollWidth')
  assert.ok(Number(width) <= 375, `the page is ${width} pixels wide`)
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate('document.activeElement.className'), 'skip')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  const link = page.getByRole('link', { name: 'Create one product' })
  await link.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Create one product' }).waitFor()
  assert.equal(await page.locator('#menu').getAttribute('aria-expanded'), 'false')
  assert.deepEqual(wrong, [])
  await page.close()
})

test('nothing but our own scripts runs on the page', { skip }, async () => {
  const { page } = await open('/docs')
  const ran = await page.evaluate(`(() => {
    const script = document.createElement('div')
    try { script.innerHTML = '<b>x</b>' } catch { return 'refused' }
    return 'ran'
  })()`)
  assert.equal(ran, 'refused', 'Trusted Types keep HTML out')
  await page.close()
})
