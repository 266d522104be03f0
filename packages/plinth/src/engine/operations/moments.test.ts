import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainAccess, explanationLines } from '../../access/explain.ts'
import { present } from '../../base/assert.ts'
import { onBothServers, type ProvenServer } from '../../database/proof/servers.ts'
import * as fields from '../../define/fields.ts'
import { app, kit } from '../../define/kit.ts'
import { belongsTo, manyToMany } from '../../define/relation.ts'
import { anyone } from '../../define/rule.ts'
import { identity } from '../../identity/kit.ts'
import { type TestUser, testApp } from '../../testing/test-app.ts'
import { bodyOf, callBy, failureOf, outcomeOf } from '../proof/desk.ts'

const help = kit('help', {
  uses: [identity],
  models: {
    label: {
      fields: { name: fields.text(), secret: fields.boolean(), posts: manyToMany('post') },
      access: { read: ({ row, me }) => row.secret.not().or(me.is('staff')) },
    },
    ticket: {
      fields: {
        author: belongsTo('user'),
        status: fields.choice(['open', 'closed']),
        rank: fields.integer({ default: 0 }),
      },
      access: {
        read: anyone,
        create: anyone,
        update: {
          before: ({ row, me }) => row.authorId.eq(me.id).and(row.status.eq('open')),
          after: ({ row, before, me, input }) =>
            row.authorId
              .eq(me.id)
              .and(row.rank.gte(before.rank), input.status.given().or(row.rank.lt(10))),
        },
      },
    },
    post: {
      fields: { author: belongsTo('user', { optional: true }), labels: manyToMany('label') },
      access: {
        read: ({ row, me }) => row.authorId.eq(me.id).or(row.labels.some()),
        create: ({ row }) => row.labels.some((label) => label.name.eq('red')),
        update: {
          before: anyone,
          after: ({ row, before }) =>
            row.labels
              .none((label) => label.name.eq('black'))
              .and(
                before.labels.some((label) => label.name.eq('red')),
                row.labels.every((label) => label.posts.some((post) => post.id.eq(row.id))),
              ),
        },
      },
    },
  },
})

async function open(server: ProvenServer, context: { after(work: () => Promise<void>): void }) {
  const tested = await testApp(app({ kits: [help], roles: ['staff'] }), {
    server: server.address(),
  })
  context.after(() => tested.close())
  const [ada, ben] = await Promise.all([
    tested.user({ email: 'ada@help.example' }),
    tested.user({ email: 'ben@help.example' }),
  ])
  const call = (who: TestUser, operation: string, rest: object) =>
    tested.running.invoke(callBy(who, { operation, ...rest }))
  return { tested, ada, ben, call }
}

onBothServers('Rules of a moment', (server) => {
  test('an update is judged by one rule before and by another after', async (context) => {
    const { tested, ada, ben, call } = await open(server, context)
    const { id } = await tested.data.ticket.create({ authorId: ada.id, status: 'open', rank: 3 })
    const change = (who: TestUser, input: object) =>
      outcomeOf(call(who, 'ticket.update', { id, input }))
    assert.equal(await change(ben, { rank: 4 }), 'forbidden')
    assert.equal(await change(ada, { rank: 2 }), 'forbidden', 'it never sinks below what it was')
    assert.equal(await change(ada, { rank: 10 }), 'forbidden')
    assert.equal(await change(ada, { rank: 4 }), 'done')
    assert.equal(await change(ada, { authorId: ben.id }), 'forbidden', 'it is not given away')
    assert.equal(await change(ada, { rank: 10, status: 'closed' }), 'done', 'closed while open')
    assert.equal(await change(ada, { status: 'open' }), 'forbidden', 'and never opened again')
    const { catalog, runtime } = tested.running
    const explanation = await explainAccess({
      ...{ session: runtime.database, catalog, model: present(catalog.models.get('ticket'), '') },
      ...{ id, caller: { is: 'user', id: ada.id, roles: new Set<string>() } },
      ...{ now: '2026-01-01T00:00:00Z', verbs: ['update'] },
    })
    assert.deepEqual(
      explanationLines(explanation).filter((line) => !line.startsWith(' ')),
      [
        `✗ update, before the change: row.authorId = me.id and row.status = "open"`,
        [
          '✗ update, after the change: row.authorId = me.id and row.rank ≥ before.rank and ',
          '(input.status.given() or row.rank < 10)',
        ].join(''),
      ],
    )
    const values = explanationLines(explanation).join('\n')
    assert.match(values, /✓ row\.rank ≥ before\.rank {2}\(row\.rank = 10, before\.rank = 10\)/)
  })

  test('a create is judged with the links that it makes', async (context) => {
    const { tested, ada, call } = await open(server, context)
    const make = async (name: string) =>
      (await tested.data.label.create({ name, secret: false })).id
    const [red, blue] = [await make('red'), await make('blue')]
    const create = (input: object) => call(ada, 'post.create', { input })
    assert.equal(await outcomeOf(create({})), 'forbidden')
    assert.equal(await outcomeOf(create({ labelIds: [blue] })), 'forbidden')
    assert.equal((await tested.data.post.find()).data.length, 0, 'nothing stays of what is refused')
    const made = bodyOf(await create({ labelIds: [red, blue] }))
    assert.equal(made.authorId, null, 'it is answered: whoever made it sees it by its links')
  })

  test('a change is judged with the links as they become', async (context) => {
    const { tested, ada, ben, call } = await open(server, context)
    const make = async (name: string, secret = false) =>
      (await tested.data.label.create({ name, secret })).id
    const [red, blue, black] = [await make('red'), await make('blue'), await make('black', true)]
    const { id } = await tested.data.post.create({ authorId: ben.id, labelIds: [red] })
    const change = (labelIds: readonly string[], who = ada) =>
      call(who, 'post.update', { id, input: { labelIds } })
    const grey = await make('black')
    assert.equal(await outcomeOf(change([red, grey])), 'forbidden')
    assert.equal((await change([red, blue])).status, 200)
    // Ada reads it by its links alone: without them she is told nothing of what she made.
    const bare = await change([])
    assert.deepEqual([bare.status, bare.body], [200, undefined])
    assert.equal(await outcomeOf(change([red], ben)), 'forbidden', 'it had no red one before')
    // A link that the writer cannot see stays, and is judged with the others.
    await tested.data.post.update(id, { labelIds: [red, black] })
    assert.equal(await outcomeOf(change([red, blue])), 'forbidden')
    await tested.data.post.update(id, { labelIds: [red] })
    assert.equal(await outcomeOf(change([blue])), 'done')
    assert.equal((await failureOf(change([grey]))).code, 'forbidden')
  })
})
