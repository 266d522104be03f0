import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { besideApi, withPlaces } from '../app/delivery/webhooks.ts'
import { askLocally } from '../app/local-request.ts'
import { app, email, html, kit, text } from '../index.ts'
import { mailbox } from '../mail/settings.ts'
import { testApp } from '../testing/test-app.ts'

const shop = kit('shop', {})

const receipt = shop.mail('receipt', {
  input: { name: text(), link: text() },
  subject: ({ name }) => `Thank you, ${name}`,
  text: ({ name, link }) => `Dear ${name},\n${link}`,
  html: ({ name, link }) =>
    html`<h1>Dear ${name}</h1><p><a href="${link}">Your order</a></p><script>top.x = 1</script>`,
})

const thank = shop.action('thank', {
  input: { to: email(), name: text(), link: text() },
  allow: ({ me }) => me.signedIn,
  async run({ input, send }) {
    await send(receipt, { to: input.to, input: { name: input.name, link: input.link } })
  },
})

async function open(t: TestContext) {
  const opened = await testApp(app({ title: 'Shop', kits: [shop] }))
  t.after(() => opened.close())
  return opened
}

const evil = '<img src=x onerror=alert(1)>'

test('the mailbox lists mails and shows their parts, with everything escaped', async (t) => {
  const opened = await open(t)
  const empty = await opened.request('GET', '/mailbox')
  assert.match(empty.text, /No mail has been written yet/)
  await opened.call(thank, { to: 'ann@home.example', name: evil, link: 'https://shop.example/1' })
  await opened.drain()
  const list = await opened.request('GET', '/mailbox')
  assert.equal(list.status, 200)
  assert.match(list.headers['content-type'] ?? '', /^text\/html/)
  assert.match(list.text, /ann@home\.example/)
  assert.match(list.text, /kept/)
  assert.ok(!list.text.includes(evil))
  const [, path = ''] = /href="(\/mailbox\/[0-9a-f-]+)"/.exec(list.text) ?? []
  const shown = await opened.request('GET', path)
  assert.match(shown.text, new RegExp(`<iframe sandbox title="[^"]+" src="${path}/html">`))
  assert.match(shown.text, /https:\/\/shop\.example\/1/)
  assert.ok(!shown.text.includes(evil))
  assert.match(shown.headers['content-security-policy'] ?? '', /frame-src 'self'/)
  assert.match(shown.headers['content-security-policy'] ?? '', /script-src 'none'/)
})

test('K02: the HTML part runs nothing and reaches nothing', async (t) => {
  const opened = await open(t)
  await opened.call(thank, { to: 'ann@home.example', name: 'Ann', link: 'https://shop.example/1' })
  const [mail] = await opened.mails()
  const part = await opened.request('GET', `/mailbox/${mail?.id}/html`)
  const policy = part.headers['content-security-policy'] ?? ''
  assert.match(policy, /^sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:;/)
  assert.match(policy, /frame-ancestors 'self'/)
  assert.match(part.text, /<script>top\.x = 1<\/script>/)
})

test('what is no mail is not there, and the mailbox is only read', async (t) => {
  const opened = await open(t)
  const absent = '01900000-0000-7000-8000-000000000000'
  for (const path of [
    `/mailbox/${absent}`,
    '/mailbox/x',
    `/mailbox/${absent}/html`,
    '/mailbox/a/b/c',
  ]) {
    assert.equal((await opened.request('GET', path)).status, 404, path)
  }
  assert.equal((await opened.request('POST', '/mailbox')).status, 405)
})

test('H06: in production there is no mailbox', async (t) => {
  const opened = await open(t)
  const { runtime, handler } = opened.running
  assert.deepEqual(
    [...besideApi(runtime, { production: false, mail: mailbox }).keys()],
    ['mailbox'],
  )
  const places = besideApi(runtime, { production: true, mail: mailbox })
  assert.equal(places.size, 0)
  const asked = { method: 'GET', path: '/mailbox', headers: {}, body: new Uint8Array() }
  const none = await askLocally(
    withPlaces(async () => handler({} as never), places),
    asked,
  )
  assert.notEqual(none.status, 200)
})
