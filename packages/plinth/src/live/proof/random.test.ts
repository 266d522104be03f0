/** Owns the proof by chance: whatever is written, each stream ends with what its read answers. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomFraction } from '../../base/ids.ts'
import { sleep } from '../../base/time.ts'
import { type Board, openBoard } from './board.ts'
import { follow, type Stream } from './follower.ts'

const paths = [
  '/api/tasks?sort=rank,id',
  '/api/tasks?limit=3&sort=-rank',
  '/api/tasks?limit=2&count=exact',
  '/api/tasks?filter[rank]=3',
  '/api/tasks?filter[rank][in]=1,2',
  '/api/tasks?filter[rank][ne]=3&sort=title',
  '/api/tasks?filter[open]=true&include=notes',
  '/api/tasks?filter[title]=a&include=team',
  '/api/tasks?filter[team.name]=x',
  '/api/tasks?filter[notes][some][text]=n',
  '/api/teams?include=members&sort=name',
  '/api/letters?filter[text]=a',
  '/api/notes?filter[text][ne]=n&limit=2',
] as const

const writes = 240
const writers = 4

test('whatever is written, each stream ends with what its read answers', async (context) => {
  const board = await openBoard(context)
  const [ada, ben] = [await board.user(), await board.user({ roles: ['staff'] })]
  const users = [ada, ben] as const
  const tokens = [undefined, await board.tokenOf(ada), await board.tokenOf(ben)]
  const { task, team, member, note, letter } = board.data
  const any = <T>(list: readonly T[]): T => list[Math.floor(randomFraction() * list.length)] as T
  const teams = [await team.create({ name: 'x' }), await team.create({ name: 'y' })]
  const asked = paths.flatMap((path) => tokens.map((token) => ({ path, token })))
  const streams = await Promise.all(
    asked.map(async ({ path, token }) => {
      return { path, token, stream: await follow(board.url + path, { token }) }
    }),
  )
  const followed = streams.filter(({ stream }) => stream.status === 200)
  assert.ok(followed.length > 30, `${followed.length} streams`)
  const made: Record<'task' | 'member' | 'note' | 'letter', string[]> = {
    ...{ task: [], member: [], note: [], letter: [] },
  }
  const rank = (): number => Math.floor(randomFraction() * 5)
  const word = (): string => any(['a', 'b', 'n'])
  const works: readonly (() => Promise<unknown>)[] = [
    async () => {
      const open = randomFraction() < 0.5
      const values = { title: word(), rank: rank(), open, teamId: any([null, any(teams).id]) }
      made.task.push((await task.create(values)).id)
    },
    () => task.update(any(made.task), { rank: rank() }),
    () => task.update(any(made.task), { open: randomFraction() < 0.5, title: word() }),
    () => task.update(any(made.task), { teamId: any([null, any(teams).id]) }),
    () => task.delete(any(made.task)),
    () => team.update(any(teams).id, { name: any(['x', 'y', 'z']) }),
    async () => {
      made.member.push((await member.create({ teamId: any(teams).id, userId: any(users).id })).id)
    },
    () => member.delete(any(made.member)),
    async () => made.note.push((await note.create({ text: word(), taskId: any(made.task) })).id),
    () => note.update(any(made.note), { text: word() }),
    () => note.delete(any(made.note)),
    async () => made.letter.push((await letter.create({ text: word(), toId: any(users).id })).id),
    () => letter.update(any(made.letter), { text: word(), toId: any(users).id }),
  ]
  await Promise.all(
    Array.from({ length: writers }, async () => {
      for (let at = 0; at < writes / writers; at++) {
        // What is gone by now, or was never there, is no news.
        await any(works)().catch(() => undefined)
      }
    }),
  )
  for (const one of followed) await endsRight(board, one)
})

interface Followed {
  readonly path: string
  readonly token: string | undefined
  readonly stream: Stream
}

async function endsRight(board: Board, { path, token, stream }: Followed): Promise<void> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const answer = await fetch(board.url + path, { headers })
  const { data, count } = (await answer.json()) as Record<string, unknown>
  for (let tries = 0; JSON.stringify(stream.rows) !== JSON.stringify(data); tries++) {
    assert.ok(tries < 200, `${path} ${JSON.stringify([stream.rows, data])}`)
    await sleep(20)
  }
  assert.deepEqual(stream.count, count, path)
  stream.close()
}
