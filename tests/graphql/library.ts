/** Owns the app that the GraphQL door is proven on: a library with every sort of relation. */

import assert from 'node:assert/strict'
import {
  anyone,
  app,
  belongsTo,
  bigint,
  choice,
  decimal,
  hasMany,
  id,
  identity,
  instant,
  integer,
  json,
  kit,
  list,
  manyToMany,
  money,
  object,
  text,
} from 'plinth'
import { type TestApp, type TestCaller, testApp } from '../../packages/plinth/src/testing.ts'

export const library = kit('library', {
  uses: [identity],
  models: {
    author: {
      description: 'Somebody who writes.',
      fields: {
        name: text({ max: 80 }),
        salary: integer({ optional: true }),
        books: hasMany('book'),
      },
      access: {
        read: anyone,
        write: ({ me }) => me.is('staff'),
        fields: { salary: { read: ({ me }) => me.is('staff') } },
      },
    },
    book: {
      fields: {
        isbn: text({ max: 20 }),
        title: text({ max: 200 }),
        price: money('GBP'),
        weight: decimal({ precision: 12, scale: 3, optional: true }),
        printed: bigint({ optional: true }),
        shelf: choice(['open', 'closed'], { default: 'open' }),
        facts: json({ optional: true }),
        shownAt: instant({ optional: true }),
        author: belongsTo('author'),
        tags: manyToMany('tag'),
        loans: hasMany('loan'),
      },
      access: {
        read: ({ row, me }) => row.shelf.eq('open').or(me.is('staff')),
        write: ({ me }) => me.is('staff'),
      },
      key: ['isbn'],
    },
    tag: {
      fields: { name: text({ max: 40 }) },
      access: { read: anyone, write: ({ me }) => me.is('staff') },
    },
    loan: {
      fields: {
        reader: belongsTo('user'),
        book: belongsTo('book'),
        note: text({ optional: true }),
        days: integer({ min: 1, max: 60, default: 14 }),
      },
      access: {
        read: ({ row, me }) => row.readerId.eq(me.id),
        create: ({ row, me }) => row.readerId.eq(me.id),
        update: ({ row, me }) => row.readerId.eq(me.id),
        delete: ({ row, me }) => row.readerId.eq(me.id),
      },
    },
  },
})

export const lent = library.event('lent', { book: id('book'), days: integer() })

export const lend = library.action('lend', {
  description: 'Lends a book.',
  input: {
    book: id('book'),
    days: integer({ min: 1, max: 60, default: 14 }),
    remarks: list(
      { word: text({ max: 20 }), weight: integer({ optional: true }) },
      { default: [] },
    ),
  },
  output: {
    loan: id('loan'),
    days: integer(),
    told: object({ words: list(text()), first: text({ optional: true }) }),
    lines: list({ word: text() }),
  },
  allow: ({ me }) => me.signedIn,
  failures: {
    out_of_print: { status: 410, detail: 'Choose another book.' },
    too_long: { detail: 'Ask for 30 days at most.' },
  },
  async run({ input, me, data, emit, fail }) {
    const book = await data.book.get(input.book)
    if (book.title === 'Gone') throw fail('out_of_print')
    if (input.days > 30) throw fail('too_long')
    const loan = await data.loan.create({
      readerId: me.id,
      bookId: book.id,
      days: input.days,
    } as never)
    emit(lent, { book: book.id, days: input.days })
    const words = input.remarks.map(({ word }) => word)
    return {
      ...{
        loan: (loan as { id: string }).id,
        days: input.days,
        lines: words.map((word) => ({ word })),
      },
      told: { words, first: words[0] ?? null },
    } as never
  },
})

export const retitle = library.action('retitle', {
  input: { book: id('book'), title: text({ max: 200 }) },
  output: 'book',
  allow: ({ me }) => me.is('staff'),
  async run({ input, data }) {
    return data.book.update(input.book, { title: input.title })
  },
})

export const count = library.action('count', {
  safe: true,
  input: { shelf: choice(['open', 'closed'], { default: 'open' }) },
  output: { books: integer() },
  allow: anyone,
  async run({ input, data }) {
    const { data: found } = await data.book.find({ filter: { shelf: input.shelf } })
    return { books: found.length }
  },
})

export const libraryApp = app({ title: 'Library', roles: ['staff'], kits: [library] })

export type Library = TestApp<NonNullable<(typeof libraryApp)['models']>>

/** An answer of the door. */
export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly data: Readonly<Record<string, unknown>> | null | undefined
  readonly errors: readonly {
    readonly message: string
    readonly path?: readonly (string | number)[]
    readonly locations?: readonly object[]
    readonly extensions: Readonly<Record<string, unknown>>
  }[]
  readonly text: string
}

/** Who asks, and what is sent beside the document. */
export interface Asking {
  readonly as?: TestCaller
  readonly variables?: object
  readonly operationName?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Asks the door. */
export async function ask(
  world: Pick<Library, 'request'>,
  query: string,
  { as = 'anonymous', headers = {}, ...rest }: Asking = {},
): Promise<Answered> {
  const sent = { as, headers, body: { query, ...rest } }
  const { status, text: body, headers: got } = await world.request('POST', '/api/graphql', sent)
  const { data, errors = [] } = JSON.parse(body)
  return { status, headers: got, data, errors, text: body }
}

/** Asks, and expects that nothing goes wrong. */
export async function data(
  world: Pick<Library, 'request'>,
  query: string,
  asking: Asking = {},
): Promise<Record<string, never>> {
  const answered = await ask(world, query, asking)
  assert.deepEqual(answered.errors, [], answered.text)
  return answered.data as Record<string, never>
}

/** Opens a library: three authors, nine books, one of them closed, two tags. */
export async function openLibrary() {
  const world = await testApp(libraryApp)
  const staff = await world.user({ roles: ['staff'] })
  const reader = await world.user()
  const tags = [
    await world.data.tag.create({ name: 'old' }),
    await world.data.tag.create({ name: 'new' }),
  ]
  const authors = []
  const books = []
  for (const [at, name] of ['Ann', 'Bob', 'Cid'].entries()) {
    const author = await world.data.author.create({ name, salary: 100 * at })
    authors.push(author)
    for (const part of [1, 2, 3]) {
      const book = await world.data.book.create({
        isbn: `${name}-${part}`,
        title: `${name} ${part}`,
        price: 100 * at + part,
        weight: '1.250',
        printed: '9007199254740993',
        facts: { pages: [part, 2.5], deep: { 'a"b': null } },
        authorId: author.id,
        shelf: name === 'Cid' && part === 3 ? 'closed' : 'open',
        tagIds: part === 1 ? tags.map((tag) => tag.id) : [],
      } as never)
      books.push(book as { id: string; title: string })
    }
  }
  return { world: world as unknown as Library, staff, reader, tags, authors, books }
}
