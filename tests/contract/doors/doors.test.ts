/** Proves that every door gives one answer: the same data, the same failure, the same events. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Library, openLibrary } from '../../graphql/library.ts'
import { client } from './client.ts'
import { direct } from './direct.ts'
import type { Door, Outcome, Question } from './door.ts'
import { graphql } from './graphql.ts'
import { type LiveDoor, openLive } from './live.ts'
import { rest } from './rest.ts'

type Stand = Awaited<ReturnType<typeof openLibrary>>
let stand: Stand
let world: Library
let live: Awaited<ReturnType<typeof openLive>>
before(async () => {
  stand = await openLibrary()
  world = stand.world
  live = await openLive(world)
})
after(async () => {
  await live?.close()
  await stand?.world.close()
})

/** One row of the table. `made`: a book of this door's own, for what changes something. */
interface Scenario {
  readonly name: string
  question(stand: Stand, made: { readonly id: string; readonly isbn: string }): Question
  /** The code of a failure, or what the data must fit. */
  readonly expect: string | ((data: unknown) => boolean)
  /** How many events it leaves. Default none. */
  readonly events?: number
}

const length = (count: number) => (data: unknown) => (data as unknown[]).length === count
const has = (name: string, value: unknown) => (data: unknown) => {
  return JSON.stringify((data as Record<string, unknown>)[name]) === JSON.stringify(value)
}
const fields = ['id', 'isbn', 'title', 'price', 'weight', 'printed', 'facts', 'shelf', 'version']
const list = { operation: 'book.list', query: { fields, limit: 5 } } as const

const scenarios: readonly Scenario[] = [
  {
    name: 'a page for nobody in particular',
    question: () => ({ ...list, as: 'anonymous' }),
    expect: length(5),
  },
  {
    name: 'a filtered, sorted page',
    question: () => ({
      ...{ operation: 'book.list', as: 'anonymous' },
      query: {
        ...{ fields, filter: { price: { gte: 102 } }, sort: ['-author.name', 'title'] },
        limit: 50,
      },
    }),
    expect: (data) => (data as unknown[]).length >= 4,
  },
  {
    name: 'what only staff sees, for staff',
    question: ({ staff }) => ({
      ...{ operation: 'book.list', as: staff },
      query: { fields, filter: { shelf: 'closed' } },
    }),
    expect: length(1),
  },
  {
    name: 'what only staff sees, for a reader',
    question: ({ reader }) => ({
      ...{ operation: 'book.list', as: reader },
      query: { fields, filter: { shelf: 'closed' } },
    }),
    expect: length(0),
  },
  {
    name: 'a field that is hidden, by name',
    question: ({ reader }) => ({
      ...{ operation: 'author.list', as: reader, query: { fields: ['name', 'salary'] } },
    }),
    expect: 'invalid_input',
  },
  {
    name: 'a field that is hidden, in a filter',
    question: ({ reader }) => ({
      ...{ operation: 'author.list', as: reader },
      query: { fields: ['name'], filter: { salary: { gt: 1 } } },
    }),
    expect: 'invalid_input',
  },
  {
    name: 'more records than a page has',
    question: () => ({ ...list, as: 'anonymous', query: { fields, limit: 201 } }),
    expect: 'query_too_costly',
  },
  {
    name: 'a value that is none',
    question: () => ({
      ...{ ...list, as: 'anonymous', query: { fields, filter: { weight: { gt: 'x' } } } },
    }),
    expect: 'invalid_input',
  },
  {
    name: 'a record',
    question: (_, { id }) => ({ operation: 'book.get', as: 'anonymous', id, query: { fields } }),
    expect: has('version', 1),
  },
  {
    name: 'a record that nobody but staff sees',
    question: ({ books, reader }) => ({
      ...{ operation: 'book.get', as: reader, id: books[8]?.id ?? '', query: { fields } },
    }),
    expect: 'not_found',
  },
  {
    name: 'an id that is none',
    question: () => ({ operation: 'book.get', as: 'anonymous', id: 'x', query: { fields } }),
    expect: 'not_found',
  },
  {
    name: 'a change',
    question: ({ staff }, { id }) => ({
      ...{ operation: 'book.update', as: staff, id, input: { title: 'New', weight: '2.5' } },
      ...{ version: 1, answered: ['title', 'weight', 'version'] },
    }),
    expect: has('weight', '2.500'),
  },
  {
    name: 'a change of another version',
    question: ({ staff }, { id }) => ({
      ...{ operation: 'book.update', as: staff, id, input: { title: 'New' }, version: 9 },
    }),
    expect: 'version_mismatch',
  },
  {
    name: 'a change by a reader',
    question: ({ reader }, { id }) => ({
      ...{ operation: 'book.update', as: reader, id, input: { title: 'Mine' } },
    }),
    expect: 'forbidden',
  },
  {
    name: 'a change by nobody in particular',
    question: (_, { id }) => ({
      ...{ operation: 'book.update', as: 'anonymous', id, input: { title: 'Mine' } },
    }),
    expect: 'sign_in_required',
  },
  {
    name: 'a change to a value that is none',
    question: ({ staff }, { id }) => ({
      ...{ operation: 'book.update', as: staff, id, input: { weight: 'heavy' } },
    }),
    expect: 'invalid_input',
  },
  {
    name: 'a record that exists already',
    question: ({ staff, authors }, { isbn }) => ({
      ...{ operation: 'book.create', as: staff },
      input: { isbn, title: 'T', price: 1, authorId: authors[0]?.id },
    }),
    expect: 'conflict',
  },
  {
    name: 'a deletion',
    question: ({ staff }, { id }) => ({ operation: 'book.delete', as: staff, id }),
    expect: (data) => data === null,
  },
  {
    name: 'an action',
    question: ({ reader }, { id }) => ({
      ...{ operation: 'library.lend', as: reader, input: { book: id, days: 5 } },
      answered: ['days'],
    }),
    expect: has('days', 5),
    events: 1,
  },
  {
    name: 'a failure that an action declares',
    question: ({ reader }, { id }) => ({
      ...{ operation: 'library.lend', as: reader, input: { book: id, days: 31 } },
      answered: ['days'],
    }),
    expect: 'too_long',
  },
  {
    name: 'an action with a value out of range',
    question: ({ reader }, { id }) => ({
      ...{ operation: 'library.lend', as: reader, input: { book: id, days: 61 } },
      answered: ['days'],
    }),
    expect: 'invalid_input',
  },
  {
    name: 'an action for which one signs in first',
    question: (_, { id }) => ({
      ...{ operation: 'library.lend', as: 'anonymous', input: { book: id } },
      answered: ['days'],
    }),
    expect: 'sign_in_required',
  },
]

let made = 0

async function ownBook(): Promise<{ id: string; isbn: string }> {
  made += 1
  const isbn = `own-${made}`
  const values = { isbn, title: 'Own', price: 1, shelf: 'open', authorId: stand.authors[0]?.id }
  const { id } = (await world.data.book.create(values as never)) as { id: string }
  return { id, isbn }
}

async function eventCount(): Promise<number> {
  // Events get their places in the log by the work that follows.
  await world.drain()
  return (await world.running.operating.events({ after: 0, limit: 1_000, types: undefined })).length
}

/** What a door answers, and what the question has left behind. */
interface Seen {
  readonly outcome: Outcome
  readonly events: number
  /** The record of its own afterwards, without what differs from run to run. */
  readonly left: object | null
}

type Stored = Readonly<Record<string, unknown>>

async function seen(door: Door | LiveDoor, scenario: Scenario): Promise<Seen> {
  const book = await ownBook()
  const before = await eventCount()
  const question = scenario.question(stand, book)
  const work = (): Promise<Outcome> => door.ask(world, question)
  const [outcome, left] =
    'watch' in door ? await watched(door, book, work) : [await work(), await leftOf(book)]
  const events = (await eventCount()) - before
  await world.data.book.delete(book.id).catch(() => undefined)
  const { id: _, isbn: __, createdAt: ___, updatedAt: ____, ...rest } = left ?? {}
  return { outcome: nameless(outcome, book), events, left: left ? rest : null }
}

/** The record of a question of its own, as it is now. */
async function leftOf({ isbn }: { readonly isbn: string }): Promise<Stored | undefined> {
  const { data: found } = await world.data.book.find({ filter: { isbn } } as never)
  return (found as unknown as readonly Stored[])[0]
}

/** The same as whoever follows it is told. */
function watched(
  door: LiveDoor,
  book: { readonly id: string; readonly isbn: string },
  work: () => Promise<Outcome>,
) {
  const { id } = book
  return door.watch<Outcome>(
    {
      ...{ as: stand.staff, operation: 'book.get', id },
      until: async (told) => {
        const now = (await leftOf(book)) as { readonly version?: number } | undefined
        return now?.version === (told as typeof now)?.version
      },
    },
    work,
  ) as Promise<readonly [Outcome, Stored | undefined]>
}

/** Records of a door's own have other ids in another door. */
function nameless(outcome: Outcome, { id, isbn }: { id: string; isbn: string }): Outcome {
  return JSON.parse(JSON.stringify(outcome).replaceAll(id, '<id>').replaceAll(isbn, '<isbn>'))
}

for (const scenario of scenarios) {
  test(`every door answers alike: ${scenario.name}`, async () => {
    const all: Seen[] = []
    const doors: readonly (Door | LiveDoor)[] = [direct, rest, graphql, client, ...live.doors]
    for (const door of doors) all.push(await seen(door, scenario))
    const [first] = all
    for (const [at, each] of all.entries()) {
      assert.deepEqual(each, first, `${doors[at]?.name} against ${doors[0]?.name}`)
    }
    const { outcome } = first ?? assert.fail('there are doors')
    const { expect } = scenario
    assert.equal(first?.events, scenario.events ?? 0)
    if (typeof expect === 'string') assert.equal('code' in outcome && outcome.code, expect)
    else assert.ok('data' in outcome && expect(outcome.data), JSON.stringify(outcome))
  })
}
