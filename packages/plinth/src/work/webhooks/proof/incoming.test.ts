import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { armFailpoints, parseFailpoints } from '../../../base/failpoint.ts'
import { limits } from '../../../base/limits.ts'
import { callLimiter } from '../../../engine/limiter.ts'
import { HttpServer } from '../../../http/server.ts'
import { anyone, app, hmacWebhook, integer, kit, standardWebhook, text } from '../../../index.ts'
import { testApp } from '../../../testing/test-app.ts'
import { receive } from '../receive.ts'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const startMs = Date.parse('2026-01-01T00:00:00Z')

const desk = kit('desk', {
  models: {
    note: {
      fields: { message: text(), attempt: integer() },
      access: { read: anyone },
    },
  },
})

let failing = 0

const paid = desk.webhook('paid', {
  verify: standardWebhook({
    secret,
    key: (data) => (data as { readonly line?: string }).line ?? 'one line',
  }),
  async run({ message, attempt, data }) {
    await data.unrestricted.note.create({ message: message.id, attempt: attempt.number })
    if (failing > 0) {
      failing -= 1
      throw new Error('not yet')
    }
  },
})

desk.webhook('hub', {
  verify: hmacWebhook({ secret: 'a shared secret', header: 'x-sig', id: { header: 'x-id' } }),
  async run({ message, data }) {
    const { n } = message.data as { n: number }
    await data.unrestricted.note.create({ message: message.id, attempt: n })
  },
})

desk.webhook('broken', {
  async verify() {
    throw new Error('the verifier has a bug')
  },
  async run() {},
})

async function open(t: TestContext) {
  const opened = await testApp(app({ kits: [desk] }), { startMs })
  t.after(() => opened.close())
  return opened
}

/** A request as a provider signs it: by the independent implementation. */
function signed(id: string, data: unknown, atMs = startMs) {
  const body = JSON.stringify(data)
  const at = new Date(atMs)
  return {
    body,
    headers: {
      ...{ 'webhook-id': id, 'webhook-timestamp': String(Math.floor(atMs / 1_000)) },
      ...{ 'webhook-signature': new Webhook(secret).sign(id, at, body) },
    },
  }
}

const place = '/webhooks/desk/paid'

test('J04: a message is processed once, however often it comes', async (t) => {
  const opened = await open(t)
  const asked = signed('evt_1', { amount: 255 })
  const first = await opened.request('POST', place, asked)
  assert.deepEqual([first.status, first.json()], [200, { received: true }])
  const again = await Promise.all(
    Array.from({ length: 10 }, () => opened.request('POST', place, asked)),
  )
  assert.ok(again.every(({ status }) => status === 200))
  await opened.drain()
  assert.equal((await opened.request('POST', place, asked)).status, 200)
  await opened.drain()
  const { data } = await opened.data.note.find()
  assert.deepEqual(
    data.map(({ message }) => message),
    ['evt_1'],
  )
})

test('ten first deliveries at once are one message', async (t) => {
  const opened = await open(t)
  const asked = signed('evt_2', {})
  const all = await Promise.all(
    Array.from({ length: 10 }, () => opened.request('POST', place, asked)),
  )
  assert.ok(all.every(({ status }) => status === 200))
  await opened.drain()
  assert.equal((await opened.data.note.find()).data.length, 1)
})

test('J02: what is not genuine gets 401 and the same words, whatever was wrong', async (t) => {
  const opened = await open(t)
  const good = signed('evt_1', { amount: 255 })
  const { 'webhook-signature': _, ...unsigned } = good.headers
  const forged = [
    { ...good, body: '{"amount":1}' },
    { ...good, headers: { ...good.headers, 'webhook-id': 'evt_2' } },
    { ...good, headers: unsigned },
    { body: good.body },
    signed('evt_1', {}, startMs - 301_000),
    signed('evt_1', {}, startMs + 301_000),
    { ...good, body: new Uint8Array([0xff]) },
  ]
  const answers = await Promise.all(forged.map((one) => opened.request('POST', place, one)))
  const told = answers.map(({ status, json }) => {
    const { traceId: _id, ...problem } = json() as Record<string, unknown>
    return JSON.stringify([status, problem])
  })
  assert.equal(new Set(told).size, 1)
  assert.match(told[0] ?? '', /^\[401,/)
  assert.doesNotMatch(told[0] ?? '', /signature|timestamp|old|HMAC/i)
  const broken = await opened.request('POST', '/webhooks/desk/broken', good)
  assert.equal(broken.status, 401)
  assert.doesNotMatch(broken.text, /bug/)
  await opened.drain()
  assert.equal((await opened.data.note.find()).data.length, 0)
})

test('wrong addresses, other methods and bodies that are too long are refused', async (t) => {
  const opened = await open(t)
  for (const path of ['/webhooks/desk/none', '/webhooks/desk', '/webhooks', `${place}/more`]) {
    assert.equal((await opened.request('POST', path, signed('e', {}))).status, 404, path)
  }
  const got = await opened.request('GET', place)
  assert.deepEqual([got.status, got.headers.allow], [405, 'POST'])
  const long = { ...signed('e', {}), body: new Uint8Array(1_048_577) }
  assert.equal((await opened.request('POST', place, long)).status, 413)
})

test('a run that fails is tried again, and leaves nothing of its failure', async (t) => {
  const opened = await open(t)
  failing = 2
  await opened.request('POST', place, signed('evt_3', {}))
  for (let time = 0; time < 4; time++) {
    await opened.drain()
    opened.clock.advance(60_000)
  }
  const { data } = await opened.data.note.find()
  assert.deepEqual(
    data.map(({ message, attempt }) => [message, attempt]),
    [['evt_3', 3]],
  )
  assert.equal(paid.name, 'paid')
})

test('raw bytes count: a provider’s own spelling of JSON is verified and read', async (t) => {
  const opened = await open(t)
  const body = '{ "n" : 7,\n "x": "\\u00e9" }'
  const sig = createHmac('sha256', 'a shared secret').update(body).digest('hex')
  const headers = {
    'x-sig': sig,
    'x-id': 'd-1',
    'content-type': 'application/x-www-form-urlencoded',
  }
  const answer = await opened.request('POST', '/webhooks/desk/hub', { body, headers })
  assert.equal(answer.status, 200)
  await opened.drain()
  assert.equal((await opened.data.note.find()).data[0]?.attempt, 7)
})

test('forgeries beyond the measure of their network leave no lines in the log', async (t) => {
  const { runtime } = (await open(t)).running
  const lines: string[] = []
  const watched = {
    ...{ ...runtime, limiter: callLimiter(runtime.clock, 3) },
    log: ({ message }: { readonly message: string }) => void lines.push(message),
  }
  const forged = { body: new Uint8Array(), headers: {}, remoteAddress: '192.0.2.1', traceId: '' }
  for (const webhook of ['desk.paid', 'desk.broken']) {
    for (let count = 0; count < 4; count++) {
      await receive(watched, { ...forged, webhook }).catch(({ code }: { code: string }) => {
        assert.equal(code, 'rate_limited')
      })
    }
  }
  assert.equal(lines.length, 3)
})

test('through a real server the raw bytes and the headers arrive as they were sent', async (t) => {
  const opened = await open(t)
  const server = new HttpServer({ handler: opened.running.handler, log: () => undefined })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => server.close())
  const asked = signed('evt_9', { name: 'Zoë', price: 1.5 })
  const url = `http://127.0.0.1:${port}${place}`
  const answer = await fetch(url, { method: 'POST', ...asked })
  assert.deepEqual([answer.status, await answer.json()], [200, { received: true }])
  const forged = await fetch(url, {
    method: 'POST',
    ...asked,
    body: asked.body.replace('1.5', '9'),
  })
  assert.equal(forged.status, 401)
  await opened.drain()
  const { data } = await opened.data.note.find()
  assert.deepEqual(
    data.map(({ message }) => message),
    ['evt_9'],
  )
})

test('a key may be as long as a sender likes to make it', async (t) => {
  const opened = await open(t)
  const line = 'l'.repeat(255)
  for (const id of ['evt_a', 'evt_b']) {
    assert.equal((await opened.request('POST', place, signed(id, { line }))).status, 200)
  }
  await opened.drain()
  const { data } = await opened.data.note.find({ sort: ['message'] })
  assert.deepEqual(
    data.map(({ message }) => message),
    ['evt_a', 'evt_b'],
  )
})

test('a message that meets conflicts is stored again as often as an action would be', async (t) => {
  const opened = await open(t)
  const { database } = opened.running.runtime
  const conflicts = limits.logicAttemptsMax - 1
  await database.query({ text: 'create sequence desk.tries', values: [] })
  await database.query({
    text: `create function desk.refuse() returns trigger language plpgsql as $$ begin
      if nextval('desk.tries') <= ${conflicts} then
        raise exception 'could not serialize access' using errcode = '40001';
      end if;
      return new; end $$`,
    values: [],
  })
  await database.query({
    text: `create trigger refuse before insert on plinth.webhook_message
      for each row execute function desk.refuse()`,
    values: [],
  })
  assert.equal((await opened.request('POST', place, signed('evt_3', {}))).status, 200)
  const { rows } = await database.query({ text: 'select last_value from desk.tries', values: [] })
  assert.equal(Number(rows[0]?.[0]), conflicts + 1)
  await opened.drain()
  assert.equal((await opened.data.note.find()).data.length, 1)
})

test('a message whose COMMIT was not answered is stored once, and answered', async (t) => {
  const opened = await open(t)
  const executioner = { kill: () => undefined, stop: () => undefined, claim: () => true }
  t.after(() => armFailpoints([], executioner))
  armFailpoints(parseFailpoints('commit.sent@1=dropReply'), executioner)
  assert.equal((await opened.request('POST', place, signed('evt_4', {}))).status, 200)
  armFailpoints([], executioner)
  await opened.drain()
  assert.equal((await opened.data.note.find()).data.length, 1)
})
