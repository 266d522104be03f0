import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDatabase } from '../../database/open.ts'
import { onBothServers } from '../../database/proof/servers.ts'
import { boolean, integer, text } from '../../define/fields.ts'
import { app, kit } from '../../define/kit.ts'
import { belongsTo } from '../../define/relation.ts'
import { anyone } from '../../define/rule.ts'
import { testApp } from '../../testing/test-app.ts'
import { bodyOf, callBy, openDesk, outcomeOf, tally } from './desk.ts'
import { holdRow } from './held-row.ts'

const plans = kit('plans', {
  models: {
    project: {
      fields: { locked: boolean({ default: false }), hidden: boolean({ default: false }) },
      access: { read: anyone },
    },
    task: {
      fields: { title: text(), left: integer({ default: 9 }), project: belongsTo('project') },
      access: {
        read: ({ row }) => row.project.hidden.not(),
        update: ({ row }) => row.project.locked.not(),
        delete: ({ row }) => row.project.locked.not(),
      },
    },
    mark: {
      fields: { title: text(), left: integer({ default: 9 }), project: belongsTo('project') },
      access: { read: ({ row }) => row.project.hidden.not(), write: anyone },
    },
  },
})

plans.action('take', {
  input: { model: text(), id: text() },
  allow: anyone,
  isolation: 'read committed',
  async run({ data, input: { model, id } }) {
    const taking = { from: 'left', quantity: 1 } as const
    await (model === 'task' ? data.task : data.mark).takeWithinLimit(id, taking)
  },
})

const fifty = Array.from({ length: 50 }, (_, index) => index)

onBothServers('writes at once', (server) => {
  test('of changes that demand one version exactly one wins', async (context) => {
    const { call, tested, ada } = await openDesk(server, context)
    const { id } = await tested.data.item.create({ sku: 'A', ownerId: ada.id })
    for (const version of [1, 2]) {
      const outcomes = await Promise.all(
        fifty.map((count) =>
          outcomeOf(call(ada, 'item.update', { id, version, input: { count } })),
        ),
      )
      assert.deepEqual(tally(outcomes), { done: 1, version_mismatch: 49 })
    }
    assert.equal((await tested.data.item.get(id)).version, 3)
    const change = (version: number | 'any') =>
      outcomeOf(call(ada, 'item.update', { id, version, input: { count: 1 } }))
    assert.equal(await change(2), 'version_mismatch')
    assert.equal(await change(2 ** 40), 'version_mismatch')
    assert.equal(await change('any'), 'done')
    assert.equal(await outcomeOf(call(ada, 'item.delete', { id, version: 3 })), 'version_mismatch')
    assert.equal(await outcomeOf(call(ada, 'item.delete', { id, version: 4 })), 'done')
  })

  test('changes without a version are all counted', async (context) => {
    const { call, tested, ada } = await openDesk(server, context)
    const { id } = await tested.data.item.create({ sku: 'A', ownerId: ada.id })
    await Promise.all(fifty.map((count) => call(ada, 'item.update', { id, input: { count } })))
    assert.equal((await tested.data.item.get(id)).version, 51)
  })

  test('upserts of one new key make one record, with and without a key', async (context) => {
    const { call, tested, ada } = await openDesk(server, context)
    for (const [sku, keyed] of [
      ['A', false],
      ['B', true],
    ] as const) {
      const replies = await Promise.all(
        fifty.map((count) =>
          call(ada, 'item.upsert', {
            input: { sku, ownerId: ada.id, count },
            ...(keyed ? { idempotencyKey: `key ${count}` } : {}),
          }),
        ),
      )
      assert.deepEqual(tally(replies.map(({ status }) => String(status))), { 200: 49, 201: 1 })
      assert.equal(new Set(replies.map(({ id }) => id)).size, 1)
    }
    assert.equal((await tested.data.item.find()).data.length, 2)
  })

  test('upserts of one new key in batches make one record', async (context) => {
    const { call, tested, ada } = await openDesk(server, context)
    const outcomes = await Promise.all(
      fifty.slice(0, 8).map((count) => {
        const step = { operation: 'item.upsert', input: { sku: 'A', ownerId: ada.id, count } }
        return outcomeOf(call(ada, 'batch', { input: { operations: [step] } }))
      }),
    )
    const { done = 0, overloaded = 0 } = tally(outcomes)
    assert.equal(done + overloaded, 8, JSON.stringify(outcomes))
    assert.ok(done >= 1)
    assert.equal((await tested.data.item.find()).data.length, 1)
  })

  test('a unique value is taken once', async (context) => {
    const { call, ada } = await openDesk(server, context)
    const input = { sku: 'A', ownerId: ada.id }
    const outcomes = await Promise.all(
      fifty.map(() => outcomeOf(call(ada, 'item.create', { input }))),
    )
    assert.deepEqual(tally(outcomes), { conflict: 49, done: 1 })
  })

  test('a deletion and changes of one record leave no ghost', async (context) => {
    const { call, tested, ada } = await openDesk(server, context)
    for (let round = 0; round < 5; round++) {
      const { id } = await tested.data.item.create({ sku: 'A', ownerId: ada.id })
      const outcomes = await Promise.all(
        fifty
          .slice(0, 10)
          .map((count) =>
            count === 4
              ? outcomeOf(call(ada, 'item.delete', { id }))
              : outcomeOf(call(ada, 'item.update', { id, input: { count } })),
          ),
      )
      assert.deepEqual(
        Object.keys(tally(outcomes)).filter((each) => each !== 'not_found'),
        ['done'],
      )
      assert.equal(outcomes[4], 'done')
      assert.equal((await tested.data.item.find()).data.length, 0)
    }
  })

  test('a rule is asked of the row as it is once the lock is had', async (context) => {
    const desk = await openDesk(server, context)
    const { call, tested, ada } = desk
    const note = await tested.data.note.create({ title: 'a', ownerId: ada.id })
    const change = (input: object) => outcomeOf(call(ada, 'note.update', { id: note.id, input }))
    const remove = () => outcomeOf(call(ada, 'note.delete', { id: note.id }))

    const closing = await holdRow(desk, 'desk.note', note.id)
    const late = change({ state: 'open' })
    await closing.awaited()
    await closing.change(`update desk.note set state = 'closed' where id = $1`)
    assert.equal(await late, 'forbidden', 'the row was closed while the change waited')

    const opening = await holdRow(desk, 'desk.note', note.id)
    const removal = remove()
    await opening.awaited()
    await opening.change(`update desk.note set state = 'draft' where id = $1`)
    assert.equal(await removal, 'done', 'the row was a draft again when the lock was had')

    const other = await tested.data.note.create({ title: 'b', ownerId: ada.id })
    const leaving = await holdRow(desk, 'desk.note', other.id)
    const orphan = outcomeOf(call(ada, 'note.update', { id: other.id, input: { title: 'x' } }))
    await leaving.awaited()
    await leaving.change(`update desk.note set owner_id = '${desk.ben.id}' where id = $1`)
    assert.equal(await orphan, 'not_found', 'the row left what Ada may see')
    assert.equal((await tested.data.note.get(other.id)).title, 'b')
  })

  test('a version is compared with the row as it is once the lock is had', async (context) => {
    const desk = await openDesk(server, context)
    const { call, tested, ada } = desk
    const item = await tested.data.item.create({ sku: 'A', ownerId: ada.id })
    const held = await holdRow(desk, 'desk.item', item.id)
    const late = outcomeOf(
      call(ada, 'item.update', { id: item.id, version: 1, input: { count: 9 } }),
    )
    await held.awaited()
    await held.change('update desk.item set version = version + 1, count = 5 where id = $1')
    assert.equal(await late, 'version_mismatch')
    const again = await holdRow(desk, 'desk.item', item.id)
    const free = call(ada, 'item.update', { id: item.id, input: { shelf: 's' } })
    await again.awaited()
    await again.change('update desk.item set version = version + 1, count = 6 where id = $1')
    const body = bodyOf(await free)
    assert.deepEqual([body.count, body.shelf, body.version], [6, 's', 4])
  })

  test('links that are set at once are those of one of the calls', async (context) => {
    const { call, tested, ada } = await openDesk(server, context)
    const tags = await Promise.all(
      fifty.slice(0, 6).map((label) => tested.data.tag.create({ label: String(label) })),
    )
    const { id } = await tested.data.note.create({ title: 'a', ownerId: ada.id })
    for (let round = 0; round < 5; round++) {
      const sets = tags.map((tag) => [tag.id, tags[0]?.id ?? ''])
      await Promise.all(sets.map((tagIds) => call(ada, 'note.update', { id, input: { tagIds } })))
      const note = await tested.data.note.get(id, { include: { tags: true } })
      const linked = (note as unknown as { tags: { id: string }[] }).tags.map((tag) => tag.id)
      const one = sets.some((set) => new Set([...set, ...linked]).size === new Set(set).size)
      assert.ok(one && linked.length > 0, JSON.stringify(linked))
    }
  })

  test('rules over other records are asked of them once the lock is had', async (context) => {
    const tested = await testApp(app({ title: 'Plans', kits: [plans] }), {
      server: server.address(),
    })
    context.after(() => tested.close())
    const call = (operation: string, rest: object) =>
      outcomeOf(tested.running.invoke(callBy(undefined, { operation, ...rest })))
    const raw = async () => {
      const database = await openDatabase(tested.database, { limits: { pipelineConnections: 1 } })
      context.after(() => database.close())
      return database
    }
    const project = await tested.data.project.create({})
    const meanwhile = async (
      model: 'task' | 'mark',
      field: 'locked' | 'hidden',
      change: (id: string) => Promise<string>,
    ): Promise<readonly [string, number]> => {
      await tested.data.project.update(project.id, { locked: false, hidden: false })
      const { id } = await tested.data[model].create({ title: 'a', projectId: project.id })
      const held = await holdRow({ raw }, `plans.${model}`, id)
      const late = change(id)
      await held.awaited()
      await held.change(
        `with moved as (update plans.${model} set version = version + 1 where id = $1
           returning project_id)
         update plans.project p set ${field} = true from moved where p.id = moved.project_id`,
      )
      const outcome = await late
      const { version } = await tested.data[model].get(id)
      return [outcome, version]
    }
    const updated = (model: string) => (id: string) =>
      call(`${model}.update`, { id, input: { title: 'b' } })
    const deleted = (model: string) => (id: string) => call(`${model}.delete`, { id })
    const taken = (model: string) => (id: string) => call('plans.take', { input: { model, id } })
    for (const change of [updated, deleted, taken]) {
      const withdrawn = await meanwhile('task', 'locked', change('task'))
      assert.deepEqual(withdrawn, ['sign_in_required', 2])
      assert.deepEqual(await meanwhile('task', 'hidden', change('task')), ['not_found', 2])
      assert.deepEqual(await meanwhile('mark', 'hidden', change('mark')), ['not_found', 2])
    }
    assert.deepEqual(await meanwhile('mark', 'locked', updated('mark')), ['done', 3])
    assert.deepEqual(await meanwhile('mark', 'locked', taken('mark')), ['done', 3])
  })
})
