/** Proves that queries read what REST reads: nested, exact, under its rules, by one statement. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { nodeId } from '../../packages/plinth/src/graphql/schema/node-ids.ts'
import { ask, data, type Library, openLibrary } from './library.ts'

let stand: Awaited<ReturnType<typeof openLibrary>>
let world: Library
before(async () => {
  stand = await openLibrary()
  world = stand.world
})
after(() => stand?.world.close())

type Problems = readonly { readonly pointer: string; readonly code: string }[]

function problemsIn({ errors }: Awaited<ReturnType<typeof ask>>): Problems {
  return (errors[0]?.extensions.errors ?? []) as Problems
}

async function rest(path: string) {
  return (await world.request('GET', path)).json() as { data: Record<string, unknown>[] }
}

test('a nested read brings what REST brings, in the order of the selection', async () => {
  const answered = await data(
    world,
    `query Nested($name: String!) {
      __typename
      books(first: 2, sort: [{ price: DESC }], filter: { author: { name: { eq: $name } } }) {
        totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges { cursor node { ...b other: author { n: name } } }
        nodes { title }
      }
      libraryCount(input: { shelf: "open" }) { ... on LibraryCountPayload { books } }
    }
    fragment b on Book {
      facts __typename uuid title price weight printed shownAt
      author { id name books(first: 1, sort: [{ title: DESC }]) { nodes { title } } }
      tags { totalCount edges { cursor node { name } } }
    }`,
    { variables: { name: 'Bob' } },
  )
  const list = answered.books as unknown as {
    pageInfo: { startCursor: string; endCursor: string }
    edges: { cursor: string; node: Record<string, unknown> }[]
  }
  const [first, second] = list.edges
  const bob = stand.authors[1]?.id ?? ''
  assert.equal(
    JSON.stringify(first?.node),
    JSON.stringify({
      ...{ facts: { deep: { 'a"b': null }, pages: [3, 2.5] }, __typename: 'Book' },
      ...{ uuid: stand.books[5]?.id, title: 'Bob 3', price: { amount: 103, currency: 'GBP' } },
      ...{ weight: '1.250', printed: '9007199254740993', shownAt: null },
      author: { id: nodeId('Author', bob), name: 'Bob', books: { nodes: [{ title: 'Bob 3' }] } },
      ...{ tags: { totalCount: 0, edges: [] }, other: { n: 'Bob' } },
    }),
  )
  assert.deepEqual(JSON.parse(JSON.stringify(answered)), {
    __typename: 'Query',
    books: {
      totalCount: 3,
      pageInfo: {
        ...{ hasNextPage: true, hasPreviousPage: false },
        ...{ startCursor: first?.cursor, endCursor: second?.cursor },
      },
      edges: list.edges,
      nodes: [{ title: 'Bob 3' }, { title: 'Bob 2' }],
    },
    libraryCount: { books: 8 },
  })
})

test('pages go forwards and backwards by cursors, and included ones as well', async () => {
  const titles = async (args: string) => {
    const { books } = (await data(
      world,
      `{ books(sort: [{ title: ASC }], ${args}) {
        pageInfo { startCursor endCursor hasNextPage hasPreviousPage } nodes { title } } }`,
    )) as unknown as {
      books: {
        pageInfo: Record<'startCursor' | 'endCursor' | 'hasNextPage' | 'hasPreviousPage', unknown>
        nodes: { title: string }[]
      }
    }
    return { ...books.pageInfo, titles: books.nodes.map(({ title }) => title).join() }
  }
  const one = await titles('first: 3')
  assert.equal(one.titles, 'Ann 1,Ann 2,Ann 3')
  const two = await titles(`first: 3, after: "${one.endCursor}"`)
  assert.equal(two.titles, 'Bob 1,Bob 2,Bob 3')
  assert.deepEqual([two.hasNextPage, two.hasPreviousPage], [true, true])
  const back = await titles(`last: 2, before: "${two.startCursor}"`)
  assert.equal(back.titles, 'Ann 2,Ann 3')
  const end = await titles('last: 2')
  assert.equal(end.titles, 'Cid 1,Cid 2')
  const inner = (args: string) =>
    `{ author(id: "${stand.authors[0]?.id}") { books(sort: [{ title: ASC }], ${args}) {
      pageInfo { endCursor hasNextPage } nodes { title } } } }`
  const { author } = (await data(world, inner('first: 2'))) as unknown as {
    author: { books: { pageInfo: { endCursor: string; hasNextPage: boolean } } }
  }
  assert.equal(author.books.pageInfo.hasNextPage, true)
  const rest = await data(world, inner(`first: 2, after: "${author.books.pageInfo.endCursor}"`))
  assert.deepEqual(JSON.parse(JSON.stringify(rest.author)).books.nodes, [{ title: 'Ann 3' }])
})

test('records are found by id, by global id, by natural key and as nodes', async () => {
  const book = stand.books[0]?.id ?? ''
  const global = nodeId('Book', book)
  const cid = nodeId('Author', stand.authors[2]?.id ?? '')
  const answered = await data(
    world,
    `query ($ids: [ID!]!) {
      a: book(id: "${book}") { id }
      b: book(id: "${global}") { uuid }
      c: book(key: { isbn: "Ann-1" }) { title }
      node(id: "${global}") { __typename id ... on Book { title } ... on Author { name } }
      nodes(ids: $ids) { id ... on Author { name } }
      books(filter: { id: { in: ["${global}"] } }) { nodes { title } }
      byAuthor: books(filter: { authorId: { eq: "${cid}" } }) {
        totalCount
      }
    }`,
    { variables: { ids: [global, nodeId('Author', stand.authors[1]?.id ?? '')] } },
  )
  assert.deepEqual(JSON.parse(JSON.stringify(answered)), {
    a: { id: global },
    b: { uuid: book },
    c: { title: 'Ann 1' },
    node: { __typename: 'Book', id: global, title: 'Ann 1' },
    nodes: [{ id: global }, { id: nodeId('Author', stand.authors[1]?.id ?? ''), name: 'Bob' }],
    books: { nodes: [{ title: 'Ann 1' }] },
    byAuthor: { totalCount: 2 },
  })
})

test('what a rule hides is as hidden as from REST', async () => {
  const closed = stand.books[8]?.id ?? ''
  const hidden = await ask(world, `{ book(id: "${closed}") { title } }`)
  assert.deepEqual(hidden.data, { book: null })
  assert.equal(hidden.errors[0]?.extensions.code, 'not_found')
  assert.deepEqual(hidden.errors[0]?.path, ['book'])
  const shown = await data(world, `{ book(id: "${closed}") { title } }`, { as: stand.staff })
  assert.deepEqual(JSON.parse(JSON.stringify(shown)), { book: { title: 'Cid 3' } })
  for (const document of [
    '{ authors { nodes { name salary } } }',
    '{ authors(filter: { salary: { gt: 1 } }) { nodes { name } } }',
    '{ authors(sort: [{ salary: ASC }]) { nodes { name } } }',
    '{ books { nodes { a: author { pay: salary } } } }',
  ]) {
    const refused = await ask(world, document)
    assert.equal(refused.errors[0]?.extensions.code, 'invalid_input', document)
    assert.doesNotMatch(refused.text, /100|200/, document)
    const seen = await ask(world, document, { as: stand.staff })
    assert.deepEqual(seen.errors, [], document)
  }
  const place = await ask(world, '{ books { nodes { a: author { pay: salary } } } }')
  const [problem] = problemsIn(place)
  assert.deepEqual([problem?.pointer, problem?.code], ['/books/a/pay', 'unknown_field'])
})

test('problems of arguments stand at their place in the document', async () => {
  const answered = await ask(
    world,
    `{ books(first: 0, filter: { price: { lte: "x" } }, after: "y") { nodes { title } }
       tags { nodes { name } } }`,
  )
  const problems = problemsIn(answered)
  assert.deepEqual(
    problems.map(({ pointer }) => pointer),
    ['/books/filter/price/lte', '/books/first'],
  )
  assert.equal((answered.data as { tags: { nodes: object[] } }).tags.nodes.length, 2)
  for (const [args, pointer] of [
    ['first: 1, last: 1', '/books/last'],
    ['before: "x"', '/books/before'],
    ['after: "x"', '/books/after'],
  ]) {
    const refused = await ask(world, `{ books(${args}) { nodes { title } } }`)
    const [problem] = problemsIn(refused)
    assert.equal(problem?.pointer, pointer)
  }
})

test('a whole operation is one statement, however much is nested and asked for', async () => {
  const { database } = world.running.runtime
  const sent: string[] = []
  const { query } = database
  const spied = Object.create(database, {
    query: {
      value: (asked: { text: string }) => {
        sent.push(asked.text)
        return query.call(database, asked as never)
      },
    },
  })
  const counted = async (document: string) => {
    sent.length = 0
    const { invoke } = await import('../../packages/plinth/src/engine/invoke.ts')
    const { createExecutor } = await import('../../packages/plinth/src/graphql/run/execute.ts')
    const runtime = { ...world.running.runtime, database: spied }
    const { catalog } = runtime
    const trusted = { documents: {}, only: false }
    const { execute } = createExecutor({
      trusted,
      ...{ catalog, production: false, report: assert.fail },
      invoke: (call) => invoke(runtime, call),
      follow: { read: () => assert.fail('followed'), event: () => assert.fail('followed') },
    })
    const call = {
      ...{ as: { credential: undefined }, remoteAddress: '127.0.0.1', traceId: '0'.repeat(32) },
    }
    const answered = await execute({
      query: document,
      variables: {},
      readOnly: true,
      call,
      demandOwnSite() {},
    })
    assert.deepEqual(answered.errors, [])
    return sent.length
  }
  const nested = `{ books { nodes { title
    author { name books { nodes { tags { nodes { name } } } } }
    tags { nodes { name } } } } }`
  assert.equal(await counted(nested), 1)
  assert.equal(await counted('{ a: books { totalCount } b: authors { nodes { name } } }'), 1)
  assert.equal(
    await counted(`{ node(id: "${nodeId('Book', stand.books[0]?.id ?? '')}") { id } }`),
    1,
  )
})

test('answers equal those of REST, record by record', async () => {
  const { data: records } = await rest('/api/books?sort=title&include=author,tags&limit=50')
  const answered = await data(
    world,
    `{ books(sort: [{ title: ASC }]) { nodes {
      uuid isbn title price weight printed shelf facts shownAt authorId createdAt updatedAt version
      author { uuid name } tags { nodes { uuid name } } } } }`,
  )
  const { nodes } = answered.books as unknown as { nodes: Record<string, unknown>[] }
  assert.equal(nodes.length, records.length)
  for (const [at, { uuid, author, tags, ...rest }] of nodes.entries()) {
    const record = records[at] as { id: string; author: object; tags: object[] }
    const { id, author: restAuthor, tags: restTags, ...others } = record
    assert.deepEqual({ id: uuid, ...rest }, { id, ...others })
    const asked = author as { uuid: string; name: string }
    const { id: authorId, name } = restAuthor as { id: string; name: string }
    assert.deepEqual(asked, { uuid: authorId, name })
    const tagged = (tags as { nodes: { uuid: string }[] }).nodes.map((tag) => tag.uuid)
    assert.deepEqual(
      tagged,
      restTags.map((tag) => (tag as { id: string }).id),
    )
  }
})
