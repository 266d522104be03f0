/** Proves what becomes of a WebSocket whose client never reads: bounded, then cut off, alone. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { limits } from '../../base/limits.ts'
import { sleep } from '../../base/time.ts'
import { openBoard } from './board.ts'
import { follow } from './follower.ts'
import { openSocket } from './socket-client.ts'

const path = '/api/tasks?sort=rank&limit=200'
const timeout = 240_000
const threads = 40

interface Door {
  readonly path: string
  readonly headers: Record<string, string>
  /** Said before anything else. */
  readonly hello?: object
  subscribe(id: string): object
}

const doors: Readonly<Record<string, Door>> = {
  'live reads': {
    path: '/api/live',
    headers: {},
    subscribe: (id) => {
      const query = { sort: ['rank'], limit: 200 }
      return { type: 'subscribe', id, read: 'task.list', query }
    },
  },
  GraphQL: {
    path: '/api/graphql',
    headers: { 'sec-websocket-protocol': 'graphql-transport-ws' },
    hello: { type: 'connection_init' },
    subscribe: (id) => {
      const of = 'kind nodes { title } changes { kind id node { title } }'
      const query = `subscription { tasks(sort: [{ rank: ASC }], first: 100) { ${of} } }`
      return { type: 'subscribe', id, payload: { query } }
    },
  },
}

// Beside one another: each waits most of its time for the server's patience to end.
test('who never reads a socket holds no more than its queue, and is cut off', {
  timeout,
}, async (context) => {
  await Promise.all(Object.values(doors).map((door) => neverRead(context, door)))
})

async function neverRead(context: TestContext, door: Door): Promise<void> {
  const board = await openBoard(context)
  const { task } = board.data
  const rows = 100
  await Promise.all(
    Array.from({ length: rows }, (_, rank) => task.create({ title: 'a', open: true, rank })),
  )
  const fast = await follow(board.url + path)
  await fast.until('all rows', (seen) => seen.rows.length === rows)
  const slow = await openSocket(board.url, door.headers, door.path)
  context.after(() => slow.destroy())
  if (door.hello) {
    slow.say(door.hello)
    await slow.until('it is let in', ({ told }) => told.length > 0)
  }
  for (let id = 0; id < threads; id++) slow.say(door.subscribe(String(id)))
  const follows = () => board.running.live.counts.subscriptions
  await board.until('all follow', () => follows() === threads + 1)
  slow.socket.pause()
  const { database } = board.running.runtime
  const before = process.memoryUsage().external + process.memoryUsage().arrayBuffers
  // A round is 40 times 25 KB: some 20 MB in all, where the queue holds one.
  for (let round = 1; round <= 20; round++) {
    const title = String(round).padStart(190, 'y')
    await database.query({ text: 'update board.task set title = $1', values: [title] })
    await fast.until('the round', (seen) => seen.rows.every((row) => row.title === title))
  }
  assert.ok(!fast.types.includes('gap'), 'who reads misses nothing')
  const grown = process.memoryUsage().external + process.memoryUsage().arrayBuffers - before
  const most = 12 * limits.liveQueueBytesMax * Object.keys(doors).length
  assert.ok(grown < most, `${grown} bytes more`)
  const mostMs = limits.liveStalledMs * 4
  for (let waitedMs = 0; follows() > 1; waitedMs += 100) {
    assert.ok(waitedMs < mostMs, `${follows()} still follow`)
    await sleep(100)
  }
  fast.close()
}
