/** Owns the proofs of followed reads over SSE: what is told is what the read answers, always. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Board, openBoard } from './board.ts'
import { follow, type Row, type Stream } from './follower.ts'

const titles = (stream: { readonly rows: readonly Row[] }): string =>
  stream.rows.map(({ title }) => title).join(' ')

type Place = readonly [path: string, token?: string]

async function following(board: Board, context: TestContext, [path, token]: Place) {
  const stream = await follow(board.url + path, { token })
  context.after(() => stream.close())
  assert.equal(stream.status, 200)
  await stream.until('the result', ({ told }) => told.length > 0)
  return stream
}

const tells = (stream: Stream, wanted: string): Promise<void> =>
  stream.until(`"${wanted}", not "${titles(stream)}"`, (rows) => titles(rows) === wanted)

test('a list is told, then rows enter, change, move and leave', async (context) => {
  const board = await openBoard(context)
  const { task } = board.data
  await task.create({ title: 'b', rank: 2, open: true })
  const stream = await following(board, context, ['/api/tasks?sort=rank&filter[rank][lt]=10'])
  assert.equal(titles(stream), 'b')
  const a = await task.create({ title: 'a', rank: 1, open: true })
  await tells(stream, 'a b')
  await task.update(a.id, { rank: 3 })
  await tells(stream, 'b a')
  await task.update(a.id, { title: 'c' })
  await tells(stream, 'b c')
  // Out of the filter, and in again.
  await task.update(a.id, { rank: 11 })
  await tells(stream, 'b')
  await task.update(a.id, { rank: 0 })
  await tells(stream, 'c b')
  // Out of the caller's sight.
  await task.update(a.id, { open: false })
  await tells(stream, 'b')
  await task.create({ title: 'unseen', rank: 1 })
  await task.create({ title: 'd', rank: 5, open: true })
  await tells(stream, 'b d')
  await task.delete(stream.rows[0]?.id ?? '')
  await tells(stream, 'd')
  assert.ok(!JSON.stringify(stream.told).includes('unseen'))
  assert.deepEqual([...new Set(stream.types)], ['result', 'changes'])
  const { body } = await board.running.invoke({
    operation: 'task.list',
    as: { caller: { is: 'anonymous' } },
    query: { sort: ['rank'], filter: { rank: { lt: 10 } } },
    remoteAddress: '127.0.0.1',
    traceId: '0'.repeat(32),
  })
  assert.deepEqual(stream.rows, (JSON.parse(body ?? '') as { readonly data: unknown }).data)
})

test('what changed past the app is told as well', async (context) => {
  const board = await openBoard(context)
  const stream = await following(board, context, ['/api/tasks?sort=rank'])
  const { database } = board.running.runtime
  const at = '2026-01-01T00:00:00Z'
  await database.query({
    text: `insert into board.task (id, title, open, rank, created_at, updated_at, version)
      select gen_random_uuid(), 'n' || n, true, n, $1, $1, 1 from generate_series(1, 3) n`,
    values: [at],
  })
  await tells(stream, 'n1 n2 n3')
  await database.query({ text: 'delete from board.task where rank = $1', values: ['2'] })
  await tells(stream, 'n1 n3')
})

test('one record is told: before it is there, while it is, after it went', async (context) => {
  const board = await openBoard(context)
  const { id } = await board.data.task.create({ title: 'a', open: false })
  const stream = await following(board, context, [`/api/tasks/${id}`])
  assert.deepEqual(stream.rows, [])
  await board.data.task.update(id, { open: true })
  await tells(stream, 'a')
  await board.data.task.update(id, { title: 'b' })
  await tells(stream, 'b')
  await board.data.task.delete(id)
  await stream.until('it leaves', ({ rows }) => rows.length === 0)
})

test('what is included wakes the read, and exact numbers stay exact', async (context) => {
  const board = await openBoard(context)
  const big = '9007199254740993'
  const extra = { text: 'a "quoted" \\ id', id: 'x', list: [{ id: 'y' }] }
  const { id } = await board.data.task.create({ title: 'a', open: true, big, extra })
  const stream = await following(board, context, ['/api/tasks?include=notes,team'])
  const note = await board.data.note.create({ text: 'one', taskId: id })
  const notes = (): string => JSON.stringify(stream.rows[0]?.notes ?? [])
  await stream.until('the note', () => notes().includes('one'))
  assert.equal(stream.rows[0]?.big, big)
  assert.deepEqual(stream.rows[0]?.extra, extra)
  await board.data.note.update(note.id, { text: 'two' })
  await stream.until('its change', () => notes().includes('two'))
  await board.data.note.delete(note.id)
  await stream.until('its end', () => notes() === '[]')
  const team = await board.data.team.create({ name: 'blue' })
  await board.data.task.update(id, { teamId: team.id })
  await stream.until('the team', ({ rows }) => JSON.stringify(rows).includes('blue'))
  await board.data.team.update(team.id, { name: 'green' })
  await stream.until('its name', ({ rows }) => JSON.stringify(rows).includes('green'))
})

test('a page is refilled from beyond its limit; counts and "more" are told', async (context) => {
  const board = await openBoard(context)
  const { task } = board.data
  const made: string[] = []
  for (let rank = 1; rank <= 4; rank++) {
    made.push((await task.create({ title: `t${rank}`, rank, open: true })).id)
  }
  const stream = await following(board, context, ['/api/tasks?sort=rank&limit=2&count=exact'])
  assert.equal(titles(stream), 't1 t2')
  assert.deepEqual([stream.more, stream.count], [true, 4])
  await task.delete(made[0] ?? '')
  await tells(stream, 't2 t3')
  await stream.until('the count', ({ count }) => count === 3)
  await task.delete(made[3] ?? '')
  await stream.until('no more', ({ more, count }) => !more && count === 2)
})

test('a right that is won or lost over a relation brings rows and takes them', async (context) => {
  const board = await openBoard(context)
  const { task, team, member } = board.data
  const ada = await board.user()
  const blue = await team.create({ name: 'blue' })
  await task.create({ title: 'a', teamId: blue.id })
  const stream = await following(board, context, ['/api/tasks', await board.tokenOf(ada)])
  assert.equal(titles(stream), '')
  const { id } = await member.create({ teamId: blue.id, userId: ada.id })
  await tells(stream, 'a')
  await member.delete(id)
  await tells(stream, '')
})

test('equal reads share their work; callers whom a rule tells apart do not', async (context) => {
  const board = await openBoard(context)
  const [ada, ben] = await Promise.all([board.user(), board.user()])
  const tokens = await Promise.all([board.tokenOf(ada), board.tokenOf(ben)])
  const before = board.running.live.counts
  for (const token of tokens) await following(board, context, ['/api/teams', token])
  assert.equal(board.running.live.counts.queries - before.queries, 1)
  const letters = []
  for (const token of tokens) letters.push(await following(board, context, ['/api/letters', token]))
  assert.equal(board.running.live.counts.queries - before.queries, 3)
  await board.data.letter.create({ text: 'for Ada', toId: ada.id })
  await letters[0]?.until('the letter', ({ rows }) => rows.length === 1)
  await board.data.letter.create({ text: 'for Ben', toId: ben.id })
  await letters[1]?.until('the letter', ({ rows }) => rows.length === 1)
  assert.ok(!JSON.stringify(letters[0]?.told).includes('for Ben'))
  assert.ok(!JSON.stringify(letters[1]?.told).includes('for Ada'))
})

test('what may not be read is refused with its status, nothing is followed', async (context) => {
  const board = await openBoard(context)
  const wrong = [
    ['/api/letters', 401],
    ['/api/tasks?filter[nothing]=1', 422],
    ['/api/tasks?filter[secret]=x', 422],
    ['/api/nothing', 404],
  ] as const
  for (const [path, status] of wrong) {
    const stream = await follow(board.url + path)
    await stream.closed
    assert.equal(stream.status, status, path)
    assert.ok(stream.problem?.code, path)
  }
  const forged = await follow(`${board.url}/api/tasks`, { token: `pls_${'x'.repeat(43)}` })
  assert.equal(forged.status, 401)
  assert.deepEqual(board.running.live.counts, { subscriptions: 0, queries: 0 })
})

test('a stream of QUERY, of HEAD, and one whose client has gone', async (context) => {
  const board = await openBoard(context)
  await board.data.task.create({ title: 'a', open: true })
  const body = JSON.stringify({ filter: { title: 'a' } })
  const queried = await follow(`${board.url}/api/tasks`, { method: 'QUERY', body })
  await queried.until('the result', ({ rows }) => rows.length === 1)
  queried.close()
  const head = await follow(`${board.url}/api/tasks`, { method: 'HEAD' })
  await head.closed
  assert.equal(head.status, 200)
  await queried.closed
  await queried.until('nobody follows', () => board.running.live.counts.subscriptions === 0)
})
