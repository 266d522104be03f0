/** Proves writes and actions: results as unions, keys, versions, links, one transaction each. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { nodeId } from '../../packages/plinth/src/graphql/schema/node-ids.ts'
import { type Answered, ask, data, type Library, openLibrary } from './library.ts'

let stand: Awaited<ReturnType<typeof openLibrary>>
let world: Library
before(async () => {
  stand = await openLibrary()
  world = stand.world
})
after(() => stand?.world.close())

const codes = ({ errors }: Answered) => errors.map(({ extensions }) => extensions.code)
const plain = (value: unknown) => JSON.parse(JSON.stringify(value ?? null))

const createBook = `mutation ($input: BookCreateInput!, $key: String) {
  bookCreate(input: $input, idempotencyKey: $key) {
    ... on BookCreatePayload { id book { uuid title version
      tags { nodes { name } } author { name } } }
    ... on Failure { code detail errors { pointer code } }
  }
}`

function bookInput(isbn: string, more: object = {}) {
  const authorId = nodeId('Author', stand.authors[0]?.id ?? '')
  return { isbn, title: `Book ${isbn}`, price: { amount: 5, currency: 'GBP' }, authorId, ...more }
}

test('a record is created with its links, read back nested, changed and deleted', async () => {
  const as = stand.staff
  const tagIds = [nodeId('Tag', stand.tags[1]?.id ?? '')]
  const made = await data(world, createBook, {
    as,
    variables: { input: bookInput('n1', { tagIds }) },
  })
  const { id, book } = made.bookCreate as unknown as { id: string; book: { uuid: string } }
  assert.equal(id, nodeId('Book', book.uuid))
  assert.deepEqual(plain(book), {
    ...{ uuid: book.uuid, title: 'Book n1', version: 1 },
    ...{ tags: { nodes: [{ name: 'new' }] }, author: { name: 'Ann' } },
  })
  const changed = await data(
    world,
    `mutation { bookUpdate(id: "${id}", input: { title: "Other", weight: "2.5" }, version: 1) {
      ... on BookUpdatePayload { book { title weight version shownAt } } } }`,
    { as },
  )
  assert.deepEqual(plain(changed.bookUpdate), {
    book: { title: 'Other', weight: '2.500', version: 2, shownAt: null },
  })
  const stale = await ask(
    world,
    `mutation { bookUpdate(id: "${id}", input: { title: "Again" }, version: 1) {
      ... on BookUpdatePayload { id } ... on CallFailure { code status } } }`,
    { as },
  )
  assert.deepEqual(stale.data, { bookUpdate: { code: 'version_mismatch', status: 412 } })
  assert.deepEqual(stale.errors, [])
  const upserted = await data(
    world,
    `mutation ($input: BookCreateInput!) { bookUpsert(input: $input) {
      ... on BookUpsertPayload { book { uuid title } } } }`,
    { as, variables: { input: bookInput('n1') } },
  )
  assert.deepEqual(plain(upserted.bookUpsert), { book: { uuid: book.uuid, title: 'Book n1' } })
  const gone = await data(
    world,
    `mutation { bookDelete(id: "${id}") { __typename ... on BookDeletePayload { id } } }`,
    { as },
  )
  assert.deepEqual(plain(gone.bookDelete), { __typename: 'BookDeletePayload', id })
  assert.equal((await world.request('GET', `/api/books/${book.uuid}`)).status, 404)
})

test('a failure is a value where it is selected, and an error where it is not', async () => {
  const variables = { input: bookInput('n2', { price: { amount: 5, currency: 'USD' } }) }
  const selected = await ask(world, createBook, { as: stand.staff, variables })
  const value = selected.data?.bookCreate as { code: string; errors: { pointer: string }[] }
  assert.deepEqual([value.code, selected.errors], ['invalid_input', []])
  assert.match(value.errors[0]?.pointer ?? '', /^\/bookCreate\/input\/price/)
  const thrown = await ask(
    world,
    'mutation ($input: BookCreateInput!) { bookCreate(input: $input) { __typename } }',
    { as: stand.staff, variables },
  )
  assert.deepEqual([thrown.data, codes(thrown)], [{ bookCreate: null }, ['invalid_input']])
  const stranger = await ask(world, createBook, { variables: { input: bookInput('n3') } })
  assert.equal(plain(stranger.data?.bookCreate).code, 'sign_in_required')
})

const lend = `mutation ($input: LibraryLendInput!) {
  libraryLend(input: $input) {
    __typename
    ... on LibraryLendPayload { days told { words } lines { w: word __typename } loan }
    ... on LibraryLendTooLong { code status detail }
  }
}`

test('an action takes objects and answers objects; a failure it declares has a type', async () => {
  const book = nodeId('Book', stand.books[0]?.id ?? '')
  const remarks = [{ word: 'a"b' }, { word: 'c', weight: 2 }]
  const asking = (input: object) => ({ as: stand.reader, variables: { input } })
  const lent = await data(world, lend, asking({ book, days: 3, remarks }))
  const { loan, ...rest } = plain(lent.libraryLend)
  assert.deepEqual(rest, {
    ...{ __typename: 'LibraryLendPayload', days: 3, told: { words: ['a"b', 'c'] } },
    lines: remarks.map(({ word }) => ({ w: word, __typename: 'LibraryLendLines' })),
  })
  assert.equal((await world.as(stand.reader).loan.get(loan)).days, 3)
  const long = await ask(world, lend, asking({ book, days: 31 }))
  assert.deepEqual(plain(long.data?.libraryLend), {
    ...{ __typename: 'LibraryLendTooLong', code: 'too_long', status: 409 },
    detail: 'Ask for 30 days at most.',
  })
  const gone = await world.data.book.update(stand.books[7]?.id ?? '', { title: 'Gone' } as never)
  const out = await ask(world, lend, asking({ book: (gone as { id: string }).id }))
  assert.deepEqual([out.data, codes(out)], [{ libraryLend: null }, ['out_of_print']])
  const wrong = await ask(world, lend, asking({ book, days: 61 }))
  const [problem] = plain(wrong.errors[0]?.extensions.errors)
  assert.equal(problem.pointer, '/libraryLend/input/days')
  const record = await data(
    world,
    `mutation { libraryRetitle(input: { book: "${book}", title: "Fresh" }) {
      ... on LibraryRetitlePayload { record { title author { name } } } } }`,
    { as: stand.staff },
  )
  assert.deepEqual(plain(record.libraryRetitle), {
    record: { title: 'Fresh', author: { name: 'Ann' } },
  })
})

test('a key makes a mutation happen once, by argument or by header', async () => {
  const as = stand.staff
  const variables = { input: bookInput('k1'), key: 'one' }
  const first = await ask(world, createBook, { as, variables })
  const again = await ask(world, createBook, { as, variables })
  assert.deepEqual(again.data, first.data)
  assert.equal(again.headers['idempotency-replayed'], 'true')
  const other = await ask(world, createBook, {
    as,
    variables: { ...variables, input: bookInput('k2') },
  })
  assert.equal(plain(other.data?.bookCreate).code, 'key_reused')
  const two = `mutation ($a: BookCreateInput!, $b: BookCreateInput!) {
    a: bookCreate(input: $a) { ... on BookCreatePayload { id } }
    b: bookCreate(input: $b) { ... on BookCreatePayload { id } }
  }`
  const both = { a: bookInput('k3'), b: bookInput('k4') }
  const headers = { 'idempotency-key': '"two"' }
  const made = await data(world, two, { as, variables: both, headers })
  assert.deepEqual(await data(world, two, { as, variables: both, headers }), made)
})

test('mutations run one after the other: one that fails undoes no other', async () => {
  const answered = await ask(
    world,
    `mutation ($a: BookCreateInput!, $b: BookCreateInput!, $c: BookCreateInput!) {
      a: bookCreate(input: $a) { ... on BookCreatePayload { book { title } } }
      b: bookCreate(input: $b) { ... on BookCreatePayload { book { title } } }
      c: bookCreate(input: $c) { ... on BookCreatePayload { book { title } } }
    }`,
    {
      as: stand.staff,
      variables: { a: bookInput('s1'), b: bookInput('s1'), c: bookInput('s2') },
    },
  )
  assert.deepEqual(answered.data, {
    a: { book: { title: 'Book s1' } },
    b: null,
    c: { book: { title: 'Book s2' } },
  })
  assert.deepEqual([codes(answered), answered.errors[0]?.path], [['conflict'], ['b']])
})

test('a session begins in a cookie, and a cookie needs its own site', async () => {
  const password = 'correct horse battery staple'
  const user = await world.user({ password })
  const signIn = `mutation { identitySignIn(input: { email: "${user.email}",
    password: "${password}", cookie: true }) { ... on IdentitySignInPayload { result } } }`
  const foreign = await ask(world, signIn, { headers: { 'sec-fetch-site': 'cross-site' } })
  assert.deepEqual(codes(foreign), ['csrf_refused'])
  assert.equal(foreign.headers['set-cookie'], undefined)
  const own = { 'sec-fetch-site': 'same-origin' }
  const { headers } = await ask(world, signIn, { headers: own })
  const cookie = headers['set-cookie']?.split(';')[0] ?? ''
  assert.match(cookie, /^__Host-sid=/)
  const me = '{ identityMe { ... on IdentityMePayload { result } } }'
  const known = await data(world, me, { headers: { ...own, cookie } })
  assert.match(JSON.stringify(known), new RegExp(user.id))
  assert.equal((await ask(world, me, { headers: { cookie } })).status, 403)
})
