/** Proves attacks on rights (groups C, E, F) through GraphQL: it obeys as every other door does. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clubScene, password, signIn, withTotp } from './stage.ts'

const scene = clubScene()

const absent = '01900000-0000-7000-8000-999999999999'

interface Told {
  readonly status: number
  readonly text: string
  /** Of the errors, and of failures that were selected. */
  readonly codes: readonly string[]
}

async function ask(query: string, variables: object = {}, token?: string): Promise<Told> {
  const sent = { body: { query, variables }, token }
  const { status, text } = await scene.club.send('POST /api/graphql', sent)
  const codes = [...text.matchAll(/"code":"(\w+)"/g)].map(([, code]) => code ?? '')
  return { status, text, codes }
}

const entries = '{ auditEntries { __typename } }'
const rename = `mutation ($id: ID!, $input: UserUpdateInput!) {
  userUpdate(id: $id, input: $input) { __typename ... on CallFailure { code } } }`
const approve = `mutation ($id: ID!, $input: PayoutUpdateInput!) {
  payoutUpdate(id: $id, input: $input) { __typename ... on CallFailure { code } } }`
const request = `mutation ($input: PayoutCreateInput!) {
  payoutCreate(input: $input) { __typename ... on CallFailure { code } } }`

/** The fields that one may ask with, as the schema tells them to somebody who is signed in. */
async function fieldsOf(root: 'Query' | 'Mutation', token: string): Promise<readonly string[]> {
  const { text } = await ask(`{ __type(name: "${root}") { fields { name } } }`, {}, token)
  const { fields } = JSON.parse(text).data.__type as { fields: readonly { name: string }[] }
  return fields.map(({ name }) => name)
}

test('C11: what changes an account counts for its old sessions, by GraphQL', async () => {
  const { tested, post } = scene.club
  await tested.data.user.update(scene.annId, { roles: ['admin'] })
  const token = await signIn(scene.club, scene.anns)
  const before = await ask(entries, {}, token)
  assert.deepEqual(before.codes, [], before.text)
  await tested.data.user.update(scene.annId, { roles: [] })
  assert.deepEqual((await ask(entries, {}, token)).codes, ['forbidden'])
  const input = { password, newPassword: 'another horse battery' }
  assert.equal((await post('change-password', input, { token })).status, 200)
  const after = await ask('{ identityMe { __typename } }', {}, token)
  assert.deepEqual([after.status, after.codes], [401, ['invalid_credentials']])
})

test('C13: a sign-in that waits for its second factor opens nothing, by GraphQL', async () => {
  const { token } = await withTotp(scene.club, scene.anns)
  const pending = String(
    (await scene.club.post('sign-in', { email: scene.anns, password })).body.pending,
  )
  for (const root of ['Query', 'Mutation'] as const) {
    const fields = await fieldsOf(root, token)
    assert.ok(fields.length > 5, root)
    for (const name of fields) {
      const said = await ask(`${root.toLowerCase()} { ${name} { __typename } }`, {}, pending)
      assert.ok(said.codes.length > 0, `${name} ${said.text}`)
      assert.doesNotMatch(said.text, /"data":\{"\w+":[^n]/, name)
    }
  }
  const known = await ask('{ identityMe { __typename } }', {}, pending)
  assert.deepEqual([known.status, known.codes], [401, ['invalid_credentials']])
})

test('E02: nobody in particular reads no account, by GraphQL', async () => {
  for (const query of [
    '{ users { nodes { id email } } }',
    '{ sessions { nodes { id } } }',
    `{ user(id: "${scene.annId}") { id email } }`,
    `{ node(id: "${Buffer.from(`User:${scene.annId}`).toString('base64url')}") { id } }`,
    entries,
  ]) {
    const { text } = await ask(query)
    assert.ok(!text.includes(scene.anns) && !text.includes(`"${scene.annId}"`), `${query} ${text}`)
    assert.match(text, /"errors"|"nodes":\[\]|null/, query)
  }
})

test('E04: nobody writes their own roles, proofs or state, by GraphQL', async () => {
  const token = await signIn(scene.club, scene.anns)
  const state = async (): Promise<string> => {
    const {
      updatedAt: _,
      version: __,
      ...rest
    } = await scene.club.tested.data.user.get(scene.annId)
    return JSON.stringify(rest)
  }
  const untouched = await state()
  for (const [field, value] of Object.entries({
    ...{ roles: ['admin'], emailVerifiedAt: '2026-01-01T00:00:00Z', suspended: true },
    ...{ secondFactor: true, guest: true, unclaimed: true, passwordHash: '$argon2id$x' },
    ...{ email: 'admin@club.example', id: absent },
  })) {
    const own = await ask(
      rename,
      { id: scene.annId, input: { name: 'Ann', [field]: value } },
      token,
    )
    assert.ok(own.codes.length > 0, `${field} ${own.text}`)
  }
  assert.equal(await state(), untouched)
})

test('F02, F06: no state is written past its steps, nor by one alone, by GraphQL', async () => {
  const { send, tested } = scene.club
  const bens = `ben${scene.count}@club.example`
  const ben = await tested.user({ email: bens, roles: ['staff'], password })
  await tested.data.user.update(scene.annId, { roles: ['staff'] })
  const [hers, his] = [await signIn(scene.club, scene.anns), await signIn(scene.club, bens)]
  for (const input of [
    { what: 'a', requestedById: scene.annId, approvedById: scene.annId },
    { what: 'b', requestedById: scene.annId, approvedById: ben.id },
    { what: 'c', requestedById: ben.id },
  ]) {
    assert.deepEqual((await ask(request, { input }, hers)).codes, ['forbidden'], input.what)
  }
  const body = { what: 'all of it', requestedById: scene.annId }
  const made = await send('POST /api/payouts', { body, token: hers })
  const id = String(made.body.id)
  for (const input of [{ approvedById: scene.annId }, { approvedById: ben.id }]) {
    assert.deepEqual((await ask(approve, { id, input }, hers)).codes, ['forbidden'])
  }
  const passed = await ask(approve, { id, input: { approvedById: ben.id } }, his)
  assert.deepEqual(passed.codes, [], passed.text)
})
