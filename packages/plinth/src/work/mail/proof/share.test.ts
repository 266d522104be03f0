import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { app, email, kit, list, text } from '../../../index.ts'
import { type TestOptions, testApp } from '../../../testing/test-app.ts'
import { mailServer } from './server.ts'

const shop = kit('shop', {})
const minuteMs = 60_000
const hourMs = 60 * minuteMs

const note = shop.mail('note', {
  input: { about: text() },
  subject: ({ about }) => about,
  text: ({ about }) => about,
})
const pair = shop.mail('pair', {
  input: { about: text() },
  ratePerRecipient: { limit: 2, windowMs: 10 * minuteMs },
  subject: ({ about }) => about,
  text: ({ about }) => about,
})
const flood = shop.mail('flood', {
  input: { about: text() },
  ratePerRecipient: 'unlimited',
  subject: ({ about }) => about,
  text: ({ about }) => about,
})
const kinds = { note, pair, flood } as const

const write = shop.action('write', {
  input: { kind: text(), to: list(email()), about: text() },
  allow: ({ me }) => me.is('staff'),
  async run({ input: { kind, to, about }, send }) {
    await send(kinds[kind as keyof typeof kinds], { to, input: { about } })
  },
})

const ann = 'ann@home.example'
const bob = 'bob@home.example'

async function open(t: TestContext, options: TestOptions) {
  const opened = await testApp(app({ kits: [shop] }), options)
  t.after(() => opened.close())
  const tell = (kind: keyof typeof kinds, to: readonly string[], about: string) =>
    opened.call(write, { kind, to: [...to], about })
  return { ...opened, tell }
}

test('an address gets its share of a mail; the rest waits, is recorded, and comes', async (t) => {
  const { received, url } = await mailServer(t)
  const opened = await open(t, { smtpUrl: url })
  for (let at = 0; at < 23; at++) await opened.tell('note', [ann], `n${at}`)
  await opened.tell('note', [bob], 'to another')
  await opened.tell('flood', [ann], 'of another kind')
  await opened.drain()
  assert.equal(received.length, 22, '20 of one kind, and those that have nothing to do with them')
  const held = (await opened.mails()).filter(({ status }) => status === 'queued')
  assert.equal(held.length, 3)
  const admin = await opened.user({ roles: ['admin'] })
  const path = '/api/mails?filter[heldSince][isNull]=false'
  const seen = await opened.request('GET', path, { as: admin })
  interface Seen {
    readonly heldSince: string
    readonly nextAttemptAt: string
    readonly detail: string
    readonly attempts: number
    readonly log: readonly { readonly outcome: string }[]
  }
  const { data } = seen.json() as { data: readonly Seen[] }
  assert.equal(data.length, 3, seen.text)
  for (const { heldSince, nextAttemptAt, detail, attempts, log } of data) {
    assert.equal(detail, 'Held back: its address has had 20 of this mail within 60 minutes.')
    assert.deepEqual(
      [heldSince, nextAttemptAt, attempts, log.map(({ outcome }) => outcome)],
      ['2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z', 0, ['held']],
    )
  }
  opened.clock.advance(59 * minuteMs)
  await opened.drain()
  assert.equal(received.length, 22)
  opened.clock.advance(2 * minuteMs)
  await opened.drain()
  assert.equal(received.length, 25)
  assert.equal(new Set(received.map(({ id }) => id)).size, 25)
  assert.ok((await opened.mails()).every(({ status }) => status === 'sent'))
})

test('of several addresses those that have had their share wait alone', async (t) => {
  const { received, url } = await mailServer(t)
  const opened = await open(t, { smtpUrl: url })
  for (const about of ['1', '2']) await opened.tell('pair', [ann], about)
  await opened.drain()
  received.length = 0
  await opened.tell('pair', [bob, ann], '3')
  await opened.drain()
  assert.deepEqual(
    received.map(({ to }) => to),
    [[bob]],
  )
  const [mail] = await opened.mails()
  assert.equal(mail?.status, 'queued')
  assert.match(mail?.detail ?? '', /1 of 2 addresses: 250.* Held back: 1 of 2 addresses have had 2/)
  opened.clock.advance(11 * minuteMs)
  await opened.drain()
  assert.deepEqual(
    received.map(({ to }) => to),
    [[bob], [ann]],
  )
  assert.equal((await opened.mails())[0]?.status, 'sent')
})

test('a mail that is tried again is counted once', async (t) => {
  let busy = true
  const { received, url } = await mailServer(t, {
    onMailFrom(_, __, done) {
      done(busy ? Object.assign(new Error('busy'), { responseCode: 451 }) : null)
    },
  })
  const opened = await open(t, { smtpUrl: url })
  await opened.tell('pair', [ann], '1')
  await opened.drain()
  opened.clock.advance(2 * minuteMs)
  await opened.drain()
  busy = false
  opened.clock.advance(6 * minuteMs)
  await opened.drain()
  await opened.tell('pair', [ann], '2')
  await opened.drain()
  assert.equal(received.length, 2)
})

test('what cannot be written for three days because of too many ends, and says so', async (t) => {
  const { received, url } = await mailServer(t)
  const opened = await open(t, { smtpUrl: url })
  for (const about of ['1', '2', '3']) await opened.tell('pair', [ann], about)
  await opened.drain()
  // Others of its kind are always quicker than the third.
  const key = `mail:shop.pair:${ann}`
  const { database } = opened.running.runtime
  for (let turn = 0; turn < 80; turn++) {
    const text = `update plinth.allowance set taken = 2, window_ends_at = $2 where key = $1`
    // Before the clock moves: what waits may be looked at as soon as it does.
    const endsAt = new Date(opened.clock.now() + hourMs + 9 * minuteMs).toISOString()
    await database.query({ text, values: [key, endsAt] })
    opened.clock.advance(hourMs)
    await opened.drain()
  }
  assert.equal(received.length, 2)
  // Whichever of the three came last: they are sent at once.
  const last = (await opened.mails()).find(({ status }) => status !== 'sent')
  assert.equal(last?.status, 'expired')
  assert.match(last?.detail ?? '', /Held back/)
})

test('a rate that means nothing is a mistake of the declaration', () => {
  const bad = kit('bad', {})
  bad.mail('never', {
    ratePerRecipient: { limit: 0, windowMs: hourMs },
    subject: () => 's',
    text: () => 't',
  })
  return assert.rejects(testApp(app({ kits: [bad] })), { code: 'declaration_invalid' })
})
