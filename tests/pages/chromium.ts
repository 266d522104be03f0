/** Owns Chromium for tests of pages: a key that answers by itself, rules, and pictures. */

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, type TestContext } from 'node:test'
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type CDPSession,
  chromium,
  type Page,
} from 'playwright-core'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync)
const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Why such a test is left out; false: it is not. */
export const skip = executablePath === undefined && 'needs Chromium: apt-get install chromium'

/** Where pictures go, for people who want to look: nowhere unless it is named. */
const pictures = process.env.PLINTH_PICTURES

/** How pages are looked at. */
export const views: readonly (readonly [name: string, options: BrowserContextOptions])[] = [
  ['light', { colorScheme: 'light', viewport: { width: 1000, height: 900 } }],
  ['dark', { colorScheme: 'dark', viewport: { width: 1000, height: 900 } }],
  ['narrow', { colorScheme: 'light', viewport: { width: 320, height: 640 } }],
]

let running: Promise<Browser> | undefined
after(async () => (await running)?.close())

/** One browser for the tests of a file: its start costs more than most of what they look at. */
async function sharedBrowser(): Promise<Browser> {
  const known = await running
  if (known?.isConnected()) return known
  running = chromium.launch({ executablePath: executablePath ?? '', args })
  return running
}

/** People at a browser, each with cookies of their own; they leave at the end of the test. */
export async function openChromium(
  context: TestContext,
): Promise<(options?: BrowserContextOptions) => Promise<BrowserContext>> {
  const browser = await sharedBrowser()
  const people: BrowserContext[] = []
  context.after(() => Promise.all(people.map((each) => each.close())))
  return async (options = {}) => {
    const each = await browser.newContext(options)
    people.push(each)
    return each
  }
}

/** A key that answers by itself, as the browser's own test of keys makes one. */
export interface Key {
  /** False: it answers to nothing until it is touched again. */
  readonly touch: (touched: boolean) => Promise<void>
  readonly client: CDPSession
  readonly id: string
}

/** Puts a key into a page's browser. It waits to be touched. */
export async function virtualKey(page: Page): Promise<Key> {
  const client = await page.context().newCDPSession(page)
  await client.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId: id } = await client.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true },
      ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: false },
    },
  })
  const touch = async (enabled: boolean) => {
    const asked = { authenticatorId: id, enabled }
    await client.send('WebAuthn.setAutomaticPresenceSimulation', asked)
  }
  return { touch, client, id }
}

/** From now on nothing is offered in fields: a key that answers by itself would take it at once. */
export async function withoutOffers(page: Page): Promise<void> {
  const content = 'PublicKeyCredential.isConditionalMediationAvailable = async () => false'
  await page.addInitScript({ content })
}

/** WCAG 2.2 AA as far as a machine can tell, and nothing wider than its window; and a picture. */
export async function look(page: Page, name: string): Promise<void> {
  // What a form leads to is found in the document before its style sheet has come.
  await page.waitForLoadState('load')
  await picture(page, name)
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  const asked = `(async () => {
    const found = await axe.run(document, { runOnly: ${JSON.stringify(tags)} })
    return found.violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)].join(' '))
  })()`
  await page.evaluate(axe)
  assert.deepEqual(await page.evaluate(asked), [], name)
  const [wide, window] = (await page.evaluate(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  )) as [number, number]
  assert.ok(wide <= window, `${name} is ${wide} pixels wide in a window of ${window}`)
}

/** A picture of a page, where pictures are wanted. */
export async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
}
