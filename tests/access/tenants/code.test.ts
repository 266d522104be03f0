/** Proves in which organisation code works: actions, jobs, handlers, and those of who has left. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  app,
  type Failure,
  identity,
  integer,
  kit,
  list,
  nobody,
  text,
} from '../../../packages/plinth/src/index.ts'
import { testApp } from '../../../packages/plinth/src/testing.ts'

const work = kit('work', {
  uses: [identity],
  models: {
    project: { tenant: true, fields: { name: text() }, access: { read: nobody }, key: ['name'] },
  },
})

const placed = work.event('placed', { name: text() })

const later = work.job('later', {
  input: { name: text() },
  async run({ data, input, me }) {
    const word = `${input.name} as ${me.may('members.manage') ? 'owner' : 'nobody'}`
    await data.unrestricted.project.create({ name: word })
  },
})

work.on(placed, async ({ data, event }) => {
  await data.unrestricted.project.create({ name: `${event.data.name} handled` })
})

const count = work.action('count', {
  allow: ({ me }) => me.signedIn,
  output: { here: list(text()), across: integer() },
  async run({ data }) {
    const { project } = data.unrestricted
    const { data: here } = await project.find({ sort: ['name'] })
    const all = await data.unrestricted.acrossOrganisations.project.find({ count: 'exact' })
    return { here: here.map(({ name }) => name), across: all.count ?? 0 }
  },
})

const choose = work.action('choose', {
  allow: ({ me }) => me.signedIn,
  input: { organisation: text() },
  async run({ data, input }) {
    const chosen = { name: 'x', organisationId: input.organisation }
    await data.unrestricted.project.create(chosen as { name: string })
  },
})

const begin = work.action('begin', {
  allow: ({ me }) => me.signedIn,
  input: { name: text() },
  async run({ input, enqueue, emit }) {
    await enqueue(later, input)
    emit(placed, input)
  },
})

const officeApp = app({ kits: [identity, work], organisations: { roles: { member: [] } } })

async function scene(context: { after(work: () => Promise<void>): void }) {
  const office = await testApp(officeApp)
  context.after(() => office.close())
  const [ada, ben] = [await office.user(), await office.user()]
  const [ours, theirs] = [await office.member(ada), await office.member(ben)]
  return { office, ada, ours, theirs }
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error as Failure).code,
  )

test('code stays in the organisation, unless it crosses by name', async (context) => {
  const { office, ada, ours, theirs } = await scene(context)
  const { project } = office.data
  await project.create({ name: 'ours', organisationId: ours.organisation.id })
  await project.create({ name: 'theirs', organisationId: theirs.organisation.id })
  assert.deepEqual(await office.call(count, {}, { as: ours }), { here: ['ours'], across: 2 })
  assert.deepEqual(await office.call(count, {}, { as: theirs }), { here: ['theirs'], across: 2 })
  const { id: organisation } = theirs.organisation
  assert.equal(await codeOf(office.call(choose, { organisation }, { as: ours })), 'invalid_input')
  assert.equal(await codeOf(office.call(count, {}, { as: ada })), 'organisation_required')
  assert.equal(await codeOf(office.call(count, {})), 'organisation_required')
})

test('jobs and handlers work where they were begun', async (context) => {
  const { office, ours, theirs } = await scene(context)
  await office.call(begin, { name: 'a' }, { as: ours })
  await office.call(begin, { name: 'b' }, { as: theirs })
  await office.drain()
  const names = async (who: typeof ours) => (await office.call(count, {}, { as: who })).here
  assert.deepEqual(await names(ours), ['a as owner', 'a handled'])
  assert.deepEqual(await names(theirs), ['b as owner', 'b handled'])
  await office.member(await office.user(), { of: ours })
  await office.call(begin, { name: 'c' }, { as: ours })
  const { data: places } = await office.data.membership.find({ filter: { userId: ours.id } })
  for (const { id } of places) await office.data.membership.delete(id)
  await office.drain()
  assert.deepEqual(
    await names(ours),
    ['a as owner', 'a handled'],
    'who has left does nothing there',
  )
})
