import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { BrowserContextOptions, Page } from 'playwright-core'
import {
  begin,
  client,
  openProvider,
  password,
  person,
  program,
} from '../../packages/plinth/src/identity/proof/provider/stand.ts'
import { look, openChromium, skip, views } from './chromium.ts'

const anns = 'ann@notes.example'

async function open(context: TestContext, options: BrowserContextOptions) {
  const provider = await openProvider(context)
  await person(provider, anns)
  const browse = await openChromium(context)
  const visitor = await browse(options)
  const page = await visitor.newPage()
  // Where the program waits: it is on no network here.
  const arrived: URL[] = []
  await page.route('https://ledger.example/**', (route) => {
    arrived.push(new URL(route.request().url()))
    return route.fulfill({ contentType: 'text/html', body: '<h1>Back at Ledger</h1>' })
  })
  const press = (name: string) => page.getByRole('button', { name }).first().click()
  return { provider, page, arrived, press }
}

async function signIn(page: Page): Promise<void> {
  await page.getByLabel('E-mail address').fill(anns)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).first().click()
}

interface Walking extends Pick<Awaited<ReturnType<typeof open>>, 'provider' | 'page' | 'press'> {
  readonly shown: (what: string) => Promise<void>
}

/** Types a wrong code, then the right one, and says yes. */
async function letDeviceIn({ provider, page, press, shown }: Walking): Promise<void> {
  const phone = await program(provider, 'phone')
  const scope = 'openid note.read'
  const waits = await client.initiateDeviceAuthorization(phone, { scope })
  await page.goto(waits.verification_uri)
  await shown('device')
  await page.getByLabel('Code').fill('BCDF-GHJK')
  await press('Look')
  await page.getByRole('alert').waitFor()
  await shown('device-trouble')
  await page.getByLabel('Code').fill(waits.user_code)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Let Phone in?' }).waitFor()
  await page.getByText(waits.user_code).waitFor()
  await shown('device-asked')
  await press('Let it in')
  await page.getByRole('heading', { name: 'Your device is let in' }).waitFor()
  await shown('device-done')
  assert.ok(await client.pollDeviceAuthorizationGrant(phone, { ...waits, interval: 0 }))
}

const all = views.flatMap(([name, options]) => [
  [name, options] as const,
  // Nothing of it takes a script.
  ...(name === 'light' ? [['scriptless', { ...options, javaScriptEnabled: false }] as const] : []),
])

for (const [name, options] of all) {
  test(`programs are let in and shut out: ${name}`, { skip }, async (context) => {
    const { provider, page, arrived, press } = await open(context, options)
    const shown = async (what: string): Promise<void> => {
      if (name !== 'scriptless') await look(page, `${name}-${what}`)
    }
    const config = await program(provider, 'ledger')
    const { url, verifier, state } = await begin(config, {
      prompt: 'consent',
      scope: 'openid email offline_access note.read note.write',
    })
    await page.goto(url.href)
    await signIn(page)
    await page.getByRole('heading', { name: 'Let Ledger in?' }).waitFor()
    await shown('consent')
    await press('Let it in')
    await page.getByRole('heading', { name: 'Back at Ledger' }).waitFor()
    const checks = { pkceCodeVerifier: verifier, expectedState: state }
    const back = arrived.at(-1) ?? assert.fail('nobody came back')
    const got = await client.authorizationCodeGrant(config, back, checks)
    assert.match(got.scope ?? '', /note\.write/)

    await letDeviceIn({ provider, page, press, shown })
    await page.goto(`${provider.origin}/account`)
    await page.getByRole('link', { name: 'See the programs' }).click()
    await page.getByRole('heading', { name: 'Programs you let in' }).waitFor()
    await shown('apps')
    await press('Shut out')
    await page.getByRole('status').waitFor()
    await press('Shut out')
    await page.getByText('There are none').waitFor()
    await shown('apps-none')

    const bye = client.buildEndSessionUrl(config, {
      ...{ id_token_hint: got.id_token ?? '', state: 'bye' },
      post_logout_redirect_uri: 'https://ledger.example/bye',
    })
    await page.goto(bye.href)
    await page.getByRole('heading', { name: 'Sign out?' }).waitFor()
    await shown('sign-out-of')
    await press('Sign out')
    await page.getByRole('heading', { name: 'Back at Ledger' }).waitFor()
    assert.equal(arrived.at(-1)?.searchParams.get('state'), 'bye')
    await page.goto(`${provider.origin}/oauth/authorize?client_id=nobody`)
    await page.getByRole('heading', { name: 'That did not work' }).waitFor()
    await shown('cannot-be-asked')
  })
}

test('H01: no page frames the question, and no form of another site answers it', {
  skip,
}, async (context) => {
  const { provider, page } = await open(context, {})
  const { url } = await begin(await program(provider, 'ledger'))
  await page.goto(url.href)
  await signIn(page)
  await page.getByRole('heading', { name: 'Let Ledger in?' }).waitFor()
  const asked = page.url()
  const interaction = new URL(asked).searchParams.get('interaction') ?? ''
  const evil = 'https://evil.example/'
  const frame = `<iframe src="${asked}"></iframe>`
  await page.route(`${evil}frame`, (route) =>
    route.fulfill({ contentType: 'text/html', body: frame }),
  )
  await page.goto(`${evil}frame`)
  const framed = page.frames().map((one) => one.url())
  assert.ok(!framed.includes(asked), framed.join(' '))
  const form = `<form method="post" action="${provider.origin}/account/consent">
<input name="interaction" value="${interaction}"><input name="allow" value="yes">
<button>Win a prize</button></form>`
  await page.route(`${evil}form`, (route) =>
    route.fulfill({ contentType: 'text/html', body: form }),
  )
  await page.goto(`${evil}form`)
  await page.getByRole('button', { name: 'Win a prize' }).click()
  await page.getByText('The request came from another site').waitFor()
  await page.goto(asked)
  await page.getByRole('heading', { name: 'Let Ledger in?' }).waitFor()
})
