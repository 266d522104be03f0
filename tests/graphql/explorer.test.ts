import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { app, belongsTo, identity, kit, text } from 'plinth'
import { askLocally } from '../../packages/plinth/src/app/local-request.ts'
import { beginSession } from '../../packages/plinth/src/app/people/sessions.ts'
import { createGraphqlDoor } from '../../packages/plinth/src/graphql/door.ts'
import { password, standOf } from '../../packages/plinth/src/pages/proof/browser.ts'
import { testApp } from '../../packages/plinth/src/testing/test-app.ts'
import { look, openChromium, skip, views } from '../pages/chromium.ts'

const notes = kit('notes', {
  uses: [identity],
  models: {
    note: {
      fields: { body: text({ max: 80 }), owner: belongsTo('user') },
      access: {
        read: ({ row, me }) => row.ownerId.eq(me.id),
        create: ({ row, me }) => row.ownerId.eq(me.id),
      },
    },
  },
})

const diary = app({ title: 'Diary', kits: [notes] })
const browsersAccept = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

async function open(context: TestContext) {
  const stand = await standOf(context, diary)
  const email = 'ada@diary.example'
  const { id } = await stand.tested.user({ email, password })
  const { records } = stand.tested.running.users
  await records.create('note', { body: 'of her own', ownerId: id })
  return { ...stand, email, id, records, browse: await openChromium(context) }
}

/** The page, with whatever goes wrong on it. */
async function explorer(page: Page, origin: string) {
  const wrong: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') wrong.push(message.text())
  })
  page.on('pageerror', (error) => wrong.push(error.message))
  const asked = new Set<string>()
  page.on('request', (request) => asked.add(new URL(request.url()).origin))
  page.setDefaultTimeout(8_000)
  await page.goto(`${origin}/api/graphql`)
  await page.getByRole('button', { name: 'Query', exact: true }).waitFor()
  return { wrong, asked, document: page.getByLabel('Document') }
}

const answer = (page: Page) => page.getByRole('region', { name: 'Answer' }).first().innerText()

test('somebody signed in writes a document, is helped, and is answered as who they are', {
  skip,
}, async (context) => {
  const { origin, browse, email } = await open(context)
  const page = await (await browse()).newPage()
  const { wrong, asked, document } = await explorer(page, origin)
  await page.getByRole('link', { name: 'A guest: sign in' }).click()
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByText(`Signed in: ${email}`).waitFor()
  await document.fill('{ notes { nodes { } } }')
  await document.press('Home')
  for (let step = 0; step < 18; step++) await document.press('ArrowRight')
  await document.pressSequentially('bo')
  await page.getByRole('option', { name: 'body String!' }).waitFor()
  await document.press('Enter')
  assert.equal(await document.inputValue(), '{ notes { nodes { body} } }')
  await page.getByRole('button', { name: 'Tidy' }).click()
  assert.match(await document.inputValue(), /^\{\n {2}notes \{\n {4}nodes \{\n {6}body\n/)
  await document.press('Control+Enter')
  await page.getByText(/^200, \d+ ms$/).waitFor()
  assert.match(await answer(page), /of her own/)
  await document.fill('{ notes { nodes { bodi } } }')
  await page.getByText('Did you mean "body"?').waitFor()
  assert.equal(await page.locator('.wrong').first().innerText(), 'bodi')
  await page.getByText('History', { exact: true }).click()
  await page.getByRole('button', { name: '{ notes { nodes { body } } }' }).click()
  assert.match(await document.inputValue(), /body/)
  assert.deepEqual([...asked], [origin], 'nothing comes from elsewhere')
  assert.deepEqual(wrong, [])
})

test('a subscription tells what is committed while it is followed, and stops', {
  skip,
}, async (context) => {
  const { origin, browse, tested, records, id } = await open(context)
  const page = await (await browse()).newPage()
  const { wrong, document } = await explorer(page, origin)
  const token = await beginSession(tested.running.runtime, id)
  await page.getByText('Headers', { exact: true }).click()
  const headers = JSON.stringify({ authorization: `Bearer ${token}` })
  await page.getByLabel('they are not kept').fill(headers)
  const follow =
    'subscription($first: Int!) { notes(first: $first) { ' +
    'kind nodes { body } changes { node { body } } } }'
  await document.fill(follow)
  await page.getByLabel('As JSON', { exact: true }).fill('{ "first": 10 }')
  await page.getByRole('button', { name: 'Run' }).click()
  await page.getByText('Follows: 1 so far.').waitFor()
  assert.match(await answer(page), /RESULT[\s\S]*of her own/)
  await records.create('note', { body: 'a later one', ownerId: id })
  await page.getByText('Follows: 2 so far.').waitFor()
  assert.match(await answer(page), /CHANGES[\s\S]*a later one/)
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByText('Stopped after 2.').waitFor()
  assert.deepEqual(wrong, [])
})

test('the explorer is for everybody, in the dark and on a phone', { skip }, async (context) => {
  const { origin, browse } = await open(context)
  for (const [name, options] of views) {
    const page = await (await browse(options)).newPage()
    const { document } = await explorer(page, origin)
    await document.fill('# What is there?\nquery One($id: ID!) { note(id: $id) { bod } }')
    await page.getByText('Did you mean "body"').waitFor()
    await document.press('ArrowLeft')
    await page.getByRole('button', { name: 'Run' }).click()
    await page.getByText(/^400, /).waitFor()
    await page.getByRole('button', { name: 'Query', exact: true }).click()
    await page.getByText('note', { exact: true }).first().waitFor()
    await look(page, `explorer-${name}`)
  }
})

test('production has no page and none of its files, and says so', async (context) => {
  const tested = await testApp(diary)
  context.after(() => tested.close())
  const ask = (path: string, headers = {}) => tested.request('GET', path, { headers })
  const page = await ask('/api/graphql', browsersAccept)
  assert.equal(page.status, 200)
  assert.match(page.headers['content-security-policy'] ?? '', /script-src 'nonce-/)
  assert.equal((await ask('/api/graphql/explorer/library/version.mjs')).status, 200)
  assert.equal((await ask('/api/graphql/explorer/library/../package.json')).status, 404)
  assert.match((await ask('/api/graphql?query={__typename}')).text, /"Query"/, 'data for programs')

  const { runtime, invoke } = tested.running
  const { handler } = createGraphqlDoor({
    ...{ catalog: runtime.catalog, clock: runtime.clock, invoke, production: true },
    report: assert.fail,
  })
  const refused = async (path: string, headers = {}) => {
    const { status, text } = await askLocally(handler, {
      ...{ method: 'GET', path, headers, body: new Uint8Array() },
    })
    return [status, (JSON.parse(text) as { detail?: string }).detail ?? text] as const
  }
  const [status, detail] = await refused('/api/graphql', browsersAccept)
  assert.equal(status, 406)
  assert.match(detail, /in development alone. Send a document/)
  for (const file of ['explorer.js', 'library/version.mjs']) {
    assert.equal((await refused(`/api/graphql/explorer/${file}`))[0], 404, file)
  }
  const [, data] = await refused('/api/graphql?query={__typename}', browsersAccept)
  assert.match(data, /"Query"/, 'an address with a document is answered, in a browser too')
})
