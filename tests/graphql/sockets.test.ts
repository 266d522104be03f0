/** Proves what bad WebSockets get by `graphql-transport-ws`: the protocol's own close codes. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits } from '../../packages/plinth/src/base/limits.ts'
import { serveLibrary } from './clients.ts'

interface Open {
  readonly closed: Promise<number>
  readonly told: { readonly type: string; readonly id?: string; readonly payload?: unknown }[]
  readonly socket: WebSocket
  say(...messages: (object | string)[]): void
}

async function open(url: string, context: TestContext, protocol?: string): Promise<Open> {
  const socket = new WebSocket(`ws${url.slice(4)}/api/graphql`, protocol ?? [])
  context.after(() => socket.close())
  const told: Open['told'] = []
  socket.addEventListener('message', ({ data }) => told.push(JSON.parse(String(data))))
  const closed = new Promise<number>((resolve) => {
    socket.addEventListener('close', ({ code }) => resolve(code))
  })
  await new Promise((resolve) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('close', resolve)
  })
  return {
    ...{ closed, told, socket },
    say(...messages) {
      for (const one of messages) socket.send(typeof one === 'string' ? one : JSON.stringify(one))
    },
  }
}

const protocol = 'graphql-transport-ws'
const init = { type: 'connection_init' }
const follow = (id: string, query = 'subscription { books { kind } }') => ({
  ...{ type: 'subscribe', id },
  payload: { query },
})

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    assert.ok(tries < 2_000, what)
    await sleep(5)
  }
}

async function ready(url: string, context: TestContext): Promise<Open> {
  const one = await open(url, context, protocol)
  one.say(init)
  await until('the acknowledgement', () => one.told.length > 0)
  return one
}

test('each mistake has the code of the protocol', async (context) => {
  const { url, world } = await serveLibrary(context)
  const before: readonly (readonly [unknown, number])[] = [
    ['{', 4400],
    ['[]', 4400],
    ['"text"', 4400],
    [{ type: 'dance' }, 4400],
    [{ type: 'subscribe', id: '' }, 4400],
    [{ ...follow('a'), payload: { query: 1 } }, 4400],
    [{ ...init, payload: 'text' }, 4400],
    [{ ...init, payload: { token: 5 } }, 4400],
    [{ ...init, payload: { Authorization: 'Basic x' } }, 4400],
    [follow('a'), 4401],
    [{ ...init, payload: { token: `pls_${'x'.repeat(43)}` } }, 4403],
    [`"${'x'.repeat(limits.liveFrameBytesMax)}"`, 1009],
  ]
  for (const [message, code] of before) {
    const one = await open(url, context, protocol)
    one.say(message as object)
    assert.equal(await one.closed, code, JSON.stringify(message).slice(0, 80))
  }
  const binary = await open(url, context, protocol)
  binary.socket.send(new TextEncoder().encode(JSON.stringify(init)))
  assert.equal(await binary.closed, 1003)
  const twice = await ready(url, context)
  twice.say(init)
  assert.equal(await twice.closed, 4429)
  const early = await open(url, context, protocol)
  early.say(init, follow('a'))
  assert.equal(await early.closed, 4401, 'before the acknowledgement')
  const double = await ready(url, context)
  double.say(follow('a'), follow('a'))
  assert.equal(await double.closed, 4409)
  assert.equal(await (await open(url, context)).closed, 4406)
  await until('nobody follows', () => world.running.live.counts.subscriptions === 0)
})

test('pings are answered; who is not known is passed over; ids are free again', async (context) => {
  const { url } = await serveLibrary(context)
  const one = await ready(url, context)
  one.say({ type: 'ping' }, { type: 'pong' }, { type: 'complete', id: 'nobody' }, follow('a'))
  await until('the result', () => one.told.some(({ type }) => type === 'next'))
  assert.deepEqual(
    one.told.map(({ type }) => type),
    ['connection_ack', 'pong', 'next'],
  )
  one.say({ type: 'complete', id: 'a' }, follow('a', '{ books { totalCount } }'))
  await until('the answer', () => one.told.at(-1)?.type === 'complete')
  assert.deepEqual(one.told.at(-2)?.payload, { data: { books: { totalCount: 8 } } })
})

test('a flood ends the connection; a storm is refused one by one', async (context) => {
  const { url, world } = await serveLibrary(context)
  const flood = await ready(url, context)
  for (let at = 0; at < 500; at++) flood.say({ type: 'ping' })
  assert.equal(await flood.closed, 4429)
  const storm = await ready(url, context)
  const most = limits.liveSubscriptionsPerConnection
  for (let at = 0; at <= most; at++) {
    if (at % 40 === 39) await sleep(1_050)
    storm.say(follow(String(at), `subscription { books(first: ${at + 1}) { kind } }`))
  }
  await until('a refusal', () => storm.told.some(({ type }) => type === 'error'))
  const [refused] = storm.told.filter(({ type }) => type === 'error')
  assert.equal(refused?.id, String(most))
  await until('all others', () => storm.told.filter(({ type }) => type === 'next').length === most)
  storm.socket.close()
  await until('nobody follows', () => world.running.live.counts.subscriptions === 0)
})

test('who says nothing is told so in time; a stop says: come back', async (context) => {
  const { url, server } = await serveLibrary(context)
  const one = await ready(url, context)
  const silent = await open(url, context, protocol)
  assert.equal(await silent.closed, 4408)
  const drained = server.drain()
  assert.equal(await one.closed, 1001)
  await drained
})

test('any page may open a socket: its cookies count for our own pages alone', async (context) => {
  const stand = await serveLibrary(context)
  const token = await stand.tokenOf(stand.reader)
  const handshake = (headers: Record<string, string>) =>
    import('../../packages/plinth/src/live/proof/socket-client.ts').then(({ handshake: ask }) =>
      ask(stand.url, { cookie: `__Host-sid=${token}`, ...headers }, '/api/graphql'),
    )
  assert.match(await handshake({ origin: 'https://evil.example' }), /403 \n.*csrf_refused/)
})
