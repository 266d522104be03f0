import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBothServers } from '../../database/proof/servers.ts'
import { bodyOf, failureOf, openDesk, outcomeOf } from './desk.ts'

const nobodyKnows = '01900000-0000-7000-8000-00000000dead'

onBothServers('rules of writes', (server) => {
  test('a rule judges the new row, its computed fields included', async (context) => {
    const { call, ada, ben, staff } = await openDesk(server, context)
    const own = bodyOf(await call(ada, 'note.create', { input: { title: 'a', ownerId: ada.id } }))
    assert.equal(own.state, 'draft')
    assert.equal(own.doubled, 0)
    assert.equal(own.version, 1)
    const foreign = { title: 'b', ownerId: ben.id }
    assert.equal(
      (await call(staff, 'note.create', { input: { ...foreign, ownerId: staff.id } })).status,
      201,
    )
    // Ada may not see Ben's account: to her it is no record at all.
    const refused = await failureOf(call(ada, 'note.create', { input: foreign }))
    assert.equal(refused.code, 'forbidden')
    const high = { title: 'c', ownerId: ada.id, body: '', limit: 9_999, score: 500 }
    assert.equal(await outcomeOf(call(ada, 'note.create', { input: high })), 'forbidden')
    assert.equal(
      await outcomeOf(call(ada, 'note.create', { input: { ...high, score: 499 } })),
      'done',
    )
    assert.equal(
      await outcomeOf(call(undefined, 'note.create', { input: foreign })),
      'sign_in_required',
    )
  })

  test('a record stays within the rights of whoever changes it', async (context) => {
    const { call, tested, ada, ben, staff } = await openDesk(server, context)
    const note = await tested.data.note.create({ title: 'a', ownerId: ada.id })
    const change = (who: typeof ada | undefined, input: object) =>
      call(who, 'note.update', { id: note.id, input })
    assert.equal(await outcomeOf(change(ben, { title: 'x' })), 'not_found')
    assert.equal(await outcomeOf(change(undefined, { title: 'x' })), 'sign_in_required')
    assert.equal(await outcomeOf(change(ada, { title: 'b' })), 'done')
    await tested.data.note.update(note.id, { state: 'open' })
    assert.equal(await outcomeOf(change(ben, { title: 'x' })), 'forbidden')
    assert.equal(await outcomeOf(change(undefined, { title: 'x' })), 'sign_in_required')
    // Given away it would leave Ada's rights: refused as a whole.
    assert.equal(await outcomeOf(change(ada, { ownerId: ben.id })), 'forbidden')
    assert.equal((await tested.data.note.get(note.id)).ownerId, ada.id)
    assert.equal(await outcomeOf(change(staff, { title: 'c' })), 'done')
  })

  test('where every change is allowed, a record that is gone is none', async (context) => {
    const { call, tested, staff } = await openDesk(server, context)
    const room = await tested.data.room.create({ name: 'attic' })
    const rename = (name: string) =>
      outcomeOf(call(staff, 'room.update', { id: room.id, input: { name } }))
    assert.equal(await rename('loft'), 'done')
    assert.equal(await outcomeOf(call(staff, 'room.delete', { id: room.id })), 'done')
    assert.equal(await rename('garret'), 'not_found')
    assert.equal(
      await outcomeOf(call(staff, 'room.update', { id: nobodyKnows, input: { name: 'x' } })),
      'not_found',
    )
  })

  test('a deletion asks its own rule', async (context) => {
    const { call, tested, ada, ben } = await openDesk(server, context)
    const note = await tested.data.note.create({ title: 'a', ownerId: ada.id, state: 'open' })
    const remove = (who: typeof ada) => outcomeOf(call(who, 'note.delete', { id: note.id }))
    assert.equal(await remove(ada), 'forbidden')
    assert.equal(await remove(ben), 'forbidden')
    await tested.data.note.update(note.id, { state: 'draft' })
    assert.equal(await remove(ben), 'not_found')
    assert.equal(await remove(ada), 'done')
    assert.equal(await remove(ada), 'not_found')
    assert.equal(await outcomeOf(call(ada, 'room.delete', { id: note.id })), 'forbidden')
    assert.equal(
      await outcomeOf(call(undefined, 'room.delete', { id: note.id })),
      'sign_in_required',
    )
  })

  test('a field has a rule of its own: constant, of the row, of the input', async (context) => {
    const { call, tested, ada, staff } = await openDesk(server, context)
    const { id } = await tested.data.note.create({ title: 'a', ownerId: ada.id })
    const change = (input: object, who = ada) => failureOf(call(who, 'note.update', { id, input }))
    const secret = await change({ secret: 'x' })
    const unknown = await change({ sesame: 'x' })
    assert.equal(secret.code, 'invalid_input')
    assert.equal(secret.problems[0]?.code, 'unknown_field')
    assert.equal(unknown.detail, secret.detail.replace('/secret', '/sesame'))
    assert.equal((await change({ doubled: 4 })).problems[0]?.code, 'not_writable')
    assert.equal((await change({ version: 4 })).problems[0]?.code, 'not_writable')
    assert.equal((await change({ score: 3 })).code, 'forbidden')
    assert.equal((await change({ score: -1, body: 'b' })).code, 'forbidden')
    assert.equal(
      bodyOf(await call(ada, 'note.update', { id, input: { score: 3, body: 'b' } })).doubled,
      6,
    )
    await call(staff, 'note.update', { id, input: { state: 'closed', secret: 's' } })
    assert.equal((await change({ state: 'draft' })).code, 'forbidden')
    assert.equal((await change({ state: 'draft' }, staff)).code, 'forbidden')
    assert.equal(bodyOf(await call(ada, 'note.get', { id })).secret, undefined)
  })

  test('hidden, missing and deleted references are refused in the same bytes', async (context) => {
    const { call, tested, ada } = await openDesk(server, context)
    const hidden = await tested.data.room.create({ name: 'h', hidden: true })
    const gone = await tested.data.room.create({ name: 'g' })
    await tested.data.room.delete(gone.id)
    const shown = await tested.data.room.create({ name: 's' })
    const { id } = await tested.data.note.create({ title: 'a', ownerId: ada.id })
    const put = (roomId: string | null) => call(ada, 'note.update', { id, input: { roomId } })
    const make = (roomId: string) =>
      call(ada, 'note.create', { input: { title: 'b', ownerId: ada.id, roomId } })
    for (const attempt of [put, make]) {
      const answers = []
      for (const room of [hidden.id, gone.id, nobodyKnows]) {
        answers.push(JSON.stringify(await failureOf(attempt(room))))
      }
      assert.equal(new Set(answers).size, 1)
      assert.match(answers[0] ?? '', /reference_not_found/)
    }
    assert.equal(await outcomeOf(put(shown.id)), 'done')
    assert.equal(await outcomeOf(put(null)), 'done')
  })

  test('links are set as a whole; those to what one cannot see stay', async (context) => {
    const { call, tested, ada } = await openDesk(server, context)
    const [red, blue, dark] = await Promise.all(
      ['red', 'blue', 'dark'].map((label) =>
        tested.data.tag.create({ label, hidden: label === 'dark' }),
      ),
    )
    assert.ok(red && blue && dark)
    const input = { title: 'a', ownerId: ada.id, tagIds: [red.id, red.id] }
    const { id } = bodyOf(await call(ada, 'note.create', { input }))
    const labels = async () => {
      const [note] = (await tested.data.note.find({ include: { tags: { sort: ['label'] } } })).data
      return (note as unknown as { tags: { label: string }[] }).tags.map(({ label }) => label)
    }
    const link = (tagIds: readonly unknown[]) => call(ada, 'note.update', { id, input: { tagIds } })
    assert.deepEqual(await labels(), ['red'])
    const [unseen, unknown] = [
      await failureOf(link([dark.id])),
      await failureOf(link([nobodyKnows])),
    ]
    assert.deepEqual(unseen, unknown)
    assert.deepEqual(
      unseen.problems.map(({ pointer }) => pointer),
      ['/tagIds'],
    )
    await tested.data.note.update(id, { tagIds: [red.id, dark.id] })
    assert.equal((await link([blue.id])).version, 3)
    assert.deepEqual(await labels(), ['blue', 'dark'])
    await link([])
    assert.deepEqual(await labels(), ['dark'])
    assert.equal((await failureOf(link(['x']))).problems[0]?.pointer, '/tagIds/0')
  })

  test('a deleted record is gone, and its unique value free again', async (context) => {
    const { call, tested, ada } = await openDesk(server, context)
    const input = { sku: 'A', ownerId: ada.id }
    const first = bodyOf(await call(ada, 'item.create', { input }))
    assert.equal(await outcomeOf(call(ada, 'item.create', { input })), 'conflict')
    await call(ada, 'item.delete', { id: first.id })
    assert.equal(await outcomeOf(call(ada, 'item.get', { id: first.id })), 'not_found')
    assert.equal(
      await outcomeOf(call(ada, 'item.update', { id: first.id, input: { count: 1 } })),
      'not_found',
    )
    const second = bodyOf(await call(ada, 'item.upsert', { input }))
    assert.notEqual(second.id, first.id)
    assert.equal((await tested.data.item.find()).data.length, 1)
  })

  test('null clears what is optional; defaults fill what is left out', async (context) => {
    const { call, ada } = await openDesk(server, context)
    const input = { title: 'a', ownerId: ada.id, body: 'b', details: { $ref: 'x' } }
    const made = bodyOf(await call(ada, 'note.create', { input }))
    assert.deepEqual([made.state, made.score, made.limit], ['draft', 0, 100])
    const change = (patch: object) => call(ada, 'note.update', { id: made.id, input: patch })
    const cleared = bodyOf(await change({ body: null, details: null }))
    assert.deepEqual([cleared.body, cleared.details], [null, null])
    assert.deepEqual((await failureOf(change({ title: null }))).problems, [
      { pointer: '/title', code: 'required', detail: 'This field cannot be null.' },
    ])
    assert.equal((await failureOf(change({}))).code, 'invalid_input')
    assert.deepEqual(
      (await failureOf(call(ada, 'note.create', { input: {} }))).problems.map(
        ({ pointer }) => pointer,
      ),
      ['/title', '/ownerId'],
    )
  })
})
