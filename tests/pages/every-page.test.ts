import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { html } from '../../packages/plinth/src/index.ts'
import { password, stand } from '../../packages/plinth/src/pages/proof/browser.ts'
import { look, openChromium, skip, views, virtualKey } from './chromium.ts'

const anns = 'ann@people.example'

const declared = {
  accounts: { guests: true, deletionDelayDays: 7 },
  pages: { start: () => html`<h1>The shop</h1>` },
}

async function open(context: TestContext, options: BrowserContextOptions, name: string) {
  const people = await stand(context, declared)
  const browse = await openChromium(context)
  const visit = async () => {
    const page = await (await browse(options)).newPage()
    return {
      page,
      go: (path: string) => page.goto(people.origin + path),
      press: (label: string) => page.getByRole('button', { name: label }).first().click(),
      look: (shown: string) => look(page, `${name}-${shown}`),
      call: (path: string, input: object) => call(page, path, input),
    }
  }
  return { ...people, visit }
}

/** As a script of the app's own page does, with the cookie of the browser. */
async function call(page: Page, path: string, input: object): Promise<void> {
  const [at, body] = [JSON.stringify(path), JSON.stringify(JSON.stringify(input))]
  const status = await page.evaluate(`fetch(${at}, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: ${body},
  }).then(({ status }) => status)`)
  assert.ok(Number(status) < 300, `${path}: ${status}`)
}

type Opened = Awaited<ReturnType<typeof open>>
type Visitor = Awaited<ReturnType<Opened['visit']>>

async function becomeAccount({ visit, link }: Opened): Promise<Visitor> {
  const guest = await visit()
  await guest.go('/account/sign-in')
  await guest.call('/api/identity/continue-as-guest', { cookie: true })
  await guest.go('/account/upgrade')
  await guest.look('upgrade')
  await guest.page.getByLabel('E-mail address').fill(anns)
  await guest.page.getByLabel('Password').fill(password)
  await guest.press('Make an account')
  await guest.page.getByText('A mail is on its way').waitFor()
  await guest.look('confirm-upgrade')
  await guest.page.getByLabel('Code').fill('123')
  await guest.press('Make my account')
  await guest.page.getByText('is wrong, was used').waitFor()
  await guest.look('confirm-upgrade-trouble')
  const mailed = await link(anns)
  const elsewhere = await visit()
  await elsewhere.go(mailed)
  await elsewhere.look('confirm-upgrade-elsewhere')
  await guest.go(mailed)
  await guest.press('Make my account')
  await guest.page.getByRole('heading', { name: 'The shop' }).waitFor()
  return guest
}

async function leaveAndStay(ann: Visitor): Promise<void> {
  await ann.go('/account/delete')
  await ann.look('delete')
  await ann.page.evaluate("document.querySelector('#sure').removeAttribute('required')")
  await ann.press('Delete my account')
  await ann.page.getByText('Tick the box').first().waitFor()
  await ann.look('delete-trouble')
  await ann.page.getByLabel('Delete my account').check()
  await ann.press('Delete my account')
  await ann.page.getByText('will be deleted on').waitFor()
  await ann.look('account-leaving')
  await ann.press('Keep my account')
  await ann.page.getByText('Your account stays').waitFor()
  await ann.go('/account/download')
  await ann.look('download')
  const file = ann.page.waitForEvent('download')
  await ann.press('Download the file')
  assert.equal((await file).suggestedFilename(), 'your-data.json')
}

async function liveByPasskey(ann: Visitor): Promise<void> {
  const key = await virtualKey(ann.page)
  await ann.go('/account/factors')
  await key.touch(true)
  await ann.press('Add a passkey')
  await ann.page.getByText('The passkey is added').waitFor()
  await key.touch(false)
  await ann.go('/account/remove-password')
  await ann.look('remove-password')
  await ann.go('/account/factors')
  await ann.press('Ask for a passkey after a password')
  await ann.page.getByRole('heading', { name: 'Recovery codes' }).waitFor()
  await ann.look('recovery-codes')
  await ann.go('/account/factors')
  await ann.look('factors-passkey')
  await ann.press('Ask for no second step')
  await ann.page.getByRole('heading', { name: 'Show that it is you' }).waitFor()
  await ann.look('step-up-code-and-passkey')
  await key.touch(true)
  await ann.press('Use a passkey')
  await ann.page.getByRole('heading', { name: 'Second factor' }).waitFor()
  await key.touch(false)
  await ann.press('Ask for no second step')
  await ann.page.getByText('takes no second step any more').waitFor()
  await ann.go('/account/remove-password')
  await ann.press('Remove the password')
  await ann.page.getByText('Your password is removed').waitFor()
  await ann.go('/account/step-up')
  await ann.look('step-up-passkey-alone')
}

async function actAsBob({ tested, visit }: Opened): Promise<void> {
  const { id } = await tested.user({ email: 'bob@people.example', name: 'Bob' })
  await tested.user({ email: 'sam@people.example', name: 'Sam', password, roles: ['admin'] })
  const staff = await visit()
  await staff.go('/account/sign-in')
  await staff.page.getByLabel('E-mail address').fill('sam@people.example')
  await staff.page.getByLabel('Password').fill(password)
  await staff.page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await staff.page.getByRole('heading', { name: 'The shop' }).waitFor()
  const reason = 'The order 1234 hangs, and Bob asked on the telephone to have it looked at'
  await staff.call('/api/identity/impersonate', { user: id, reason, cookie: true })
  for (const [shown, path] of [
    ['acting-start', '/'],
    ['acting-account', '/account'],
  ] as const) {
    await staff.go(path)
    await staff.page.getByText('You act as Bob').waitFor()
    await staff.look(shown)
  }
  await staff.press('End')
  await staff.page.getByText('You are signed out').waitFor()
}

for (const [name, options] of views) {
  test(`pages of guests, of leaving and of staff: ${name}`, { skip }, async (context) => {
    const opened = await open(context, options, name)
    const ann = await becomeAccount(opened)
    await leaveAndStay(ann)
    await liveByPasskey(ann)
    await actAsBob(opened)
  })
}
