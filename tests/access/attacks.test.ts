/**
 * Proves the cases of security.md's groups A, B and D that REST can express and no other test
 * holds: B12, D03 and parts of A07 are in tests/rest/, D07 in http/server/tests/, A01 and A09 over
 * every route in store-matrix.test.ts. A03 needs a second kind of user, A10 live queries, B05
 * search, B10 roles of PostgreSQL, B13 and B14 history: none is there yet.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { LocalResponse, TestUser } from '../../packages/plinth/src/testing.ts'
import { givenServer } from '../armed/given-server.ts'
import { type DeskScene, openDesk, openPlainDesk, setDesk } from './world/desk.ts'

const absent = '01900000-0000-7000-8000-999999999999'
let scene: DeskScene
let plain: Awaited<ReturnType<typeof openPlainDesk>>

before(async () => {
  const server = givenServer()
  const options = server ? { server } : {}
  scene = await setDesk(await openDesk(options))
  plain = await openPlainDesk(options)
})
after(async () => {
  await scene?.desk.close()
  await plain?.close()
})

interface Sent {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

function ask(as: TestUser | 'anonymous', line: string, rest: Sent = {}): Promise<LocalResponse> {
  const [method = '', path = ''] = line.split(/ (.*)/s)
  return scene.desk.request(method, encodeURI(path), { as, ...rest })
}

/** What an answer says, without what differs by nature. */
function said({ status, headers, text }: LocalResponse, ...names: readonly string[]): string {
  const body = names.reduce((whole, name) => whole.replaceAll(name, '…'), text)
  const { etag = '', location = '' } = headers
  const heads = names.reduce((whole, name) => whole.replaceAll(name, '…'), `${etag} ${location}`)
  return `${status} ${heads} ${body.replace(/"traceId":"\w+"/, '')}`
}

async function idsOf(as: TestUser, search: string): Promise<readonly string[]> {
  const answer = await ask(as, `GET /api/papers?${search}`)
  assert.equal(answer.status, 200, answer.text)
  return (answer.json() as { data: { id: string }[] }).data.map(({ id }) => id)
}

function codeOf(answer: LocalResponse): unknown {
  return answer.status < 400 ? answer.status : (answer.json() as { code: string }).code
}

/** Anchor: Keycloak CVE-2026-4636. */
test('A02 a hidden record is not reached through a relation', async () => {
  const { bob, shared, folder, own } = scene
  const included = await ask(bob, `GET /api/papers/${shared.id}?include=folder,labels`)
  const record = included.json() as { folder: unknown; labels: unknown }
  assert.deepEqual([record.folder, record.labels], [null, []])
  assert.deepEqual(await idsOf(bob, 'filter[folder.name]=hers'), [])
  assert.deepEqual(await idsOf(bob, 'filter[not][folder.name]=hers&filter[title]=shared'), [
    shared.id,
  ])
  assert.deepEqual(await idsOf(bob, 'filter[labels][some][name]=red'), [])
  const link = (folderId: string) => ask(bob, `PATCH /api/papers/${own.id}`, { body: { folderId } })
  assert.equal(said(await link(folder.id)), said(await link(absent)))
  const nested = { title: 'nested', owner: bob.id, folderId: folder.id }
  assert.equal(codeOf(await ask(bob, 'POST /api/papers', { body: nested })), 'invalid_input')
  const patch = { id: scene.hidden.id, title: 'taken over' }
  const other = await ask(bob, `PATCH /api/papers/${own.id}`, { body: patch })
  assert.equal(codeOf(other), 'invalid_input', 'the id of the body is no id')
  assert.deepEqual(await idsOf(scene.alice, 'filter[title]=hidden'), [scene.hidden.id])
})

/** Anchor: Hasura CVE-2022-46792. */
test('A04 a batch does not touch what is hidden, nor anything beside it', async () => {
  const { bob, hidden, own } = scene
  const update = (id: string) => ({ operation: 'paper.update', id, input: { body: 'hit' } })
  const batch = (id: string) =>
    ask(bob, 'POST /api/batch', { body: { operations: [update(own.id), update(id)] } })
  const [one, two] = [await batch(hidden.id), await batch(absent)]
  assert.equal(one.status, 404)
  assert.equal(said(one), said(two))
  assert.deepEqual(await idsOf(bob, 'filter[body]=hit'), [])
  assert.deepEqual(await idsOf(scene.alice, 'filter[body]=hit'), [])
})

/**
 * The known exception to non-interference: that a unique value is taken is told by a conflict. It
 * is told by one text, the same whether the caller may see the other record or not.
 */
test('A05 A06 a taken value is told by one text, whoever holds it', async () => {
  const { bob, hidden, shared, own } = scene
  const create = (title: string) => ask(bob, 'POST /api/papers', { body: { title, owner: bob.id } })
  const [byHidden, bySeen] = [await create('hidden'), await create('shared')]
  assert.equal(byHidden.status, 409)
  assert.equal(said(byHidden, 'hidden'), said(bySeen, 'shared'))
  assert.ok(!byHidden.text.includes(hidden.id) && !/paper_|unique_|duplicate/.test(byHidden.text))
  const rename = (title: string) => ask(bob, `PATCH /api/papers/${own.id}`, { body: { title } })
  assert.equal(said(await rename('hidden')), said(await rename('shared')))
  const put = (title: string, headers = {}) =>
    ask(bob, `PUT /api/papers/title=${title}`, { body: { owner: bob.id, body: 'x' }, headers })
  const over = await put('hidden')
  assert.equal(over.status, 409)
  assert.ok(!over.text.includes(hidden.id))
  const [guess, none] = [
    await put('hidden', { 'if-match': '"1"' }),
    await put('nobodys', { 'if-match': '"1"' }),
  ]
  assert.equal(said(guess, 'hidden'), said(none, 'nobodys'), 'If-Match tells nothing of a key')
  const incomplete = (title: string) => ask(bob, `PUT /api/papers/title=${title}`, { body: {} })
  const [partOver, partNew] = [await incomplete('hidden'), await incomplete('nobodys')]
  assert.equal(said(partOver, 'hidden'), said(partNew, 'nobodys'), 'nor does half an input')
  const guest = (title: string) => ask('anonymous', `PUT /api/papers/title=${title}`, { body: {} })
  assert.equal(said(await guest('hidden'), 'hidden'), said(await guest('nobodys'), 'nobodys'))
  const byKey = (title: string) => ask(bob, `GET /api/papers/title=${title}`)
  assert.equal(said(await byKey('hidden'), 'hidden'), said(await byKey('nobodys'), 'nobodys'))
  const [record] = (await scene.desk.data.paper.find({ filter: { id: hidden.id } })).data
  assert.deepEqual([record?.version, record?.owner], [1, scene.alice.id], 'nothing was changed')
  assert.equal(
    (await scene.desk.data.paper.find({ filter: { id: shared.id } })).data[0]?.version,
    1,
  )
})

/** Anchor: Ory CVE-2026-33505. */
test('A07 a cursor is good for nothing but its own question', async () => {
  const { alice, bob, staff } = scene
  const page = async (as: TestUser, search: string): Promise<string> => {
    const answer = await ask(as, `GET /api/papers?limit=1&${search}`)
    return String((answer.json() as { page: { next: unknown } }).page.next)
  }
  const cursor = await page(alice, 'sort=title')
  assert.equal((await ask(alice, `GET /api/papers?limit=1&sort=title&after=${cursor}`)).status, 200)
  const refusals = new Set<string>()
  const refuse = async (as: TestUser, search: string): Promise<void> => {
    const answer = await ask(as, `GET /api/${search}`)
    assert.equal(answer.status, 422, `${search} ${answer.text}`)
    refusals.add(said(answer).replace(/"instance":"[^"]*"/, ''))
  }
  await refuse(bob, `papers?sort=title&after=${cursor}`)
  await refuse(staff, `papers?sort=title&after=${cursor}`)
  await refuse(alice, `papers?sort=-title&after=${cursor}`)
  await refuse(alice, `papers?after=${cursor}`)
  await refuse(alice, `papers?sort=title&filter[body]=x&after=${cursor}`)
  await refuse(alice, `labels?sort=name&after=${cursor}`)
  for (let at = 0; at < cursor.length; at += 1) {
    const letter = cursor[at] === 'A' ? 'B' : 'A'
    const forged = `${cursor.slice(0, at)}${letter}${cursor.slice(at + 1)}`
    await refuse(alice, `papers?sort=title&after=${forged}`)
  }
  for (const forged of [cursor.slice(1), `${cursor}A`, '0', 'e30', btoa('["a","b"]')]) {
    await refuse(alice, `papers?sort=title&after=${forged}`)
  }
  assert.equal(refusals.size, 1, `one refusal for all: ${[...refusals].join('\n')}`)
})

test("A08 a key of one caller opens nothing of another's", async () => {
  const { alice, bob } = scene
  const headers = { 'idempotency-key': 'the-same' }
  const body = { title: 'keyed', owner: alice.id }
  const made = await ask(alice, 'POST /api/papers', { body, headers })
  assert.equal(made.status, 201)
  const again = await ask(alice, 'POST /api/papers', { body, headers })
  assert.equal(again.text, made.text)
  const stolen = await ask(bob, 'POST /api/papers', { body, headers })
  assert.equal(stolen.status, 403, stolen.text)
  const fresh = await ask(bob, 'POST /api/papers', { body: { title: 'x', owner: bob.id }, headers })
  assert.equal(fresh.status, 201, 'his own use of the key is his own')
  const nobody_ = await ask('anonymous', 'POST /api/papers', { body, headers })
  assert.equal(nobody_.status, 401)
  const id = (made.json() as { id: string }).id
  assert.ok(![stolen, fresh, nobody_].some(({ text }) => text.includes(id)))
})

/** Anchor: Directus CVE-2025-55746. */
test('A09 one forbidden field, and nothing of the patch is stored', async () => {
  const { bob, own, shared } = scene
  const before = await scene.desk.data.paper.get(own.id)
  for (const rest of [{ secret: 'x' }, { version: 9 }, { owner: scene.alice.id }, { doubled: 1 }]) {
    const answer = await ask(bob, `PATCH /api/papers/${own.id}`, { body: { body: 'hit', ...rest } })
    assert.ok(answer.status === 422 || answer.status === 403, answer.text)
  }
  const foreign = await ask(bob, `PATCH /api/papers/${shared.id}`, { body: { body: 'hit' } })
  assert.equal(foreign.status, 403)
  const taking = await ask(bob, `PATCH /api/papers/${shared.id}`, { body: { owner: bob.id } })
  assert.equal(taking.status, 403, 'a record is not taken over by a patch that makes it his')
  const guessing = await ask('anonymous', 'POST /api/papers', { body: { secret: 1 } })
  assert.equal(guessing.status, 401, 'who may not write learns nothing of what could be written')
  assert.deepEqual(await scene.desk.data.paper.get(own.id), before)
  const stamp = { title: 'stamped', stamp: 'x' }
  const stamped = await ask(scene.alice, `PATCH /api/papers/${shared.id}`, { body: stamp })
  assert.equal(stamped.status, 403, 'her own paper, but a field that she may not write there')
  assert.deepEqual(await idsOf(scene.alice, 'filter[title]=stamped'), [])
})

/** Questions that name the staff's `secret` or nobody's `pin`, in every place where names stand. */
const naming: readonly [string, string?, unknown?][] = [
  ['B01', 'GET /api/papers?filter[secret]=x'],
  ['B01', 'GET /api/papers?filter[secret][startsWith]=s'],
  ['B01', 'GET /api/papers?filter[secret][isNull]=true'],
  ['B02', 'GET /api/papers?sort=secret'],
  ['B02', 'GET /api/papers?sort=-title,secret'],
  ['B02', 'GET /api/papers?sort=folder.pin'],
  ['B03', 'GET /api/papers?count=exact&filter[secret][gt]=a'],
  ['B04', 'GET /api/papers?fields=title,secret'],
  ['B04', 'GET /api/papers?fields=folder.pin'],
  ['B04', 'QUERY /api/papers', { fields: ['secret', 'secret'] }],
  ['B05', 'GET /api/papers?filter[secret][icontains]=S'],
  ['B06', 'QUERY /api/papers', { filter: { or: [{ title: 'own' }, { not: { secret: 'x' } }] } }],
  ['B06', 'QUERY /api/papers', { filter: { and: [{ or: [{ and: [{ secret: null }] }] }] } }],
  ['B06', 'QUERY /api/papers', { filter: { 'folder.pin': { startsWith: '1' } } }],
  ['B06', 'QUERY /api/papers', { filter: { 'secret.x': 1 } }],
  ['B07', 'QUERY /api/papers', { filter: { folder: { pin: '1234' } } }],
  ['B07', 'QUERY /api/labels', { filter: { papers: { some: { folder: { pin: '1' } } } } }],
  ['B07', 'QUERY /api/folders', { include: { papers: { filter: { secret: 'x' } } } }],
  ['B07', 'QUERY /api/folders', { include: { papers: { sort: ['-secret'] } } }],
  ['B07', 'QUERY /api/folders', { include: { papers: { fields: ['secret'] } } }],
  ['B11', 'POST /api/papers', { title: 'n', secret: 'x' }],
  ['B11', 'POST /api/folders', { name: 'n', pin: 'x' }],
  ['B11', 'PATCH /api/papers/01900000-0000-7000-8000-999999999999', { secret: 'x' }],
]

for (const [id, line = '', body] of naming) {
  const question = `${line} ${JSON.stringify(body) ?? ''}`
  test(`${id} ${question}: a hidden name is an unknown name`, async () => {
    const rest = body === undefined ? {} : { body }
    const [method = '', path = ''] = line.split(/ (.*)/s)
    const stranger = await plain.user()
    const hidden = await ask(scene.bob, line, rest)
    const unknown = await plain.request(method, encodeURI(path), { as: stranger, ...rest })
    assert.ok(hidden.status >= 400 && hidden.status < 500, hidden.text)
    assert.equal(said(hidden), said(unknown), 'the same to the byte where there is no such field')
  })
}

test('B01 B02 staff, who may read it, can use it', async () => {
  assert.deepEqual(await idsOf(scene.staff, 'filter[secret]=secret of hidden'), [scene.hidden.id])
  assert.ok((await idsOf(scene.staff, 'sort=-secret')).length >= 3)
})

/** Anchor: Hasura CVE-2026-54698. */
test('B08 what is computed from a hidden value is hidden with it', async () => {
  const { bob, shared, own } = scene
  const seen = (await ask(bob, `GET /api/papers/${shared.id}`)).json() as object
  assert.ok(!('grade' in seen) && !('doubled' in seen), JSON.stringify(seen))
  for (const filter of ['[doubled]=82', '[doubled][gt]=50', '[grade]=41', '[grade][in]=41,42']) {
    assert.deepEqual(await idsOf(bob, `filter${filter}`), [], filter)
  }
  const byGrade = await idsOf(bob, 'sort=doubled&filter[title][in]=own,shared')
  assert.deepEqual(byGrade, [own.id, shared.id], 'what is hidden sorts like null')
  const reversed = await idsOf(bob, 'sort=-grade&filter[title][in]=own,shared')
  assert.deepEqual(reversed, [shared.id, own.id])
  const count = await ask(bob, 'GET /api/papers?filter[doubled][isNull]=false&count=exact&limit=1')
  const counted = (await idsOf(bob, 'filter[doubled][isNull]=false')).length
  assert.equal((count.json() as { count: number }).count, counted)
})

/** Anchor: cockroachdb#146952. */
test('B09 no question about hidden values can raise an error', async () => {
  const { bob } = scene
  const odd = ['2147483647', '-2147483648', '99999999999999999999', '1e9', 'NaN', '0x1', '']
  for (const value of odd) {
    for (const field of ['grade', 'doubled', 'title', 'createdAt', 'id', 'folderId']) {
      for (const operator of ['eq', 'lt', 'in', 'ne', 'gte']) {
        const answer = await ask(bob, `GET /api/papers?filter[${field}][${operator}]=${value}`)
        assert.ok(
          [200, 400, 422].includes(answer.status),
          `${field} ${operator} ${value} ${answer.text}`,
        )
      }
    }
  }
  for (const value of ['%', '_', '\\', '%%%', "'", '\\%', '$1', '(', 'a{1000}']) {
    const query = { filter: { title: { contains: value, icontains: value, endsWith: value } } }
    assert.equal((await ask(bob, 'QUERY /api/papers', { body: query })).status, 200, value)
  }
})

/** Anchor: Better Auth CVE-2025-61928. */
test('B11 nobody writes roles, ownership, identity or time', async () => {
  const { bob, alice, own, desk } = scene
  const me = `/api/users/${bob.id}`
  const raised: readonly object[] = [
    { roles: ['staff'] },
    { roles: ['admin'], name: 'x' },
    { suspended: false },
    { email: 'other@x.example' },
    { passwordHash: 'x' },
    { id: alice.id },
  ]
  for (const body of raised) {
    const answer = await ask(bob, `PATCH ${me}`, { body })
    assert.ok(
      answer.status === 422 || answer.status === 403,
      `${JSON.stringify(body)} ${answer.text}`,
    )
  }
  assert.equal((await ask(bob, `PATCH ${me}`, { body: { name: 'Bob' } })).status, 200)
  const stored = await desk.data.user.get(bob.id)
  assert.deepEqual([stored.roles, stored.email, stored.name], [[], bob.email, 'Bob'])
  const given = { title: 'mass', owner: bob.id }
  for (const name of [
    'id',
    'createdAt',
    'updatedAt',
    'version',
    'deletedAt',
    'doubled',
    'labels',
  ]) {
    for (const line of ['POST /api/papers', `PATCH /api/papers/${own.id}`]) {
      const answer = await ask(bob, line, { body: { ...given, [name]: null } })
      assert.equal(answer.status, 422, `${line} ${name} ${answer.text}`)
    }
  }
  const for_ = await ask(bob, 'POST /api/papers', { body: { title: 'gift', owner: alice.id } })
  assert.equal(for_.status, 403, 'a record for somebody else')
  const away = await ask(bob, `PATCH /api/papers/${own.id}`, { body: { owner: alice.id } })
  assert.equal(away.status, 403, 'the rule is asked of the row after the change too')
})

/** Anchor: PostgREST#541. */
test('B15 neither error text, entity tag nor length tells a hidden value', async () => {
  const { bob, own, shared, desk } = scene
  const broken = await ask(bob, `PATCH /api/papers/${own.id}`, { body: { title: 'secret of own' } })
  assert.equal(broken.status, 422)
  assert.ok(!/secretIsNot|failing|constraint|desk\./i.test(broken.text), broken.text)
  const look = () => ask(bob, `GET /api/papers/${shared.id}?fields=title,grade,doubled`)
  const first = await look()
  // Past the engine, because the version, which every reader of a record sees, would grow.
  const text = `update desk.paper set secret = 'a longer one', grade = 1000000 where id = $1`
  const { count } = await desk.running.runtime.database.query({ text, values: [shared.id] })
  assert.equal(count, 1)
  assert.equal(said(await look()), said(first), 'grade and secret have changed, the answer has not')
})

/** Anchor: the class of D06. */
test('D06 what is expensive is refused by the name of its cap', async () => {
  const { bob } = scene
  let deep: object = { title: 'x' }
  for (let depth = 0; depth < 6; depth++) deep = { not: deep }
  const nested = (depth: number): object =>
    depth === 0 ? {} : { include: { papers: { include: { folder: nested(depth - 1) } } } }
  const costly: readonly [string, object][] = [
    [
      'filterValuesMax',
      { filter: { title: { in: Array.from({ length: 501 }, (_, at) => `${at}`) } } },
    ],
    ['filterDepthMax', { filter: deep }],
    ['filterTermsMax', { filter: { or: Array.from({ length: 51 }, () => ({ title: 'x' })) } }],
    ['pageSizeMax', { limit: 201 }],
    ['sortFieldsMax', { sort: ['title', 'body', 'owner', 'createdAt', 'updatedAt'] }],
    ['includedRowsMax', { include: { labels: { limit: 101 } } }],
    ['includeDepthMax', { include: { folder: nested(2) } }],
    [
      'rowsPerReadMax',
      { limit: 200, include: { labels: { limit: 100, include: { papers: { limit: 100 } } } } },
    ],
  ]
  for (const [cap, body] of costly) {
    const answer = await ask(bob, 'QUERY /api/papers', { body })
    assert.equal(codeOf(answer), 'query_too_costly', `${cap} ${answer.text}`)
    assert.ok(answer.text.includes(cap), `${cap} is named: ${answer.text}`)
  }
  const operations = Array.from({ length: 101 }, () => ({ operation: 'paper.create', input: {} }))
  assert.equal((await ask(bob, 'POST /api/batch', { body: { operations } })).status, 422)
})
