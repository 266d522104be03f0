import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { parseSmtpUrl, type Sender, type SmtpSettings } from './settings.ts'
import { type OutgoingMail, smtpSender } from './smtp.ts'

const sender: Sender = { name: 'The Shop, Ltd.', address: 'shop@shop.example' }

const letter: OutgoingMail = {
  from: null,
  to: ['ann@home.example', 'bob@home.example'],
  recipients: ['ann@home.example', 'bob@home.example'],
  replyTo: 'help@shop.example',
  subject: 'Your order № 7 — thank you',
  text: 'Dear Ann,\n.\n..dots\nGrüße',
  html: '<p>Dear Ann</p>',
  messageId: '<0190-1@shop.example>',
  dateMs: Date.parse('2026-01-02T03:04:05Z'),
}

interface Received {
  readonly from: string
  readonly to: readonly string[]
  readonly data: string
}

async function mailServer(t: TestContext, options: SMTPServerOptions = {}) {
  const received: Received[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        const from = mailFrom === false ? '' : mailFrom.address
        const to = rcptTo.map(({ address }) => address)
        received.push({ from, to, data: Buffer.concat(chunks).toString() })
        done(null, 'queued as A1')
      })
    },
    ...options,
  })
  server.on('error', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const { port } = server.server.address() as AddressInfo
  return { received, settings: settingsOf(`smtp://127.0.0.1:${port}`) }
}

function settingsOf(url: string): SmtpSettings {
  const settings = parseSmtpUrl(url)
  assert.ok('host' in settings)
  return settings
}

/** A mail server that talks by a script: what it answers to each command, or that it hangs up. */
async function scripted(t: TestContext, answer: (line: string, socket: Socket) => string) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).write('220 ready\r\n')
    let inData = false
    socket.on('data', (chunk: Buffer) => {
      const lines = chunk.toString().split('\r\n').slice(0, -1)
      for (const line of lines) {
        if (inData && line !== '.') continue
        const said = answer(line, socket)
        inData = line === 'DATA' && said.startsWith('354')
        if (said === '') socket.destroy()
        else socket.write(`${said}\r\n`)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return settingsOf(`smtp://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

function usual(line: string): string {
  return line === 'DATA' ? '354 go on' : '250 fine'
}

test('a mail arrives whole: its parts, its people, its Message-ID and its date', async (t) => {
  const { received, settings } = await mailServer(t)
  const outcome = await smtpSender(settings, sender)(letter)
  assert.equal(outcome.is, 'answered')
  assert.match(outcome.detail, /queued as A1/)
  assert.deepEqual(
    outcome.recipients.map(({ address, is }) => [address, is]),
    [
      ['ann@home.example', 'accepted'],
      ['bob@home.example', 'accepted'],
    ],
  )
  const [mail] = received
  assert.ok(mail)
  assert.deepEqual([mail.from, mail.to], ['shop@shop.example', letter.recipients])
  const head = mail.data.slice(0, mail.data.indexOf('\r\n\r\n'))
  assert.match(head, /^Message-ID: <0190-1@shop\.example>$/m)
  assert.match(head, /^From: "The Shop, Ltd\." <shop@shop\.example>$/m)
  assert.match(head, /^To: ann@home\.example, bob@home\.example$/m)
  assert.match(head, /^Reply-To: help@shop\.example$/m)
  assert.match(head, /^Date: Fri, 02 Jan 2026 03:04:05 \+0000$/m)
  assert.match(head, /^Auto-Submitted: auto-generated$/im)
  assert.match(head, /^Content-Type: multipart\/alternative;/m)
  assert.match(mail.data, /Content-Type: text\/plain; charset=utf-8/)
  assert.match(mail.data, /Content-Type: text\/html; charset=utf-8/)
  assert.match(mail.data, /\.\r\n\.\.dots/)
})

test('a repeat goes to those who do not have it, under the same Message-ID', async (t) => {
  const { received, settings } = await mailServer(t)
  await smtpSender(settings, sender)({ ...letter, recipients: ['bob@home.example'] })
  assert.deepEqual(received[0]?.to, ['bob@home.example'])
  assert.match(received[0]?.data ?? '', /^To: ann@home\.example, bob@home\.example$/m)
  assert.match(received[0]?.data ?? '', /<0190-1@shop\.example>/)
})

test('each address has its own outcome', async (t) => {
  const { settings } = await mailServer(t, {
    onRcptTo({ address }, _, done) {
      if (address.startsWith('ann')) return done()
      done(Object.assign(new Error('no such user'), { responseCode: 550 }))
    },
  })
  const { is, recipients } = await smtpSender(settings, sender)(letter)
  assert.equal(is, 'answered')
  assert.deepEqual(
    recipients.map((one) => [one.address, one.is]),
    [
      ['ann@home.example', 'accepted'],
      ['bob@home.example', 'rejected'],
    ],
  )
  assert.match(recipients[1]?.response ?? '', /550 no such user/)
})

test('a refusal for now is deferred, one for good is rejected', async (t) => {
  const cases = [
    ['RCPT', '450 try later', 'answered', 'deferred'],
    ['RCPT', '550 no such user', 'answered', 'rejected'],
    ['MAIL', '550 sender refused', 'rejected', undefined],
    ['MAIL', '451 busy', 'failed', undefined],
    ['MAIL', '530 sign in first', 'failed', undefined],
    ['DATA', '554 no', 'rejected', undefined],
    ['.', '552 too big', 'rejected', undefined],
    ['.', '451 greylisted', 'failed', undefined],
  ] as const
  for (const [command, said, is, recipient] of cases) {
    const settings = await scripted(t, (line) => (line.startsWith(command) ? said : usual(line)))
    const outcome = await smtpSender(settings, sender)(letter)
    assert.equal(outcome.is, is, said)
    assert.ok(
      outcome.recipients.every((one) => one.is === recipient),
      said,
    )
    assert.match(JSON.stringify(outcome), new RegExp(said.slice(0, 3)))
  }
})

test('what a server says can be stored, wherever it has to be cut', async (t) => {
  for (const said of [`250 ${'😀'.repeat(300)}`, `250 a${'😀'.repeat(300)}`]) {
    const settings = await scripted(t, (line) => (line === '.' ? said : usual(line)))
    const outcome = await smtpSender(settings, sender)(letter)
    assert.equal(outcome.is, 'answered')
    assert.match(outcome.detail, /😀😀/)
    const texts = [outcome.detail, ...outcome.recipients.map(({ response }) => response)]
    assert.ok(texts.every((text) => text.isWellFormed() && text.length <= 500))
  }
})

test('a connection that breaks is unknown only after the mail was handed over', async (t) => {
  const cases = [
    ['EHLO', 'failed'],
    ['MAIL', 'failed'],
    ['RCPT', 'failed'],
    ['DATA', 'failed'],
    ['.', 'unknown'],
  ] as const
  for (const [command, is] of cases) {
    const settings = await scripted(t, (line) => (line.startsWith(command) ? '' : usual(line)))
    assert.equal((await smtpSender(settings, sender)(letter)).is, is, command)
  }
  const nobody = await smtpSender(settingsOf('smtp://127.0.0.1:9'), sender)(letter)
  assert.equal(nobody.is, 'failed')
})

test('a mail that is no longer wanted is given up', async (t) => {
  const settings = await scripted(t, (line) => (line.startsWith('MAIL') ? ' ' : usual(line)))
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 100)
  const { is } = await smtpSender(settings, sender)({ ...letter, aborted: controller.signal })
  assert.equal(is, 'failed')
})

test('a password goes only where TLS is, unless that was switched off', async (t) => {
  const seen: string[] = []
  const { settings, received } = await mailServer(t, {
    authOptional: false,
    allowInsecureAuth: true,
    onAuth({ username = '', password = '' }, _, done) {
      seen.push(`${username}:${password}`)
      done(null, { user: username })
    },
  })
  const { port } = settings
  const demanded = settingsOf(`smtp://ann:p%40ss@127.0.0.1:${port}`)
  assert.equal((await smtpSender(demanded, sender)(letter)).is, 'failed')
  assert.deepEqual(seen, [])
  const off = settingsOf(`smtp://ann:p%40ss@127.0.0.1:${port}?tls=off`)
  assert.equal((await smtpSender(off, sender)(letter)).is, 'answered')
  assert.deepEqual(seen, ['ann:p@ss'])
  assert.equal(received.length, 1)
})
