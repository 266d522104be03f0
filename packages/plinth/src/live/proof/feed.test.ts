/** Owns the proofs of the feed behind streams: lost, refused or late, it misses nothing. */

import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { present } from '../../base/assert.ts'
import { limits } from '../../base/limits.ts'
import { sleep } from '../../base/time.ts'
import { startSystemPostgres, systemPostgresVersion } from '../../testing/system-postgres.ts'
import { type Board, openBoard } from './board.ts'
import { follow } from './follower.ts'

const path = '/api/tasks?sort=rank&limit=200'

const stands = (board: Board): Promise<void> => {
  return board.until('the feed stands', () => board.running.live.feed.isFollowing)
}

test('nothing is opened before somebody follows, nothing stays after the app', async (context) => {
  const board = await openBoard(context)
  const { database } = board.running.runtime
  const slots = async () => {
    const text = `select count(*) from pg_replication_slots where database = current_database()`
    return (await database.query({ text, values: [] })).rows[0]?.[0]
  }
  await board.request('GET', '/api/tasks')
  assert.equal(await slots(), '0')
  const stream = await follow(board.url + path)
  await stands(board)
  assert.equal(await slots(), '1')
  stream.close()
})

test('the feed is killed again and again: it comes back, nothing is missed', async (context) => {
  const board = await openBoard(context)
  const stream = await follow(board.url + path)
  await stands(board)
  for (let rank = 1; rank <= 12; rank++) {
    const { processId } = board.running.live.feed
    if (rank % 4 === 0 && processId !== undefined) {
      const text = 'select pg_terminate_backend($1)'
      await board.running.runtime.database.query({ text, values: [processId] })
    }
    await board.data.task.create({ title: `t${rank}`, open: true, rank })
  }
  await stream.until('all rows', ({ rows }) => rows.length === 12)
  await stands(board)
  await board.data.task.create({ title: 'last', open: true, rank: 99 })
  await stream.until('the last one', ({ rows }) => rows.length === 13)
  assert.deepEqual([...new Set(stream.types)], ['result', 'changes'])
  stream.close()
})

test('a transaction that stays open holds the feed up, and no change', async (context) => {
  const board = await openBoard(context)
  const held = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const { database } = board.running.runtime
  const at = '2026-01-01T00:00:00Z'
  const text = `insert into board.team (id, name, created_at, updated_at, version)
    values (gen_random_uuid(), 'held', $1, $1, 1)`
  const long = database.dedicated(async (session) => {
    await session.script('begin')
    await session.query({ text, values: [at] })
    begun.resolve()
    await held.promise
    await session.script('commit')
  })
  await begun.promise
  const stream = await follow(board.url + path)
  const teams = await follow(`${board.url}/api/teams`)
  await board.data.task.create({ title: 'a', open: true })
  await stream.until('the row', ({ rows }) => rows.length === 1)
  assert.equal(board.running.live.feed.isFollowing, false)
  held.resolve()
  await long
  await teams.until('what was held', ({ rows }) => rows.length === 1)
  await stands(board)
  for (const one of [stream, teams]) one.close()
})

const installed = await systemPostgresVersion()

test('a server that does not decode is followed by the clock', {
  skip: installed === undefined,
}, async (context) => {
  const server = present(await startSystemPostgres(), 'the server')
  const board = await openBoard(context, { server: server.address })
  context.after(() => server.stop())
  const ada = await board.user()
  const token = await board.tokenOf(ada)
  const stream = await follow(board.url + path)
  const letters = await follow(`${board.url}/api/letters`, { token })
  const { id } = await board.data.task.create({ title: 'a', open: true })
  await stream.until('the row', ({ rows }) => rows.length === 1)
  await board.data.task.update(id, { open: false })
  await stream.until('its end', ({ rows }) => rows.length === 0)
  assert.equal(board.running.live.feed.isFollowing, false)
  await board.running.runtime.database.query({ text: 'delete from identity.session', values: [] })
  await letters.closed
  assert.equal(letters.types.at(-1), 'end')
  stream.close()
})

test('who does not read is told the state later, and harms nobody', async (context) => {
  const board = await openBoard(context)
  const { task } = board.data
  const big = 'x'.repeat(190)
  const made = await Promise.all(
    Array.from({ length: 190 }, (_, rank) => task.create({ title: big, open: true, rank })),
  )
  const fast = await follow(board.url + path)
  await fast.until('all rows', ({ rows }) => rows.length === made.length)
  // A reader with the smallest window, who takes nothing.
  const { hostname, port } = new URL(board.url)
  const slow = connect(Number(port), hostname)
  context.after(() => slow.destroy())
  slow.write(
    `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAccept: text/event-stream\r\n\r\n`,
  )
  await board.until('both follow', () => board.running.live.counts.subscriptions === 2)
  slow.pause()
  const { database } = board.running.runtime
  // Together some 9 MB, more than the system's buffers and the server's queue hold. Each
  // round is waited for: changes that are told as one would be too few.
  for (let round = 1; round <= 160; round++) {
    const title = String(round).padStart(190, 'y')
    await database.query({ text: 'update board.task set title = $1', values: [title] })
    await fast.until('the round', ({ rows }) => rows.every((row) => row.title === title))
  }
  assert.ok(!fast.types.includes('gap'), 'who reads misses nothing')
  let read = ''
  slow.setEncoding('utf8')
  slow.on('data', (text: string) => {
    read += text
  })
  slow.resume()
  for (let tries = 0; !read.includes('"reason":"slow"'); tries++) {
    assert.ok(tries < 6_000, `a gap is told in ${read.length} characters`)
    await sleep(10)
  }
  assert.ok(read.length < 20 * limits.liveQueueBytesMax, `${read.length} characters`)
  fast.close()
})
