import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { password, stand } from '../../packages/plinth/src/pages/proof/browser.ts'
import { look, openChromium, skip, views } from './chromium.ts'

const anns = 'ann@people.example'

interface Walk {
  readonly page: Page
  /** Goes to an address of the app. */
  readonly open: (path: string) => Promise<void>
  readonly press: (button: string) => Promise<void>
  /** Holds what is shown to every rule, and takes a picture of it. */
  readonly look: (name: string) => Promise<void>
}

async function walk(context: TestContext, options: BrowserContextOptions, name: string) {
  const people = await stand(context)
  const browse = await openChromium(context)
  // Axe runs by the debugger: the pages themselves run nothing.
  const visitor = await browse(options)
  const page = await visitor.newPage()
  const wrong: string[] = []
  page.on('pageerror', (error) => wrong.push(error.message))
  page.on('console', (message) => {
    // The browser itself notes each 4xx.
    if (message.type() === 'error' && !/status of 4/.test(message.text()))
      wrong.push(message.text())
  })
  const walking: Walk = {
    page,
    open: async (path) => void (await page.goto(people.origin + path)),
    press: (button) => page.getByRole('button', { name: button }).first().click(),
    look: async (shown) => {
      await look(page, `${name}-${shown}`)
      assert.deepEqual(wrong, [], shown)
    },
  }
  return { ...people, ...walking }
}

/** The pages of keys, as somebody with a fresh session sees them. */
async function keys({ page, open, press, look }: Walk): Promise<void> {
  await open('/account/make-key')
  await look('make-key')
  await page.getByLabel('What it is for').fill('till')
  await page.getByLabel('Scopes').fill('user.reed')
  await press('Make the key')
  await page.getByRole('link', { name: 'did you mean user.read' }).waitFor()
  await look('make-key-trouble')
  await page.getByLabel('Scopes').fill('user.read')
  await press('Make the key')
  await page.getByText('it is not shown again').waitFor()
  await look('made-key')
  await open('/account/make-agent-token')
  await look('make-agent-token')
  await page.getByLabel('What the agent is called').fill('helper')
  await page.getByLabel('Scopes').fill('read')
  await press('Make the token')
  await open('/account/keys')
  await look('keys')
}

for (const [name, options] of views) {
  test(`every page keeps the rules: ${name}`, { skip }, async (context) => {
    const { page, open, press, look, link } = await walk(context, options, name)
    await open('/account/sign-up')
    await look('sign-up')
    await page.getByLabel('E-mail address').fill(anns)
    await page.getByLabel('Password').fill('short')
    await press('Make an account')
    await look('sign-up-trouble')
    const focused = await page.evaluate('document.activeElement.getAttribute("role")')
    assert.equal(focused, 'alert', 'what is wrong is read first')
    assert.equal(await page.getByLabel('E-mail address').inputValue(), anns)
    assert.equal(await page.getByLabel('Password').inputValue(), '')
    await page.getByRole('link', { name: 'Give at least 15' }).click()
    assert.equal(await page.evaluate('document.activeElement.id'), 'password')
    await page.keyboard.type(password)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await look('sign-in')
    await open(await link(anns))
    await look('verify-email')
    await page.getByLabel('Password').fill(password)
    await press('Confirm the address')
    await page.getByRole('heading', { name: 'Your account' }).waitFor()
    await look('account')
    for (const shown of ['change-name', 'change-email', 'change-password', 'factors', 'step-up']) {
      await open(`/account/${shown}`)
      await look(shown)
    }
    await open('/account/factors')
    await press('Set up an authenticator app')
    await look('set-up-totp')
    await keys({ page, open, press, look })
    await open('/account/nothing')
    await look('failed')
    await open('/account')
    await press('Sign out everywhere')
    await page.getByText('You are signed out').waitFor()
    for (const shown of ['send-link', 'enter-code', 'forgot-password']) {
      await open(`/account/${shown}`)
      await look(shown)
    }
    for (const shown of ['reset-password', 'confirm-email', 'sign-in-by-link']) {
      await open(`/account/${shown}?token=x`)
      await look(shown)
    }
  })
}

test('H01: a form of another site does nothing in a browser', { skip }, async (context) => {
  const { page, open, press, origin, tested } = await walk(context, {}, 'elsewhere')
  await tested.user({ email: anns, password })
  await open('/account/sign-in')
  await page.goto(`data:text/html,${encodeURIComponent(foreignForm(`${origin}/account/sign-in`))}`)
  await press('Win a prize')
  await page.getByText('The request came from another site').waitFor()
  assert.deepEqual(await page.context().cookies(), [])
})

function foreignForm(action: string): string {
  return `<form method="post" action="${action}"><input name="email" value="${anns}">
<input name="password" value="${password}"><button>Win a prize</button></form>`
}
