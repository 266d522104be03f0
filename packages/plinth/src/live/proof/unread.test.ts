/** Proves what becomes of a WebSocket whose client never reads: bounded, then cut off, alone. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../base/limits.ts'
import { sleep } from '../../base/time.ts'
import { openBoard } from './board.ts'
import { follow } from './follower.ts'
import { openSocket } from './socket-client.ts'

const path = '/api/tasks?sort=rank&limit=200'
const timeout = 240_000
const threads = 40

test('who never reads a socket holds no more than its queue, and is cut off', {
  timeout,
}, async (context) => {
  const board = await openBoard(context)
  const { task } = board.data
  const rows = 100
  await Promise.all(
    Array.from({ length: rows }, (_, rank) => task.create({ title: 'a', open: true, rank })),
  )
  const fast = await follow(board.url + path)
  await fast.until('all rows', (seen) => seen.rows.length === rows)
  const slow = await openSocket(board.url, {})
  context.after(() => slow.destroy())
  const query = { sort: ['rank'], limit: 200 }
  for (let id = 0; id < threads; id++) {
    slow.say({ type: 'subscribe', id: String(id), read: 'task.list', query })
  }
  const follows = () => board.running.live.counts.subscriptions
  await board.until('all follow', () => follows() === threads + 1)
  slow.socket.pause()
  const { database } = board.running.runtime
  const before = process.memoryUsage().external + process.memoryUsage().arrayBuffers
  // A round is 40 times 25 KB: some 40 MB in all, where the queue holds one.
  for (let round = 1; round <= 40; round++) {
    const title = String(round).padStart(190, 'y')
    await database.query({ text: 'update board.task set title = $1', values: [title] })
    await fast.until('the round', (seen) => seen.rows.every((row) => row.title === title))
  }
  assert.ok(!fast.types.includes('gap'), 'who reads misses nothing')
  const grown = process.memoryUsage().external + process.memoryUsage().arrayBuffers - before
  assert.ok(grown < 12 * limits.liveQueueBytesMax, `${grown} bytes more`)
  const mostMs = limits.liveStalledMs * 4
  for (let waitedMs = 0; follows() > 1; waitedMs += 100) {
    assert.ok(waitedMs < mostMs, `${follows()} still follow`)
    await sleep(100)
  }
  fast.close()
})
