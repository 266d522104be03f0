import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { catalogOf } from '../../../app/compose.ts'
import { demandMail, type MailSettings, mailbox, mailSettings } from '../../../app/delivery/mail.ts'
import { app, email, html, kit, text } from '../../../index.ts'
import { type TestOptions, testApp } from '../../../testing/test-app.ts'
import { mailServer } from './server.ts'

const shop = kit('shop', {})

const receipt = shop.mail('receipt', {
  input: { name: text() },
  subject: ({ name }) => `Thank you, ${name}`,
  text: ({ name }) => `Dear ${name}`,
  html: ({ name }) => html`<p>Dear ${name}</p>`,
})

const link = shop.mail('link', {
  input: { token: text() },
  ...{ secret: true, onUnknown: 'ask' },
  subject: () => 'Your link',
  text: ({ token }) => `https://shop.example/in?${token}`,
})

const thank = shop.action('thank', {
  input: { to: email(), name: text(), fails: text({ optional: true }) },
  allow: ({ me }) => me.is('staff'),
  failures: { no: { detail: 'No.' } },
  async run({ input, send, fail }) {
    await send(receipt, { to: input.to, input: { name: input.name }, replyTo: 'help@shop.example' })
    if (input.fails !== null) throw fail('no')
  },
})

const invite = shop.action('invite', {
  input: { to: email(), token: text() },
  allow: ({ me }) => me.is('staff'),
  async run({ input, send }) {
    await send(link, { to: [input.to, 'copy@shop.example'], input: { token: input.token } })
  },
})

const store = app({ kits: [shop], title: 'Shop' })
const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

async function open(t: TestContext, options: TestOptions = {}) {
  const opened = await testApp(store, options)
  t.after(() => opened.close())
  return opened
}

type Shop = Awaited<ReturnType<typeof open>>
const toAnn = { to: 'ann@home.example', name: '<Ann>' }

test('a mail belongs to its transaction: stored with it, or not at all', async (t) => {
  const opened = await open(t)
  await assert.rejects(opened.call(thank, { ...toAnn, fails: 'yes' }), { code: 'no' })
  assert.deepEqual(await opened.mails(), [])
  await opened.call(thank, toAnn)
  const [queued] = await opened.mails()
  assert.equal(queued?.status, 'queued')
  await opened.drain()
  const [mail] = await opened.mails()
  assert.ok(mail)
  const { template, to, replyTo, subject, html: shown, status } = mail
  assert.deepEqual(
    { template, to, replyTo, subject, shown, status },
    {
      ...{ template: 'shop.receipt', to: ['ann@home.example'], replyTo: 'help@shop.example' },
      ...{ subject: 'Thank you, <Ann>', shown: '<p>Dear &lt;Ann&gt;</p>', status: 'kept' },
    },
  )
})

test('L02: a subject with a line break undoes the whole transaction', async (t) => {
  const opened = await open(t)
  const evil = { ...toAnn, name: 'Ann\r\nBcc: all@home.example' }
  await assert.rejects(opened.call(thank, evil), { code: 'invalid_input' })
  assert.deepEqual(await opened.mails(), [])
})

test('a mail is sent once, and its record says what the server promised', async (t) => {
  const { received, url } = await mailServer(t)
  const opened = await open(t, { smtpUrl: url })
  await opened.call(thank, toAnn)
  await opened.drain()
  await opened.drain()
  const [mail] = await opened.mails()
  assert.ok(mail)
  assert.deepEqual(received, [{ id: mail.messageId, to: ['ann@home.example'] }])
  assert.deepEqual([mail.status, mail.attempts], ['sent', 1])
  assert.match(mail.detail ?? '', /250.*queued as A1/)
  assert.equal(mail.messageId, `<${mail.id}@localhost.example>`)
})

test('while the server is away a mail waits, and goes out under the same Message-ID', async (t) => {
  let busy = true
  const { received, url } = await mailServer(t, {
    onMailFrom(_, __, done) {
      done(busy ? Object.assign(new Error('busy'), { responseCode: 451 }) : null)
    },
  })
  const opened = await open(t, { smtpUrl: url })
  await opened.call(thank, toAnn)
  await opened.drain()
  const [waiting] = await opened.mails()
  assert.deepEqual([waiting?.status, waiting?.attempts], ['queued', 1])
  await opened.drain()
  assert.equal((await opened.mails())[0]?.attempts, 1)
  busy = false
  opened.clock.advance(2 * minuteMs)
  await opened.drain()
  const [sent] = await opened.mails()
  assert.deepEqual([sent?.status, sent?.attempts], ['sent', 2])
  assert.deepEqual(
    received.map(({ id }) => id),
    [waiting?.messageId],
  )
})

test('three days without a server are the end, and it is told', async (t) => {
  const opened = await open(t, { smtpUrl: 'smtp://127.0.0.1:9' })
  await opened.call(thank, toAnn)
  await opened.drain()
  for (let day = 0; day < 6; day++) {
    for (let part = 0; part < 4; part++) {
      opened.clock.advance(dayMs / 4)
      await opened.drain()
    }
  }
  const [mail] = await opened.mails()
  assert.deepEqual([mail?.status, mail?.attempts], ['expired', 10])
})

test('a refusal for good ends at once, with the reason', async (t) => {
  const { url } = await mailServer(t, {
    onRcptTo(_, __, done) {
      done(Object.assign(new Error('no such user'), { responseCode: 550 }))
    },
  })
  const opened = await open(t, { smtpUrl: url })
  await opened.call(thank, toAnn)
  await opened.drain()
  const [mail] = await opened.mails()
  assert.deepEqual([mail?.status, mail?.attempts], ['rejected', 1])
  assert.match(mail?.detail ?? '', /550 no such user/)
})

/** A server that takes a mail and hangs up without a word. */
async function silentServer(t: TestContext) {
  const ids: string[] = []
  const sockets = new Set<Socket>()
  let silent = true
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    socket.write('220 ready\r\n')
    let data = ''
    let inData = false
    socket.on('data', (chunk: Buffer) => {
      data += chunk.toString()
      if (inData) {
        if (!data.endsWith('\r\n.\r\n')) return
        ids.push(/^Message-ID: (.*)$/m.exec(data)?.[1]?.trim() ?? '')
        inData = false
        if (silent) socket.destroy()
        else socket.write('250 taken\r\n')
      } else {
        inData = data.startsWith('DATA')
        socket.write(inData ? '354 go on\r\n' : '250 fine\r\n')
      }
      data = ''
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const url = `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { ids, url, speak: () => (silent = false) }
}

test('a mail in doubt is repeated with the same Message-ID, or left to a person', async (t) => {
  const { ids, url, speak } = await silentServer(t)
  const opened: Shop = await open(t, { smtpUrl: url })
  await opened.call(thank, toAnn)
  await opened.drain()
  speak()
  opened.clock.advance(2 * minuteMs)
  await opened.drain()
  const [mail] = await opened.mails()
  assert.equal(mail?.status, 'sent')
  assert.deepEqual(ids, [mail?.messageId, mail?.messageId])
  const other = await silentServer(t)
  const asking: Shop = await open(t, { smtpUrl: other.url })
  await asking.call(invite, { to: 'ann@home.example', token: 't0ken' })
  await asking.drain()
  asking.clock.advance(dayMs)
  await asking.drain()
  const [held] = await asking.mails()
  assert.deepEqual([held?.status, other.ids.length], ['unknown', 1])
})

test('an admin sends again what did not arrive, to those who do not have it', async (t) => {
  let full = true
  const { received, url } = await mailServer(t, {
    onRcptTo({ address }, _, done) {
      const bad = full && address.startsWith('copy')
      done(bad ? Object.assign(new Error('busy'), { responseCode: 450 }) : null)
    },
  })
  const opened: Shop = await open(t, { smtpUrl: url })
  const [admin, staff] = await Promise.all([
    opened.user({ roles: ['admin'] }),
    opened.user({ roles: ['staff'] }),
  ])
  await opened.call(invite, { to: 'ann@home.example', token: 't0ken' })
  await opened.drain()
  const [mail] = await opened.mails()
  const body = { mail: mail?.id }
  const path = '/api/mail/send-again'
  assert.equal((await opened.request('POST', path, { as: staff, body })).status, 403)
  assert.equal((await opened.request('POST', path, { body })).status, 401)
  assert.equal((await opened.request('POST', path, { as: admin, body })).status, 409)
  await opened.running.users.records.update('mail', mail?.id ?? '', { status: 'unknown' })
  full = false
  assert.equal((await opened.request('POST', path, { as: admin, body })).status, 202)
  await opened.drain()
  assert.deepEqual(
    received.map(({ to }) => to),
    [['ann@home.example'], ['copy@shop.example']],
  )
  assert.equal(new Set(received.map(({ id }) => id)).size, 1)
  const gone = await opened.request('POST', path, { as: admin, body: { mail: admin.id } })
  assert.equal(gone.status, 404)
})

test('a mail whose job was cancelled, or is a dead letter, is sent again', async (t) => {
  const { received, url } = await mailServer(t)
  const opened: Shop = await open(t, { smtpUrl: url })
  const admin = await opened.user({ roles: ['admin'] })
  const { database } = opened.running.runtime
  for (const state of ['cancelled', 'failed']) {
    await opened.call(invite, { to: 'ann@home.example', token: state })
    const mail = (await opened.mails()).find(({ status }) => status === 'queued')
    const sendAgain = { as: admin, body: { mail: mail?.id } }
    const again = async () => opened.request('POST', '/api/mail/send-again', sendAgain)
    assert.equal((await again()).status, 409)
    const text = `update plinth.job set state = $1, finished_at = now()
      where name = 'plinth.mail' and state <> 'done' and input = $2`
    await database.query({ text, values: [state, JSON.stringify({ mail: mail?.id })] })
    received.length = 0
    await opened.drain()
    assert.equal(received.length, 0)
    const answers = await Promise.all([again(), again()])
    assert.deepEqual(answers.map(({ status }) => status).sort(), [202, 409])
    await opened.drain()
    assert.equal(received.length, 1)
    assert.equal((await again()).status, 409)
  }
})

test('an attempt that died after its intent is in doubt as well', async (t) => {
  const { received, url } = await mailServer(t)
  const opened: Shop = await open(t, { smtpUrl: url })
  await opened.call(invite, { to: 'ann@home.example', token: 't0ken' })
  const [mail] = await opened.mails()
  const intent = { sendingSince: '2026-01-01T00:00:00Z', attempts: 1 }
  await opened.running.users.records.update('mail', mail?.id ?? '', intent)
  await opened.drain()
  assert.equal((await opened.mails())[0]?.status, 'unknown')
  assert.deepEqual(received, [])
})

test('processes that die in a row use up no attempts of a mail', async (t) => {
  const { received, url } = await mailServer(t)
  const opened: Shop = await open(t, { smtpUrl: url })
  await opened.call(thank, toAnn)
  const [mail] = await opened.mails()
  // As the last of all attempts leaves it, where nobody lived to tell what came of it.
  const intent = { sendingSince: '2026-01-01T00:00:00Z', attempts: 10 }
  await opened.running.users.records.update('mail', mail?.id ?? '', intent)
  await opened.drain()
  assert.equal((await opened.mails())[0]?.status, 'sent')
  assert.equal(received.length, 1)
})

test('only admins read mails, nobody writes them, and secrets are nobody’s', async (t) => {
  const { url } = await mailServer(t)
  const opened: Shop = await open(t, { smtpUrl: url })
  const [admin, staff] = await Promise.all([
    opened.user({ roles: ['admin'] }),
    opened.user({ roles: ['staff'] }),
  ])
  await opened.call(thank, toAnn)
  await opened.call(invite, { to: 'ann@home.example', token: 't0ken' })
  const seen = await opened.request('GET', '/api/mails?sort=createdAt', { as: admin })
  const { data } = seen.json() as { data: { text?: string; subject: string; id: string }[] }
  assert.deepEqual(
    data.map(({ subject, text: shown }) => [subject, shown]),
    [
      ['Thank you, <Ann>', 'Dear <Ann>'],
      ['Your link', undefined],
    ],
  )
  assert.doesNotMatch(seen.text, /t0ken/)
  const none = await opened.request('GET', '/api/mails', { as: staff })
  assert.ok(none.status === 403 || (none.json() as { data: unknown[] }).data.length === 0)
  assert.equal((await opened.request('GET', '/api/mails')).status, 401)
  const patch = { as: admin, body: { status: 'sent' } }
  const changed = await opened.request('PATCH', `/api/mails/${data[0]?.id}`, patch)
  assert.ok(changed.status >= 400)
  // What is sent needs its secret no longer.
  await opened.drain()
  const [sent] = await opened.mails()
  assert.deepEqual([sent?.status, sent?.text], ['sent', ''])
})

test('production does not start where mails would stay in the house unnoticed', () => {
  const catalog = catalogOf(store)
  const start = (settings: MailSettings) => demandMail(catalog, { settings, production: true })
  assert.throws(() => start(mailbox), { code: 'configuration_invalid' })
  start({ ...mailbox, kept: true })
  start(mailSettings('smtp://127.0.0.1:25'))
  demandMail(catalog, { settings: mailbox, production: false })
})

test('the mailbox is shown to this machine and its networks, to nobody else', async (t) => {
  const opened: Shop = await open(t)
  await opened.call(invite, { to: 'ann@home.example', token: 't0ken' })
  const [mail] = await opened.mails()
  const expected = { '127.0.0.1': 200, '::1': 200, '192.168.7.9': 200, '8.8.8.8': 404, '': 404 }
  for (const [remoteAddress, status] of Object.entries(expected)) {
    const answer = await opened.request('GET', `/mailbox/${mail?.id}`, { remoteAddress })
    assert.equal(answer.status, status, remoteAddress)
    assert.equal(answer.text.includes('t0ken'), status === 200)
  }
})
