import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { limits } from '../base/limits.ts'
import { ask, type Question, Unanswered } from './ask.ts'
import type { OutboundPolicy } from './target.ts'

const none = { has: () => false }
const local: OutboundPolicy = {
  ...{ secureOnly: false, ports: undefined, allowed: none },
  classes: new Set(['loopback'] as const),
}

async function server(t: TestContext, listener: RequestListener): Promise<string> {
  const answering = createServer(listener)
  answering.listen(0, '127.0.0.1')
  await once(answering, 'listening')
  t.after(() => {
    answering.closeAllConnections()
    answering.close()
  })
  return `http://127.0.0.1:${(answering.address() as AddressInfo).port}`
}

function question(url: string, more: Partial<Question> = {}): Question {
  return { method: 'GET', url, headers: {}, body: new Uint8Array(), ...more }
}

test('a question is answered whole, whatever the status', async (t) => {
  const seen: unknown[] = []
  const url = await server(t, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { 'content-length': length } = request.headers
    seen.push([request.method, length, Buffer.concat(chunks).toString()])
    response.writeHead(404, { 'x-a': ['1', '2'] }).end('x'.repeat(5_000))
  })
  const got = await ask(question(`${url}/a`), local)
  assert.equal(got.status, 404)
  assert.equal(got.headers['x-a'], '1, 2')
  assert.equal(got.body.length, 5_000)
  const body = new TextEncoder().encode('a=1')
  await ask(question(url, { method: 'POST', body }), local)
  assert.deepEqual(seen, [
    ['GET', undefined, ''],
    ['POST', '3', 'a=1'],
  ])
})

test('G03: a redirect is an answer that nobody follows', async (t) => {
  let asked = 0
  const url = await server(t, (_, response) => {
    asked += 1
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  assert.equal((await ask(question(url), local)).status, 302)
  assert.equal(asked, 1)
})

test('G04: too long, too slow and broken answers are none', async (t) => {
  const long = await server(t, (_, response) => {
    response.writeHead(200).end('x'.repeat(limits.outboundWholeAnswerBytesMax + 1))
  })
  await assert.rejects(ask(question(long), local), /longer than 262144 bytes/)
  const slow = await server(t, (_, response) => void response.writeHead(200).write('a'))
  await assert.rejects(ask(question(slow, { timeoutMs: 200 }), local), /within 200 ms/)
  const broken = await server(t, (_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('a')
    setTimeout(() => response.destroy(), 20)
  })
  await assert.rejects(ask(question(broken), local), Unanswered)
})

test('G05: what may not be called is not called', async (t) => {
  let asked = 0
  const url = await server(t, (_, response) => {
    asked += 1
    response.end()
  })
  const refused = ask(question(url), { ...local, classes: new Set() })
  await assert.rejects(refused, /no address that may be called|not called/)
  const secure = ask(question(url), { ...local, secureOnly: true })
  await assert.rejects(secure, /must begin with https/)
  assert.equal(asked, 0)
})
