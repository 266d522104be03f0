/** Owns the proofs of WebSockets: many reads on one connection, and what ends or is refused. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { limits } from '../../base/limits.ts'
import { sleep } from '../../base/time.ts'
import { type Board, openBoard } from './board.ts'
import { openSocket } from './socket-client.ts'

async function open(board: Board, context: TestContext, headers: Record<string, string> = {}) {
  const socket = await openSocket(board.url, headers)
  context.after(() => socket.destroy())
  return socket
}

test('many reads are followed on one connection, each by its id', async (context) => {
  const board = await openBoard(context)
  const made = await board.data.task.create({ title: 'a', open: true, rank: 1 })
  const socket = await open(board, context)
  const query = { filter: { rank: { lt: 5 } }, sort: ['rank'] }
  socket.say({ type: 'subscribe', id: 'list', read: 'task.list', query })
  socket.say({ type: 'subscribe', id: 'one', read: 'task.get', record: made.id })
  socket.say({ type: 'subscribe', id: 'teams', read: 'team.list' })
  const list = socket.thread('list')
  const one = socket.thread('one')
  await list.until('the list', ({ rows }) => rows.length === 1)
  await one.until('the record', ({ rows }) => rows.length === 1)
  await board.data.task.create({ title: 'b', open: true, rank: 2 })
  await list.until('the second', ({ rows }) => rows.length === 2)
  await board.data.task.update(made.id, { title: 'c' })
  await one.until('the change', ({ rows }) => rows[0]?.title === 'c')
  socket.say({ type: 'unsubscribe', id: 'list' })
  socket.say({ type: 'ping' })
  await socket.until('pong', ({ types }) => types.includes('pong'))
  await board.data.task.update(made.id, { title: 'd' })
  await one.until('the change', ({ rows }) => rows[0]?.title === 'd')
  assert.ok(!list.rows.some(({ title }) => title === 'd'))
  // Its id is free again, and the cursor leads on.
  socket.say({ type: 'subscribe', id: 'list', read: 'task.list', query, after: list.cursor })
  await list.until('what was missed', ({ rows }) => rows.some(({ title }) => title === 'd'))
  assert.equal(list.types.filter((type) => type === 'result').length, 1)
})

test('each subscription is refused by itself', async (context) => {
  const board = await openBoard(context)
  const socket = await open(board, context)
  socket.say({ type: 'subscribe', id: '1', read: 'letter.list' })
  socket.say({ type: 'subscribe', id: '2', read: 'task.create' })
  socket.say({ type: 'subscribe', id: '3', read: 'task.list', query: { filter: { secret: 'x' } } })
  socket.say({ type: 'subscribe', id: '4', read: 'no.such' })
  socket.say({ type: 'subscribe', id: '5', read: 'team.list' })
  await socket.thread('5').until('the teams', ({ types }) => types.includes('result'))
  const codes = ['1', '2', '3', '4'].map((id) => {
    const problem = socket.thread(id).told[0]?.data.problem
    return (problem as { readonly code: string } | undefined)?.code
  })
  assert.deepEqual(codes, ['sign_in_required', 'not_found', 'invalid_input', 'not_found'])
})

test('who asks: a bearer token, a first message, a cookie of our own page', async (context) => {
  const board = await openBoard(context)
  const ada = await board.user()
  await board.data.letter.create({ text: 'for Ada', toId: ada.id })
  const token = await board.tokenOf(ada)
  const read = { type: 'subscribe', id: 'a', read: 'letter.list' }
  const seen = async (headers: Record<string, string>, first: object[] = []) => {
    const socket = await open(board, context, headers)
    for (const message of [...first, read]) socket.say(message)
    const thread = socket.thread('a')
    await thread.until('an answer', ({ told }) => told.length > 0)
    return thread.types[0]
  }
  const cookie = `__Host-sid=${token}`
  assert.equal(await seen({ authorization: `Bearer ${token}` }), 'result')
  assert.equal(await seen({}, [{ type: 'authenticate', token }]), 'result')
  assert.equal(await seen({ cookie, origin: board.url }), 'result')
  // H01: any page can open a socket, and the browser adds the cookie.
  assert.equal(await seen({ cookie }), 'end')
  const foreign = await board.handshake({ cookie, origin: 'https://evil.example' })
  assert.match(foreign, /^HTTP\/1\.1 403 /)
  assert.match(foreign, /csrf_refused/)
})

test('a session that ends, ends the connection; a wrong token opens nothing', async (context) => {
  const board = await openBoard(context)
  const token = await board.tokenOf(await board.user())
  const socket = await open(board, context, { authorization: `Bearer ${token}` })
  socket.say({ type: 'subscribe', id: 'a', read: 'letter.list' })
  await socket.thread('a').until('the result', ({ told }) => told.length > 0)
  await board.running.runtime.database.query({ text: 'delete from identity.session', values: [] })
  assert.equal((await socket.closed).code, 4401)
  const forged = await open(board, context)
  forged.say({ type: 'authenticate', token: `pls_${'x'.repeat(43)}` })
  assert.equal((await forged.closed).code, 4401)
})

test('what is no message ends the connection with its code', async (context) => {
  const board = await openBoard(context)
  const said: readonly (readonly [string, number])[] = [
    ['{', 4400],
    ['[]', 4400],
    ['null', 4400],
    ['{"type":"dance"}', 4400],
    ['{"type":"ping","more":1}', 4400],
    ['{"type":"subscribe","id":"","read":"task.list"}', 4400],
    [`{"type":"subscribe","id":"${'x'.repeat(65)}","read":"task.list"}`, 4400],
    ['{"type":"subscribe","id":"a","read":"task.list","key":[1]}', 4400],
    [`{"type":"authenticate","token":"${'x'.repeat(5_000)}"}`, 4400],
    ['['.repeat(60_000), 4400],
    [`"${'x'.repeat(limits.liveFrameBytesMax)}"`, 1009],
  ]
  for (const [text, code] of said) {
    const socket = await open(board, context)
    socket.sendText(text)
    assert.equal((await socket.closed).code, code, text.slice(0, 80))
  }
  const binary = await open(board, context)
  binary.sendBinary(Buffer.from('{"type":"ping"}'))
  assert.equal((await binary.closed).code, 1003)
  const noText = await open(board, context)
  noText.sendFrame(0x81, Buffer.from([0xff, 0xfe]))
  assert.equal((await noText.closed).code, 1007)
  const reserved = await open(board, context)
  reserved.sendFrame(0xf1, Buffer.from('x'))
  assert.equal((await reserved.closed).code, 1002)
  assert.equal(board.running.live.counts.subscriptions, 0)
})

test('a flood of frames, of pings, of subscriptions is ended or refused', async (context) => {
  const board = await openBoard(context)
  const flood = await open(board, context)
  for (let at = 0; at < 500; at++) flood.say({ type: 'ping' })
  assert.equal((await flood.closed).code, 4429)
  const pings = await open(board, context)
  for (let at = 0; at < 500; at++) pings.sendFrame(0x89, Buffer.from('x'))
  assert.equal((await pings.closed).code, 4429)
  const storm = await open(board, context)
  const most = limits.liveSubscriptionsPerConnection
  for (let at = 0; at <= most; at++) {
    if (at > 0 && at % 40 === 0) await sleep(1_050)
    const query = { filter: { rank: at } }
    storm.say({ type: 'subscribe', id: String(at), read: 'task.list', query })
  }
  const last = storm.thread(String(most))
  await last.until('a refusal', ({ told }) => told.length > 0)
  assert.equal(last.types[0], 'end')
  await storm.thread(String(most - 1)).until('a result', ({ told }) => told.length > 0)
  assert.equal(board.running.live.counts.subscriptions, most)
  storm.destroy()
  await last.until('nobody follows', () => board.running.live.counts.subscriptions === 0)
})

test('elsewhere nobody speaks WebSocket, and a wrong handshake is refused', async (context) => {
  const board = await openBoard(context)
  assert.match(await board.handshake({}, '/api/tasks'), /^HTTP\/1\.1 200 /)
  assert.match(await board.handshake({ 'sec-websocket-version': '1' }), /^HTTP\/1\.1 4\d\d /)
  assert.match(await board.handshake({ 'sec-websocket-key': 'short' }), /^HTTP\/1\.1 400 /)
  const plain = await fetch(`${board.url}/api/live`)
  assert.equal(plain.status, 426)
  assert.equal(plain.headers.get('upgrade'), 'websocket')
  assert.match(await plain.text(), /"code":"upgrade_required"/)
})

test('when the server stops, connections are told to come back', async (context) => {
  const board = await openBoard(context)
  const socket = await open(board, context)
  socket.say({ type: 'subscribe', id: 'a', read: 'team.list' })
  await socket.thread('a').until('the result', ({ told }) => told.length > 0)
  const drained = board.server.drain()
  assert.equal((await socket.closed).code, 1001)
  await drained
})
