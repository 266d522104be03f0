/** Proves what bad documents get: a clear failure, soon, and nothing that grows. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { getIntrospectionQuery } from 'graphql'
import { createGraphqlDoor } from '../../packages/plinth/src/graphql/door.ts'
import { nodeId } from '../../packages/plinth/src/graphql/schema/node-ids.ts'
import { type Answered, ask, data, type Library, openLibrary } from './library.ts'

let stand: Awaited<ReturnType<typeof openLibrary>>
let world: Library
before(async () => {
  stand = await openLibrary()
  world = stand.world
})
after(() => stand?.world.close())

const codeOf = ({ errors }: Answered) => errors[0]?.extensions.code
const times = (count: number, text: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => text(at)).join(' ')

const deeper = 'author { books { nodes { '

/** Each refused before anything of it is read or done. */
const floods: Readonly<Record<string, { readonly document: string; readonly cap: string }>> = {
  'D01: 1,000 aliases': {
    document: `{ ${times(1_000, (at) => `a${at}: books { totalCount }`)} }`,
    cap: 'graphqlAliasesMax',
  },
  'D01: 1,000 directives': {
    document: `{ books ${times(1_000, () => '@include(if: true)')} { totalCount } }`,
    cap: 'graphqlDirectivesMax',
  },
  'D01: fragments that double at every level': {
    document: `{ books { nodes { ...f0 } } } ${times(
      20,
      (at) => `fragment f${at} on Book { a: author { ...g${at} } b: author { ...g${at} } }
        fragment g${at} on Author { books { nodes { ...f${at + 1} } } }`,
    )} fragment f20 on Book { id }`,
    cap: 'graphql(?:Fields|Aliases|Depth)Max',
  },
  'D01: 900 spreads of a fragment of many fields': {
    document: `{ ${times(9, (at) => `books { ...f${at} }`)} } ${times(
      9,
      (at) => `fragment f${at} on BookConnection { ${times(200, () => 'totalCount')} }`,
    )}`,
    cap: 'graphqlFieldsMax',
  },
  'a document of many tokens': {
    document: `{ books { ${times(8_001, () => 'x')} } }`,
    cap: 'graphqlTokensMax',
  },
  'a document of 1 MB': {
    document: `{ books { totalCount } } #${'x'.repeat(200_000)}`,
    cap: 'graphqlDocumentBytesMax',
  },
  'levels beyond the deepest': {
    document: `{ books { nodes { ${deeper.repeat(5)}id${'} } } '.repeat(5)}} } }`,
    cap: 'graphqlDepthMax',
  },
  '4,000 braces': { document: '{a'.repeat(3_900), cap: 'graphqlNestingMax' },
  '4,000 brackets in a literal': {
    document: `{ books(filter: ${'['.repeat(3_900)}`,
    cap: 'graphqlNestingMax',
  },
  'D02: a product of pages': {
    document:
      '{ books(first: 200) { nodes { author { books(first: 100) { nodes { tags(first: 100) ' +
      '{ nodes { id } } } } } } } }',
    cap: 'graphqlNodesMax',
  },
  'D02: many pages side by side': {
    document: `{ ${times(
      13,
      (at) => `a${at}: books(first: 100) { nodes { tags(first: 20) { nodes { id } } } }`,
    )} }`,
    cap: 'graphqlNodesMax',
  },
  'C05: a page of mutations': {
    document: `mutation { ${times(
      11,
      (at) =>
        `a${at}: identitySignIn(input: { email: "a@b.example", password: "x" }) { __typename }`,
    )} }`,
    cap: 'graphqlMutationsMax',
  },
  'more reads than go together': {
    document: `{ ${times(21, (at) => `a${at}: book(id: "x") { id }`)} }`,
    cap: 'readsTogetherMax',
  },
}

for (const [name, { document, cap }] of Object.entries(floods)) {
  test(`${name} is refused by its cap`, async () => {
    const answered = await ask(world, document)
    assert.equal(codeOf(answered), 'query_too_costly', answered.text.slice(0, 500))
    assert.match(answered.errors[0]?.message ?? '', new RegExp(cap))
    assert.equal(answered.data, undefined)
  })
}

test('the introspection of every tool is answered; one without end is not', async () => {
  const whole = await ask(world, getIntrospectionQuery())
  assert.deepEqual(whole.errors, [], whole.text.slice(0, 300))
  assert.match(whole.text, /"name":"Book"/)
  const type = `fragment T on __Type { ${'fields { type { '.repeat(12)} name ${'} }'.repeat(12)} }`
  const deep = await ask(world, `{ __type(name: "Book") { ...T } } ${type}`)
  assert.match(deep.errors[0]?.message ?? '', /depth/i, deep.text.slice(0, 300))
  assert.equal(deep.data, undefined)
})

test('D01: fragments that lead back to themselves are told so', async () => {
  const cycle = '{ books { ...a } } fragment a on BookConnection { ...b }'
  const answered = await ask(world, `${cycle} fragment b on BookConnection { ...a }`)
  assert.equal(codeOf(answered), 'malformed_query')
  assert.match(answered.errors[0]?.message ?? '', /leads back to itself/)
})

test('C05: each mutation of a request counts, and each read', async () => {
  const before = (await ask(world, '{ __typename }')).headers.ratelimit ?? ''
  const remaining = (text: string) => Number(/r=(\d+)/.exec(text)?.[1])
  const signIn = (at: number) =>
    `a${at}: identitySignIn(input: { email: "u@b.example", password: "wrong wrong wrong" }) {
      __typename }`
  const { headers } = await ask(world, `mutation { ${times(5, signIn)} }`)
  assert.ok(before !== '' && remaining(headers.ratelimit ?? '') <= remaining(before) - 5)
  const after = await ask(world, `mutation { ${times(3, signIn)} }`)
  assert.ok(
    after.errors.some(({ extensions }) => extensions.code === 'rate_limited'),
    after.text,
  )
})

test('cursors and ids that are none of ours find nothing, and tell nothing', async () => {
  const cursor = await ask(world, '{ books(after: "AAAA") { nodes { id } } }')
  assert.equal(codeOf(cursor), 'invalid_input')
  const { books } = await data(world, '{ books(first: 1) { pageInfo { endCursor } } }')
  const { endCursor } = (books as unknown as { pageInfo: { endCursor: string } }).pageInfo
  const elsewhere = await ask(world, `{ authors(after: "${endCursor}") { nodes { id } } }`)
  assert.equal(codeOf(elsewhere), 'invalid_input')
  const id = stand.books[0]?.id ?? ''
  const closed = nodeId('Book', stand.books[8]?.id ?? '')
  const forged = [
    ...['', 'x', id, 'Book:x', nodeId('Book', 'x'), nodeId('Author', id), nodeId('Query', id)],
    ...[nodeId('__proto__', id), nodeId('User', id), `${nodeId('Book', id)}=`, 'A'.repeat(50_000)],
    ...[closed, nodeId('Book', `${id.slice(0, -1)}${id.endsWith('0') ? 1 : 0}`)],
  ]
  for (const each of forged) {
    const variables = { id: each }
    const answered = await ask(world, 'query ($id: ID!) { node(id: $id) { id } }', { variables })
    assert.deepEqual([answered.data, codeOf(answered)], [{ node: null }, 'not_found'], each)
    const author = 'query ($id: ID!) { author(id: $id) { id } }'
    assert.equal(codeOf(await ask(world, author, { variables })), 'not_found', each)
  }
})

test('binary and half characters in text are problems of the value', async () => {
  for (const text of ['a\\u0000b', '\\ud800', '\\u0000']) {
    const answered = await ask(
      world,
      `{ books(filter: { title: { eq: "${text}" } }) { totalCount } }`,
    )
    assert.ok(
      ['invalid_input', 'malformed_query'].includes(String(codeOf(answered))),
      answered.text,
    )
    const write = `mutation { libraryRetitle(input: { book: "x", title: "${text}" }) {
      __typename } }`
    assert.ok(
      ['invalid_input', 'malformed_query'].includes(String(codeOf(await ask(world, write)))) ||
        codeOf(await ask(world, write)) === 'sign_in_required',
    )
  }
  const send = (body: string | Uint8Array, headers: Record<string, string> = {}) => {
    return world.request('POST', '/api/graphql', {
      body,
      headers: { 'content-type': 'application/json', ...headers },
    })
  }
  assert.equal((await send(new Uint8Array([0x7b, 0xff, 0x7d]))).status, 400)
  assert.equal((await send('{"query":"{ __typename }\\u0000"}')).status, 422)
  assert.equal((await send('[{"query":"{ __typename }"}]')).status, 400)
  assert.equal((await send(`{"query":"${'x'.repeat(1_048_600)}"}`)).status, 413)
  assert.equal((await send('{}', { 'content-type': 'text/plain' })).status, 415)
  assert.equal(
    (await send('query=x', { 'content-type': 'application/x-www-form-urlencoded' })).status,
    415,
  )
  const keys = await ask(world, '{ books(filter: { __proto__: { eq: 1 } }) { totalCount } }')
  assert.equal(codeOf(keys), 'invalid_input')
})

test('what changes something is not done by GET', async () => {
  const mutation = encodeURIComponent('mutation { identitySignOut { __typename } }')
  assert.equal((await world.request('GET', `/api/graphql?query=${mutation}`)).status, 405)
  const query = encodeURIComponent('{ books(first: 1) { nodes { title } } }')
  const read = await world.request('GET', `/api/graphql?query=${query}`)
  assert.match(read.text, /"data":\{"books"/)
  assert.equal((await world.request('DELETE', '/api/graphql')).status, 405)
})

test('in production the schema is told to those alone who have signed in', async () => {
  const { runtime, invoke } = world.running
  const { catalog, clock } = runtime
  const { handler: door } = createGraphqlDoor({
    ...{ catalog, clock, invoke, production: true, report: () => undefined },
  })
  const { askLocally } = await import('../../packages/plinth/src/app/local-request.ts')
  const asked = async (query: string, token?: string) => {
    const body = new TextEncoder().encode(JSON.stringify({ query }))
    const answered = await askLocally(door, {
      ...{ method: 'POST', path: '/api/graphql', body },
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    })
    return answered.json() as { data?: object; errors?: Answered['errors'] }
  }
  const { beginSession } = await import('../../packages/plinth/src/app/people/sessions.ts')
  const token = await beginSession(runtime, stand.reader.id)
  for (const query of ['{ __schema { types { name } } }', '{ a: __type(name: "Book") { name } }']) {
    const guest = await asked(query)
    assert.equal(guest.data, undefined)
    assert.equal(guest.errors?.[0]?.extensions.code, 'sign_in_required')
    assert.match(JSON.stringify((await asked(query, token)).data), /Book/)
  }
  assert.deepEqual((await asked('{ __typename }')).data, { __typename: 'Query' })
  // A mistyped name does not tell the schema by another way.
  const near = await asked('{ book { titel } }')
  assert.match(near.errors?.[0]?.message ?? '', /on type "Book"\.$/)
})
