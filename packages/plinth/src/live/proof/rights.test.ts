/** Owns the proofs of rights over time: who loses one, their session or a role, sees no more. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Board, openBoard } from './board.ts'
import { follow, type StreamOptions } from './follower.ts'

async function open(board: Board, context: TestContext, [path, options]: Place) {
  const stream = await follow(board.url + path, options)
  context.after(() => stream.close())
  await stream.until('an answer', ({ told }) => told.length > 0)
  return stream
}

type Place = readonly [path: string, options: StreamOptions]

test('a session that is ended ends its streams, and no others', async (context) => {
  const board = await openBoard(context)
  const [ada, ben] = await Promise.all([board.user(), board.user()])
  const [token, bens] = await Promise.all([board.tokenOf(ada), board.tokenOf(ben)])
  const one = await open(board, context, ['/api/letters', { token }])
  const two = await open(board, context, ['/api/teams', { cookie: token }])
  const three = await open(board, context, ['/api/letters', { token: bens }])
  const ended = await fetch(`${board.url}/api/identity/sign-out`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  })
  assert.ok(ended.ok, String(ended.status))
  for (const stream of [one, two]) {
    await stream.closed
    assert.equal(stream.types.at(-1), 'end')
    assert.equal(stream.told.at(-1)?.data.code, 'invalid_credentials')
  }
  await board.data.letter.create({ text: 'for Ben', toId: ben.id })
  await three.until('the letter', ({ rows }) => rows.length === 1)
})

test('a role that is lost narrows a stream at once, one that is won widens it', async (context) => {
  const board = await openBoard(context)
  const ada = await board.user({ roles: ['staff'] })
  await board.data.task.create({ title: 'open', open: true, secret: 'x' })
  await board.data.task.create({ title: 'closed' })
  const token = await board.tokenOf(ada)
  const stream = await open(board, context, ['/api/tasks', { token }])
  assert.equal(stream.rows.length, 2)
  assert.ok(JSON.stringify(stream.rows).includes('secret'))
  const setRoles = (roles: string) =>
    board.running.runtime.database.query({
      text: 'update identity."user" set roles = $1 where id = $2',
      values: [roles, ada.id],
    })
  await setRoles('{}')
  await stream.until('the narrower result', ({ rows }) => rows.length === 1)
  assert.deepEqual(stream.types.slice(-2), ['gap', 'result'])
  assert.deepEqual(stream.told.at(-2)?.data, { reason: 'rights' })
  assert.ok(!JSON.stringify(stream.rows).includes('secret'))
  const seen = stream.told.length
  await board.data.task.create({ title: 'closed too' })
  await board.data.task.create({ title: 'open too', open: true })
  await stream.until('the open one', ({ rows }) => rows.length === 2)
  assert.ok(!JSON.stringify(stream.told.slice(seen)).includes('closed too'))
  await setRoles('{staff}')
  await stream.until('all of them', ({ rows }) => rows.length === 4)
})

test('who is suspended is told nothing more', async (context) => {
  const board = await openBoard(context)
  const ada = await board.user()
  const token = await board.tokenOf(ada)
  const stream = await open(board, context, ['/api/letters', { token }])
  await board.running.runtime.database.query({
    text: 'update identity."user" set suspended = true where id = $1',
    values: [ada.id],
  })
  await stream.closed
  assert.equal(stream.told.at(-1)?.data.code, 'invalid_credentials')
  await board.data.letter.create({ text: 'late', toId: ada.id })
  assert.equal(board.running.live.counts.subscriptions, 0)
})

test('a rule over time is asked again as time goes', async (context) => {
  const board = await openBoard(context)
  const until = '2026-01-01T01:00:00Z'
  await board.data.notice.create({ text: 'soon over', until })
  const stream = await open(board, context, ['/api/notices', {}])
  assert.equal(stream.rows.length, 1)
  board.clock.advance(3_700_000)
  await stream.until('its end', ({ rows }) => rows.length === 0, 20_000)
})
