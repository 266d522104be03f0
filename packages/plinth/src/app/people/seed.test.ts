import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { anyone, app, belongsTo, id, identity, integer, kit, text } from '../../index.ts'
import { type TestApp, testApp } from '../../testing/test-app.ts'

const fair = kit('fair', {
  uses: [identity],
  models: {
    stall: {
      fields: { name: text(), left: integer({ min: 0 }), visits: integer({ default: 0 }) },
      access: { read: anyone },
      audit: true,
    },
    ticket: {
      fields: { stall: belongsTo('stall'), owner: belongsTo('user') },
      access: { read: ({ row, me }) => row.ownerId.eq(me.id), create: ({ me }) => me.is('guest') },
      audit: true,
    },
  },
})

const visited = fair.event('visited', { stall: id('stall') })

fair.on(visited, {
  name: 'count',
  async run({ event, data }) {
    await data.unrestricted.stall.giveBack(event.data.stall, { from: 'visits' })
  },
})

const visit = fair.action('visit', {
  input: { stall: id('stall') },
  output: { ticket: id('ticket') },
  failures: { sold_out: { status: 409, detail: 'Nothing is left.' } },
  allow: ({ me }) => me.is('guest'),
  async run({ input, me, data, emit, fail }) {
    const taken = await data.unrestricted.stall.takeWithinLimit(input.stall, { from: 'left' })
    if (!taken) throw fail('sold_out')
    const { id } = await data.ticket.create({ stallId: input.stall, ownerId: me.id })
    emit(visited, { stall: input.stall })
    return { ticket: id }
  },
})

const fairground = app({
  kits: [identity, fair],
  async seed({ data, call, createUser, log }) {
    const stall = await data.stall.create({ name: 'Tombola', left: 1 })
    const ann = await createUser({ email: 'ann@fair.example', roles: ['guest'] })
    const bob = await createUser({ email: 'bob@fair.example' })
    const { ticket } = await call(visit, { stall: stall.id }, { as: ann })
    await assert.rejects(call(visit, { stall: stall.id }, { as: bob }), { code: 'forbidden' })
    await assert.rejects(call(visit, { stall: stall.id }, { as: ann }), { code: 'sold_out' })
    log(`ticket ${ticket}`)
  },
})

let tested: TestApp<never>
before(async () => {
  tested = (await testApp(fairground, { seed: true })) as never
})
after(() => tested.close())

const rows = async (text: string): Promise<unknown> =>
  (await tested.running.runtime.database.query({ text, values: [] })).rows

test('a seed calls actions for its users, under their rules, in its own transaction', async () => {
  assert.deepEqual(await rows('select name, "left", visits, version from fair.stall'), [
    ['Tombola', '0', '0', '2'],
  ])
  const owners = `select u.email from fair.ticket as t join identity."user" as u
    on u.id = t.owner_id`
  assert.deepEqual(await rows(owners), [['ann@fair.example']])
})

test('what it has caused happens after it, once', async () => {
  await tested.drain()
  assert.deepEqual(await rows('select visits from fair.stall'), [['1']])
})

test('the audit says that it was the seed, and for whom', async () => {
  const told = `select distinct split_part(actor, ':', 1), operation, model from plinth.audit
    where model <> 'user' order by 3, 2, 1`
  assert.deepEqual(await rows(told), [
    ['user', 'fair.on.fair.visited.count', 'stall'],
    ['code', 'seed', 'stall'],
    ['user', 'seed', 'stall'],
    ['user', 'seed', 'ticket'],
  ])
})
