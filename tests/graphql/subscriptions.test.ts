/** Proves subscriptions: real clients of both protocols are told results, changes, ends. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeId } from '../../packages/plinth/src/graphql/schema/node-ids.ts'
import { type GraphqlClient, type Heard, hear, serveLibrary } from './clients.ts'

type Stand = Awaited<ReturnType<typeof serveLibrary>>

interface Change {
  readonly kind: string
  readonly id: string
  readonly behind: string | null
  readonly node: { readonly id: string; readonly title: string } | null
}

interface Message {
  readonly kind: string
  readonly cursor: string
  readonly gap: string | null
  readonly nodes: readonly { readonly id: string; readonly title: string }[] | null
  readonly changes: readonly Change[] | null
  readonly hasMore: boolean | null
  readonly totalCount: number | null
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    assert.ok(tries < 2_000, what)
    await sleep(5)
  }
}

const list = `subscription ($since: String, $first: Int) {
  books(filter: { title: { startsWith: "Ann" } }, sort: [{ title: ASC }], first: $first,
    since: $since) {
    kind cursor gap nodes { id title } hasMore totalCount
    changes { kind id behind node { id title author { name } tags { nodes { name } } } }
  }
}`

const messages = (heard: Heard) => heard.results.map(({ data }) => data?.books as Message)
const last = (heard: Heard) => messages(heard).at(-1)

/** The list as a client has it that applies what it is told. */
function applied(heard: Heard): readonly string[] {
  let rows: { readonly id: string; readonly title: string }[] = []
  for (const { nodes, changes } of messages(heard)) {
    if (nodes) rows = [...nodes]
    for (const { kind, id, behind, node } of changes ?? []) {
      const at = rows.findIndex((row) => row.id === id)
      const known = at < 0 ? undefined : rows[at]
      if (kind === 'CHANGE' && node) rows[at] = node
      if (kind === 'CHANGE') continue
      if (at >= 0) rows.splice(at, 1)
      const now = node ?? known
      if (kind === 'LEAVE' || !now) continue
      rows.splice(rows.findIndex((row) => row.id === behind) + 1, 0, now)
    }
  }
  return rows.map(({ title }) => title)
}

/** Each proof holds for both protocols. */
function overBoth(
  name: string,
  prove: (stand: Stand, open: (token?: string) => GraphqlClient) => Promise<void>,
): void {
  for (const door of ['socket', 'events'] as const) {
    test(`${name} (${door})`, async (context: TestContext) => {
      const stand = await serveLibrary(context)
      await prove(stand, (token) => stand[door](token))
    })
  }
}

overBoth(
  'a list is told, then what becomes of it; after a break what was missed',
  async (stand, open) => {
    const { world, books } = stand
    const first = books[0]?.id ?? ''
    const heard = hear(open(), list, { first: 3 })
    await until('the result', () => heard.results.length === 1)
    const { kind, gap, nodes, changes, hasMore, totalCount } = last(heard) as Message
    assert.deepEqual(
      { kind, gap, changes, hasMore, totalCount },
      {
        ...{ kind: 'RESULT', gap: null, changes: null, hasMore: false, totalCount: 3 },
      },
    )
    assert.equal(nodes?.[0]?.id, nodeId('Book', first))
    await world.data.book.update(first, { title: 'Ann 9' })
    await until('it moved', () => applied(heard).join() === 'Ann 2,Ann 3,Ann 9')
    assert.equal(last(heard)?.changes?.[0]?.kind, 'MOVE')
    await world.data.book.update(first, { title: 'Ann 8' })
    await until('it changed', () => applied(heard).join() === 'Ann 2,Ann 3,Ann 8')
    const changed = last(heard)?.changes?.[0]
    const node = { id: nodeId('Book', first), title: 'Ann 8' }
    const author = { name: 'Ann' }
    const tags = { nodes: [{ name: 'old' }, { name: 'new' }] }
    assert.deepEqual(changed, {
      ...{ kind: 'CHANGE', id: node.id },
      behind: null,
      node: { ...node, author, tags },
    })
    await world.data.book.update(first, { shelf: 'closed' })
    await until('it left', () => applied(heard).join() === 'Ann 2,Ann 3')
    assert.equal(last(heard)?.totalCount, 2)
    const { cursor } = last(heard) as Message
    heard.stop()
    await until('nobody follows', () => world.running.live.counts.subscriptions === 0)
    await world.data.book.update(first, { shelf: 'open' })
    const again = hear(open(), list, { first: 3, since: cursor })
    await until('what was missed', () => again.results.length === 1)
    assert.deepEqual(
      [last(again)?.kind, last(again)?.changes?.map((change) => [change.kind, change.node?.title])],
      ['CHANGES', [['ENTER', 'Ann 8']]],
    )
    const resumed = hear(open(), list, { first: 3, since: last(again)?.cursor })
    await until('nothing was missed', () => resumed.results.length === 1)
    assert.deepEqual([last(resumed)?.kind, last(resumed)?.nodes], ['RESUMED', null])
    const lost = hear(open(), list, { first: 3, since: 'nowhere' })
    await until('the whole', () => lost.results.length === 1)
    assert.deepEqual([last(lost)?.kind, last(lost)?.gap], ['RESULT', 'WINDOW'])
  },
)

overBoth('one record is told as it is, by its id, its key, its global id', async (stand, open) => {
  const { world, books } = stand
  const id = books[0]?.id ?? ''
  const asked = [
    `subscription { book(id: "${id}") { kind node { title } } }`,
    'subscription { book(key: { isbn: "Ann-1" }) { kind node { title } } }',
    `subscription { book: node(id: "${nodeId('Book', id)}") {
      kind node { ... on Book { title } } } }`,
  ]
  const heard = asked.map((document) => hear(open(), document))
  const seen = (titles: readonly (string | undefined)[]) =>
    heard.every(({ results }) => {
      const told = results.map(({ data }) => data?.book as Message & { node: { title: string } })
      return told.map(({ node }) => node?.title).join() === titles.join()
    })
  await until('the record', () => seen(['Ann 1']))
  await world.data.book.update(id, { title: 'New' })
  await until('the change', () => seen(['Ann 1', 'New']))
  await world.data.book.update(id, { shelf: 'closed' })
  await until('it is gone', () => seen(['Ann 1', 'New', undefined]))
  await world.data.book.update(id, { shelf: 'open' })
  await until('it is back', () => seen(['Ann 1', 'New', undefined, 'New']))
})

overBoth('rules are those of the read; a session that ends, ends it', async (stand, open) => {
  const { world, reader, books } = stand
  const token = await stand.tokenOf(reader)
  const mine = 'subscription { loans { kind nodes { days } changes { kind node { days } } } }'
  const heard = hear(open(token), mine)
  await until('nothing yet', () => heard.results.length === 1)
  const salaries = hear(
    open(token),
    'subscription { authors(filter: { salary: { gt: 1 } }) { kind } }',
  )
  const codeOf = (one: Heard): unknown => {
    const [error] = (one.results.at(-1)?.errors ?? one.error ?? []) as Heard['results'][0]['errors']
    return error?.extensions.code
  }
  await until('a refusal', () => codeOf(salaries) !== undefined)
  assert.equal(codeOf(salaries), 'invalid_input')
  const anybody = hear(open(), mine)
  await until('a refusal', () => codeOf(anybody) !== undefined)
  assert.equal(codeOf(anybody), 'sign_in_required')
  const bookId = books[0]?.id ?? ''
  const loan = { readerId: reader.id, bookId, days: 7 }
  await world.data.loan.create(loan as never)
  await world.data.loan.create({ ...loan, readerId: stand.staff.id } as never)
  await until('their own loan', () => heard.results.length === 2)
  assert.deepEqual(heard.results[1]?.data, {
    loans: { kind: 'CHANGES', nodes: null, changes: [{ kind: 'ENTER', node: { days: 7 } }] },
  })
  const { database } = world.running.runtime
  await database.query({ text: 'delete from identity.session', values: [] })
  await until('the end', () => heard.completed || heard.error !== undefined)
  assert.equal(world.running.live.counts.subscriptions, 0)
})

overBoth('queries and mutations are answered once; what is wrong is told', async (stand, open) => {
  const token = await stand.tokenOf(stand.reader)
  const read = hear(open(), 'query ($n: Int) { books(first: $n) { totalCount } }', { n: 1 })
  await until('the answer', () => read.completed)
  assert.deepEqual(read.results, [{ data: { books: { totalCount: 8 } } }])
  const book = stand.books[0]?.id
  const write = hear(
    open(token),
    `mutation { libraryLend(input: { book: "${book}", days: 40 }) {
      __typename ... on LibraryLendTooLong { detail } } }`,
  )
  await until('the answer', () => write.completed)
  assert.deepEqual(write.results[0]?.data?.libraryLend, {
    __typename: 'LibraryLendTooLong',
    detail: 'Ask for 30 days at most.',
  })
  for (const document of [
    'subscription { no }',
    '{',
    'subscription { books { kind } book { kind } }',
  ]) {
    const wrong = hear(open(), document)
    await until('an end', () => wrong.completed || wrong.error !== undefined)
    const errors = (wrong.error ?? wrong.results[0]?.errors) as Heard['results'][0]['errors']
    assert.ok(['invalid_input', 'malformed_query'].includes(String(errors[0]?.extensions.code)))
  }
  const heavy = hear(
    open(),
    `subscription { books(first: 100) { nodes {
    author { books(first: 100) { nodes { loans(first: 100) { nodes { days } } } } } } } }`,
  )
  await until('an end', () => heavy.completed || heavy.error !== undefined)
  const errors = (heavy.error ?? heavy.results[0]?.errors) as Heard['results'][0]['errors']
  assert.equal(errors[0]?.extensions.code, 'query_too_costly')
})

test('a browser follows by address alone, and comes back with its cursor', async (context) => {
  const stand = await serveLibrary(context)
  const document = 'subscription { books(first: 1) { kind nodes { title } changes { kind } } }'
  const address = `${stand.url}/api/graphql?query=${encodeURIComponent(document)}`
  const open = async (after?: string) => {
    const response = await fetch(address, {
      headers: {
        accept: 'text/event-stream',
        ...(after === undefined ? {} : { 'last-event-id': after }),
      },
    })
    const reader = response.body?.getReader()
    const text = new TextDecoder().decode((await reader?.read())?.value)
    await reader?.cancel()
    return { response, text, id: /^id: (.*)$/m.exec(text)?.[1] }
  }
  const first = await open()
  assert.equal(first.response.headers.get('content-type'), 'text/event-stream')
  assert.match(first.text, /^event: next\nid: [\w.-]+\ndata: \{"data":\{"books":\{"kind":"RESULT"/)
  assert.match((await open(first.id)).text, /"kind":"RESUMED","nodes":null,"changes":null/)
  const wrong = await fetch(`${stand.url}/api/graphql?query=%7B`, {
    headers: { accept: 'text/event-stream' },
  })
  assert.equal(wrong.status, 200)
  assert.match(
    await wrong.text(),
    /^event: next\ndata: \{"errors":\[.*\n\nevent: complete\ndata:\n\n$/,
  )
  const plain = await fetch(address)
  assert.match(await plain.text(), /A subscription is a stream/)
})
