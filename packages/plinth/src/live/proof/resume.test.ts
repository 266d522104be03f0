/** Owns the proofs of disconnects: nothing is lost or told twice, and no gap is silent. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openApp } from '../../app/compose.ts'
import { serveLocally } from '../../app/local-server.ts'
import { limits } from '../../base/limits.ts'
import { sleep } from '../../base/time.ts'
import { type Board, boardApp, openBoard } from './board.ts'
import { follow, type Stream, type StreamOptions } from './follower.ts'

const path = '/api/tasks?sort=rank&limit=200'

async function open(board: Pick<Board, 'url'>, context: TestContext, options: StreamOptions = {}) {
  const stream = await follow(board.url + path, options)
  context.after(() => stream.close())
  await stream.until('an answer', ({ told }) => told.length > 0)
  return stream
}

const gone = (board: Board): Promise<void> => {
  return board.until('nobody follows', () => board.running.live.counts.subscriptions === 0)
}

async function again(board: Board, context: TestContext, known: Stream) {
  known.close()
  await known.closed
  await gone(board)
  return { come: () => open(board, context, { after: known.cursor, known }) }
}

test('whoever comes back is told what happened meanwhile, and nothing else', async (context) => {
  const board = await openBoard(context)
  const { task } = board.data
  const { id } = await task.create({ title: 'a', open: true, rank: 1 })
  const first = await open(board, context)
  const { come } = await again(board, context, first)
  await task.create({ title: 'b', open: true, rank: 2 })
  await task.update(id, { title: 'c' })
  const second = await come()
  await second.until('both', ({ rows }) => rows.map(({ title }) => title).join() === 'c,b')
  assert.deepEqual([...new Set(second.types)], ['changes'])
  const back = await again(board, context, second)
  const third = await back.come()
  assert.deepEqual(third.types, ['resumed'])
  assert.equal(third.cursor, second.cursor)
  assert.equal(board.running.live.counts.queries, 1)
})

test('others went on meanwhile: each message that was missed comes once', async (context) => {
  const board = await openBoard(context)
  const stays = await open(board, context)
  const leaves = await open(board, context)
  const add = async (rank: number): Promise<void> => {
    await board.data.task.create({ title: `t${rank}`, open: true, rank })
    await stays.until('the row', ({ rows }) => rows.length === rank)
  }
  for (let rank = 1; rank <= 5; rank++) await add(rank)
  await leaves.until('five rows', ({ rows }) => rows.length === 5)
  leaves.close()
  for (let rank = 6; rank <= 20; rank++) await add(rank)
  const back = await open(board, context, { after: leaves.cursor, known: leaves })
  await back.until('all of them', ({ rows }) => rows.length === 20)
  assert.deepEqual(back.told, stays.told.slice(leaves.told.length))
})

test('beyond the window, or with a cursor of somewhere else, there is a gap', async (context) => {
  const board = await openBoard(context)
  const stays = await open(board, context)
  const { id } = await board.data.task.create({ title: 'a', open: true })
  await stays.until('the row', ({ rows }) => rows.length === 1)
  const old = stays.told[0]?.cursor
  for (let rank = 1; rank <= limits.liveWindowMessages; rank++) {
    await board.data.task.update(id, { rank })
    await stays.until('the change', ({ rows }) => rows[0]?.rank === rank)
  }
  for (const after of [old, 'x.1.y', '..', stays.cursor?.replace(/^[^.]+/, 'other').concat('z')]) {
    const back = await open(board, context, { after })
    await back.until('everything', ({ rows }) => rows.length === 1)
    assert.deepEqual(back.types, ['gap', 'result'], String(after))
    assert.deepEqual(back.told[0]?.data, { reason: 'window' })
    back.close()
  }
  const odd = await follow(board.url + path, { after: 'not a cursor' })
  await odd.closed
  assert.equal(odd.status, 400)
})

test('a cursor is good for its own read and its own caller alone', async (context) => {
  const board = await openBoard(context)
  const [ada, ben] = await Promise.all([board.user(), board.user()])
  await board.data.letter.create({ text: 'for Ada', toId: ada.id })
  const url = `${board.url}/api/letters`
  const adas = await follow(url, { token: await board.tokenOf(ada) })
  await adas.until('the letter', ({ rows }) => rows.length === 1)
  const bens = await follow(url, { token: await board.tokenOf(ben), after: adas.cursor })
  await bens.until('an answer', ({ told }) => told.length > 1)
  assert.deepEqual(bens.types, ['gap', 'result'])
  assert.deepEqual(bens.rows, [])
  for (const stream of [adas, bens]) stream.close()
})

async function secondNode({ database, running }: Board) {
  const secret = 'p7Jq2mX9vR4tK8wZ1nB6yL3cF5hD0gSa'
  const setup = { database, secret, production: false, schema: 'settled' } as const
  const node = await openApp(boardApp, setup, { clock: running.runtime.clock })
  const server = await serveLocally(node, { log: () => undefined })
  return {
    url: server.url,
    data: node.as({ is: 'unrestricted', reason: 'test' }),
    async close() {
      await server.close()
      await node.close()
    },
  }
}

test('on another node a cursor is good where nothing has changed since', async (context) => {
  const board = await openBoard(context)
  await board.data.task.create({ title: 'a', open: true })
  const other = await secondNode(board)
  try {
    const first = await open(board, context)
    const second = await open(other, context, { after: first.cursor, known: first })
    assert.deepEqual(second.types, ['resumed'])
    // Both nodes hear of what either has done.
    await board.data.task.create({ title: 'b', open: true })
    for (const stream of [first, second]) await stream.until('b', ({ rows }) => rows.length === 2)
    await other.data.task.create({ title: 'c', open: true })
    for (const stream of [first, second]) await stream.until('c', ({ rows }) => rows.length === 3)
    const stale = await open(other, context, { after: first.told[0]?.cursor })
    await stale.until('all', ({ rows }) => rows.length === 3)
    assert.deepEqual(stale.types, ['gap', 'result'])
  } finally {
    await other.close()
  }
})

test('under load, with cuts all the time, a client ends with what is there', async (context) => {
  const board = await openBoard(context)
  const { task } = board.data
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, rank) => task.create({ title: '0', open: true, rank })),
  )
  let over = false
  // Long enough for several cuts on a fast machine.
  const rounds = 60
  const writing = Promise.all(
    [0, 1, 2, 3].map(async (writer) => {
      for (let round = 1; round <= rounds; round++) {
        for (const { id, rank } of made.filter((_, at) => at % 4 === writer)) {
          // In and out of sight, back and forth in the order.
          const moved = { open: round % 3 !== 0 || round === rounds, rank: (rank * round) % 17 }
          await task.update(id, { title: String(round), ...moved })
        }
      }
    }),
  ).finally(() => {
    over = true
  })
  const all = new Set<string>()
  let stream = await open(board, context)
  let cuts = 0
  while (!over) {
    await sleep(40)
    stream.close()
    await stream.closed
    for (const { type, cursor } of stream.told) {
      if (type !== 'changes') continue
      assert.ok(cursor && !all.has(cursor), 'no message comes twice')
      all.add(cursor)
    }
    cuts += 1
    const next = await follow(board.url + path, { after: stream.cursor, known: stream })
    next.cursor ??= stream.cursor
    stream = next
  }
  await writing
  await stream.until('the end', ({ rows }) => {
    return rows.length === 20 && rows.every(({ title }) => title === String(rounds))
  })
  const now = await fetch(board.url + path)
  assert.deepEqual(stream.rows, ((await now.json()) as { readonly data: unknown }).data)
  assert.ok(cuts > 3, `${cuts} cuts`)
  stream.close()
})
