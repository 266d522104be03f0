import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  anyone,
  app,
  belongsTo,
  bigint,
  binary,
  boolean,
  date,
  decimal,
  duration,
  id,
  identity,
  instant,
  integer,
  json,
  kit,
  list,
  type Me,
  manyToMany,
  money,
  text,
} from '../../index.ts'
import { type TestApp, type TestUser, testApp } from '../../testing/test-app.ts'

const ledger = kit('ledger', {
  uses: [identity],
  models: {
    account: {
      fields: {
        title: text(),
        owner: belongsTo('user'),
        secret: text({ optional: true }),
        staffNote: text({ optional: true }),
        tags: manyToMany('tag'),
        flags: manyToMany('flag'),
        note: text({ optional: true }),
      },
      access: {
        read: ({ row, me }) => row.ownerId.eq(me.id).or(me.is('staff')),
        write: ({ row, me }) => row.ownerId.eq(me.id).or(me.is('staff')),
        fields: {
          secret: { read: ({ me }) => me.is('nobodyHasThis').and(me.is('admin').not()) },
          staffNote: { read: ({ me }) => me.is('staff') },
        },
      },
      audit: 'readers',
    },
    tag: {
      fields: { name: text(), accounts: manyToMany('account') },
      access: { read: anyone, write: anyone },
    },
    flag: {
      fields: { name: text(), accounts: manyToMany('account') },
      access: { read: ({ me }) => me.is('staff'), write: ({ me }) => me.is('staff') },
    },
    everything: {
      fields: {
        whole: integer(),
        big: bigint(),
        exact: decimal(),
        cost: money('GBP'),
        yes: boolean(),
        day: date(),
        at: instant(),
        length: duration(),
        free: json(),
        words: list(text()),
        bytes: binary(),
      },
      access: { read: anyone, write: anyone },
      audit: true,
      softDelete: true,
    },
  },
})

const asked = { input: { account: id('account') }, allow: ({ me }: { me: Me }) => me.signedIn }
ledger.action('look', {
  ...asked,
  async run({ data, input }) {
    await data.account.get(input.account)
  },
})
ledger.action('sign', {
  ...{ ...asked, audit: true },
  async run({ data, input }) {
    await data.account.get(input.account)
  },
})
ledger.action('pay', {
  ...{ ...asked, money: true },
  async run({ data, input }) {
    await data.account.update(input.account, { note: 'paid' })
  },
})

const books = app({ kits: [identity, ledger] })
let running: TestApp<never>
let [ann, bob, staff, admin]: TestUser[] = []

interface Entry {
  readonly position: string
  readonly verb: string
  readonly operation: string
  readonly actor: string
  readonly record: string
  readonly before: Readonly<Record<string, unknown>>
  readonly after: Readonly<Record<string, unknown>>
  readonly hidden: readonly string[]
}

async function entries(as: TestUser | undefined, query: string): Promise<readonly Entry[]> {
  const reply = await running.request('GET', `/api/audit/entries?${query}`, as ? { as } : {})
  assert.equal(reply.status, 200, reply.text)
  return (reply.json() as { data: readonly Entry[] }).data
}

before(async () => {
  running = (await testApp(books)) as never
  ann = await running.user()
  bob = await running.user()
  staff = await running.user({ roles: ['staff'] })
  admin = await running.user({ roles: ['admin', 'staff'] })
})
after(() => running.close())

test('a stranger learns nothing by what is wrong with a question', async () => {
  assert.ok(ann && admin)
  const ask = async (query: string, as?: TestUser) => {
    const reply = await running.request('GET', `/api/audit/entries?${query}`, as ? { as } : {})
    const { code } = reply.json() as { code: string }
    return [reply.status, code]
  }
  assert.deepEqual(await ask('limit=none&from=today'), [401, 'sign_in_required'])
  assert.deepEqual(await ask('limit=none&from=today', ann), [403, 'forbidden'])
  const hidden = 'model=account&record=00000000-0000-4000-8000-000000000000'
  for (const limit of ['none', '100000', '0']) {
    const path = `/api/audit/entries?${hidden}&limit=${limit}`
    const told = await running.request('GET', path, { as: ann })
    assert.match(told.text, /There is no history|Name a model and a record/, limit)
    assert.doesNotMatch(told.text, /\/limit|whole number/)
  }
  assert.deepEqual(await ask('limit=none', admin), [400, 'malformed_query'])
})

test('an action that asks for it leaves an entry of its call, others none', async () => {
  assert.ok(ann && bob && admin)
  const call = (name: string, input: object, key?: string) => {
    const headers = key === undefined ? {} : { 'idempotency-key': `"${key}"` }
    return running.request('POST', `/api/ledger/${name}`, {
      as: ann as TestUser,
      body: input,
      headers,
    })
  }
  const accounts = (running.as(ann) as never as Record<string, Model>).account
  const { id: till = '' } = (await accounts?.create({ title: 'Till', ownerId: ann.id })) ?? {}
  const since = async (operation: string) => entries(admin, `operation=${operation}&limit=50`)
  assert.equal((await call('look', { account: till })).status, 204)
  assert.equal((await since('ledger.look')).length, 0, 'nothing was asked for')
  assert.equal((await call('sign', { account: till })).status, 204)
  const [signed] = await since('ledger.sign')
  assert.deepEqual([signed?.verb, signed?.actor], ['call', `user:${ann.id}`])
  assert.equal((await call('pay', { account: till }, 'once')).status, 204)
  assert.equal((await call('pay', { account: till }, 'once')).status, 204, 'told again, done once')
  const paid = await since('ledger.pay')
  assert.deepEqual(paid.map(({ verb }) => verb).sort(), ['call', 'update'])
  assert.equal(new Set(paid.map((entry) => (entry as unknown as { trace: string }).trace)).size, 1)
  assert.equal((await call('sign', { account: bob.id })).status, 404)
  assert.equal((await since('ledger.sign')).length, 1, 'what fails leaves nothing')
})

test('a change leaves who, what, before and after, in the same commit', async () => {
  assert.ok(ann && staff && admin && bob)
  const as = (user: TestUser) => running.as(user) as never as Record<string, Model>
  const tags = [await as(ann).tag?.create({ name: 'a' }), await as(ann).tag?.create({ name: 'b' })]
  const made = await as(ann).account?.create({
    title: 'Mine',
    ownerId: ann.id,
    tagIds: [tags[0]?.id],
  })
  assert.ok(made)
  await as(staff).account?.update(made.id, {
    ...{ title: 'Yours', secret: 'abc', staffNote: 'hm' },
    tagIds: [tags[1]?.id],
  })
  await as(ann).account?.update(made.id, { title: 'Yours' })
  await assert.rejects(as(bob).account?.update(made.id, { title: 'Stolen' }) ?? Promise.resolve())
  const mine = await entries(ann, `model=account&record=${made.id}`)
  assert.deepEqual(
    mine.map(({ verb, actor, operation, before, after, hidden }) => ({
      ...{ verb, actor, operation, before, after, hidden },
    })),
    [
      {
        verb: 'update',
        actor: `user:${staff.id}`,
        operation: 'account.update',
        before: { title: 'Mine', tagIds: [tags[0]?.id] },
        after: { title: 'Yours', tagIds: [tags[1]?.id] },
        hidden: ['secret', 'staffNote'],
      },
      {
        verb: 'create',
        actor: `user:${ann.id}`,
        operation: 'account.create',
        before: {},
        after: { title: 'Mine', ownerId: ann.id, tagIds: [tags[0]?.id] },
        hidden: [],
      },
    ],
  )
  const [first] = await entries(staff, `model=account&record=${made.id}`)
  assert.deepEqual(first?.after.staffNote, 'hm')
  await as(ann).account?.delete(made.id)
  const gone = await running.request('GET', `/api/audit/entries?model=account&record=${made.id}`, {
    as: ann,
  })
  assert.equal(gone.status, 422)
  const [last] = await entries(admin, `model=account&record=${made.id}`)
  assert.deepEqual([last?.verb, last?.before.title, last?.after], ['delete', 'Yours', {}])
})

test('links to what a reader may not see are told by their name alone', async () => {
  assert.ok(ann && staff)
  const as = (user: TestUser) => running.as(user) as never as Record<string, Model>
  const flag = await as(staff).flag?.create({ name: 'suspect' })
  const made = await as(ann).account?.create({ title: 'Hers', ownerId: ann.id })
  const links = { flagIds: [flag?.id] }
  await as(staff).account?.update(made?.id ?? '', links)
  const [seen] = await entries(ann, `model=account&record=${made?.id}`)
  assert.deepEqual([seen?.after, seen?.hidden], [{}, ['flagIds']])
  const [whole] = await entries(staff, `model=account&record=${made?.id}`)
  assert.deepEqual([whole?.after, whole?.hidden], [links, []])
})

interface Model {
  create(input: object): Promise<{ readonly id: string }>
  update(id: string, patch: object): Promise<unknown>
  delete(id: string): Promise<void>
}

test('strangers learn nothing from it', async () => {
  const unknown = await running.request('GET', '/api/audit/entries')
  assert.equal(unknown.status, 401)
  assert.ok(bob && ann)
  for (const query of [
    '',
    'model=account',
    'record=01234567-89ab-7cde-8f01-23456789abcd',
    'model=user',
  ]) {
    const reply = await running.request('GET', `/api/audit/entries?${query}`, { as: bob })
    assert.ok([403, 422].includes(reply.status), `${query}: ${reply.status}`)
  }
  const data = running.as(ann) as never as Record<string, Model>
  const hidden = await data.account?.create({ title: 'Hers', ownerId: ann.id })
  const answers = await Promise.all(
    [hidden?.id, '01234567-89ab-7cde-8f01-23456789abcd'].map(async (record) => {
      const path = `/api/audit/entries?model=account&record=${record}`
      const reply = await running.request('GET', path, { ...(bob ? { as: bob } : {}) })
      return [reply.status, (reply.json() as { detail: string }).detail]
    }),
  )
  assert.deepEqual(answers[0], answers[1])
})

test('every kind comes back as it was given', async () => {
  assert.ok(admin)
  const given = {
    ...{ whole: 7, big: '9007199254740993', exact: '1.50', yes: true, day: '2026-11-21' },
    ...{ at: '2026-11-21T06:00:00.123Z', length: 'PT1H30M', free: { a: [1, null] } },
    ...{ words: ['x', 'y,"z'], bytes: 'AQ', cost: { amount: 255, currency: 'GBP' } },
  }
  const data = running.as(admin) as never as Record<string, Model>
  const made = await data.everything?.create(given)
  const [entry] = await entries(admin, `model=everything&record=${made?.id}`)
  assert.deepEqual(entry?.after, given)
  await data.everything?.delete(made?.id ?? '')
  const [deleted] = await entries(admin, `model=everything&record=${made?.id}`)
  assert.deepEqual(deleted?.before, given)
})

test('passwords are never recorded, accounts are', async () => {
  assert.ok(admin)
  await running.request('POST', '/api/identity/sign-up', {
    body: { email: 'eve@audit.example', password: 'a very long password indeed' },
  })
  const [made] = await entries(admin, 'model=user&limit=1')
  assert.equal(made?.after.email, 'eve@audit.example')
  assert.deepEqual(made?.hidden, ['passwordHash'])
  const stored = await running.running.runtime.database.query({
    text: "select coalesce(was::text, '') || becomes::text from plinth.audit where model = 'user'",
    values: [],
  })
  assert.ok(stored.rows.length >= 5)
  for (const [text] of stored.rows) assert.doesNotMatch(text ?? '', /argon|passwordHash/)
})

test('an admin who may not read a record sees that it changed, not to what', async () => {
  const outsider = await running.user({ roles: ['admin'] })
  const [entry] = await entries(outsider, 'model=account&limit=1')
  assert.deepEqual(entry?.after, {})
  assert.ok(entry?.hidden.includes('title'))
})

test('pages go back in time', async () => {
  assert.ok(admin)
  const all = await entries(admin, 'limit=200')
  const one = await entries(admin, `limit=1&before=${all[0]?.position}`)
  assert.deepEqual(one, [all[1]])
})
