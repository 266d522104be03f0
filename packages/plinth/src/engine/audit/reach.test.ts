import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../base/time.ts'
import { onBothServers } from '../../database/proof/servers.ts'
import { anyone, app, belongsTo, identity, kit, manyToMany, nobody, text } from '../../index.ts'
import { testApp } from '../../testing/test-app.ts'

const access = { read: anyone, write: anyone }
const home = { onDelete: 'cascade' } as const
const clear = { optional: true, onDelete: 'clear' } as const

const estate = kit('estate', {
  uses: [identity],
  models: {
    home: {
      fields: { name: text(), tags: manyToMany('tag') },
      ...{ access, audit: true },
    },
    room: {
      fields: {
        name: text(),
        safe: text({ optional: true }),
        home: belongsTo('home', home),
        tags: manyToMany('tag'),
      },
      access: { ...access, fields: { safe: { read: nobody, write: anyone } } },
      audit: true,
    },
    // Not audited itself, on the way to what is.
    shelf: { fields: { room: belongsTo('room', home) }, access },
    book: {
      fields: { name: text(), shelf: belongsTo('shelf', home), lent: belongsTo('room', clear) },
      ...{ access, audit: true },
    },
    lamp: {
      fields: { name: text(), room: belongsTo('room', clear), spare: belongsTo('home', clear) },
      ...{ access, audit: true },
    },
    tag: {
      fields: { name: text(), homes: manyToMany('home'), rooms: manyToMany('room') },
      ...{ access, audit: true },
    },
    folder: {
      fields: {
        name: text(),
        parent: belongsTo('folder', { optional: true, onDelete: 'cascade' }),
      },
      ...{ access, audit: true },
    },
    kept: {
      fields: { name: text(), tags: manyToMany('tag'), home: belongsTo('home', clear) },
      ...{ access, audit: true, softDelete: true },
    },
  },
})

const books = app({ kits: [identity, estate] })

interface Entry {
  readonly verb: string
  readonly operation: string
  readonly actor: string
  readonly model: string
  readonly record: string
  readonly before: Readonly<Record<string, unknown>>
  readonly after: Readonly<Record<string, unknown>>
  readonly hidden: readonly string[]
}

onBothServers('The audit of what a change reaches', (server) => {
  const open = async (context: { after(end: () => Promise<void>): void }) => {
    const tested = await testApp(books, { server: server.address() })
    context.after(() => tested.close())
    const admin = await tested.user({ roles: ['admin'] })
    const entries = async (after = 0): Promise<readonly Entry[]> => {
      const reply = await tested.request('GET', '/api/audit/entries?limit=200', { as: admin })
      assert.equal(reply.status, 200, reply.text)
      const { data } = reply.json() as { data: readonly Entry[] }
      const oldest = [...data].reverse().filter(({ model }) => model !== 'user')
      return oldest.slice(after)
    }
    /** What is told of each record, in any order of records. */
    const told = async (after: number) =>
      Object.fromEntries(
        (await entries(after)).map(({ model, record, verb, before, after, hidden }) => [
          `${model} ${record}`,
          { verb, before, after, hidden },
        ]),
      )
    return { ...tested, admin, entries, told }
  }

  test('tells of all that goes along, lets go and loses links', async (context) => {
    const { data, admin, request, entries, told } = await open(context)
    const [red, blue] = [
      await data.tag.create({ name: 'red' }),
      await data.tag.create({ name: 'b' }),
    ]
    const one = await data.home.create({ name: 'one', tagIds: [red.id, blue.id] })
    const other = await data.home.create({ name: 'other', tagIds: [red.id] })
    const room = await data.room.create({
      ...{ name: 'hall', safe: '0815', homeId: one.id, tagIds: [blue.id] },
    })
    const shelf = await data.shelf.create({ roomId: room.id })
    const book = await data.book.create({ name: 'b', shelfId: shelf.id, lentId: room.id })
    const lamp = await data.lamp.create({ name: 'l', roomId: room.id, spareId: one.id })
    const kept = await data.kept.create({ name: 'k', homeId: one.id })
    await data.lamp.create({ name: 'elsewhere', spareId: other.id })
    const known = (await entries()).length
    const reply = await request('DELETE', `/api/homes/${one.id}`, { as: admin })
    assert.equal(reply.status, 204, reply.text)
    const none = { hidden: [] as string[] }
    assert.deepEqual(await told(known), {
      [`home ${one.id}`]: {
        ...{ verb: 'delete', before: { name: 'one', tagIds: [red.id, blue.id] }, after: {} },
        ...none,
      },
      [`room ${room.id}`]: {
        ...{ verb: 'delete', before: { name: 'hall', homeId: one.id, tagIds: [blue.id] } },
        ...{ after: {}, hidden: ['safe'] },
      },
      [`book ${book.id}`]: {
        ...{ verb: 'delete', before: { name: 'b', shelfId: shelf.id, lentId: room.id } },
        ...{ after: {}, ...none },
      },
      [`lamp ${lamp.id}`]: {
        ...{ verb: 'update', before: { roomId: room.id, spareId: one.id } },
        ...{ after: { roomId: null, spareId: null }, ...none },
      },
      [`kept ${kept.id}`]: {
        ...{ verb: 'update', before: { homeId: one.id }, after: { homeId: null }, ...none },
      },
      [`tag ${red.id}`]: {
        ...{ verb: 'update', before: { homeIds: [one.id] }, after: { homeIds: [] }, ...none },
      },
      [`tag ${blue.id}`]: {
        ...{ verb: 'update', before: { homeIds: [one.id], roomIds: [room.id] } },
        ...{ after: { homeIds: [], roomIds: [] }, ...none },
      },
    })
    const every = await entries(known)
    assert.equal(every.length, 7, 'one entry each')
    for (const { operation, actor } of every) {
      assert.deepEqual([operation, actor], ['home.delete', `user:${admin.id}`])
    }
    const { version } = await data.lamp.get(lamp.id)
    assert.equal(version, 2, 'cleared once')
    assert.equal((await data.book.find()).data.length, 0)
  })

  test('tells both sides of links, of what comes and goes', async (context) => {
    const { data, entries } = await open(context)
    const [red, blue] = [await data.tag.create({ name: 'r' }), await data.tag.create({ name: 'b' })]
    const kept = await data.kept.create({ name: 'k', tagIds: [red.id] })
    const home = await data.home.create({ name: 'h', tagIds: [red.id] })
    await data.home.update(home.id, { name: 'H', tagIds: [blue.id, red.id] })
    await data.home.update(home.id, { tagIds: [blue.id] })
    await data.home.update(home.id, { tagIds: [blue.id] })
    await data.tag.update(blue.id, { homeIds: [] })
    await data.kept.delete(kept.id)
    await data.tag.delete(red.id)
    const changes = (await entries(2)).map(({ model, record, verb, before, after }) => [
      ...[record === red.id ? 'red' : record === blue.id ? 'blue' : model],
      ...[verb, before, after],
    ])
    const wanted = [
      ['kept', 'create', {}, { name: 'k', tagIds: [red.id] }],
      ['home', 'create', {}, { name: 'h', tagIds: [red.id] }],
      ['red', 'update', { homeIds: [] }, { homeIds: [home.id] }],
      ['home', 'update', { name: 'h', tagIds: [] }, { name: 'H', tagIds: [blue.id] }],
      ['blue', 'update', { homeIds: [] }, { homeIds: [home.id] }],
      ['home', 'update', { tagIds: [red.id] }, { tagIds: [] }],
      ['red', 'update', { homeIds: [home.id] }, { homeIds: [] }],
      ['blue', 'update', { homeIds: [home.id] }, { homeIds: [] }],
      ['home', 'update', { tagIds: [blue.id] }, { tagIds: [] }],
      ['kept', 'delete', { name: 'k' }, {}],
      ['red', 'delete', { name: 'r' }, {}],
      ['kept', 'update', { tagIds: [red.id] }, { tagIds: [] }],
    ]
    const sorted = (all: readonly unknown[]) => all.map((one) => JSON.stringify(one)).sort()
    assert.deepEqual(sorted(changes), sorted(wanted))
  })

  test('follows records that refer to their own kind, round in a circle', async (context) => {
    const { data, entries } = await open(context)
    const top = await data.folder.create({ name: 'top' })
    let parentId = top.id
    for (const name of ['a', 'b', 'c']) {
      parentId = (await data.folder.create({ name, parentId })).id
    }
    await data.folder.update(top.id, { parentId })
    const known = (await entries()).length
    await data.folder.delete(top.id)
    const names = (await entries(known)).map(({ verb, before }) => `${verb} ${before.name}`)
    assert.deepEqual(names.sort(), ['delete a', 'delete b', 'delete c', 'delete top'])
  })

  test('tells of each step of a batch, and of nothing where a step fails', async (context) => {
    const { data, admin, request, entries } = await open(context)
    const home = await data.home.create({ name: 'one' })
    const room = await data.room.create({ name: 'hall', homeId: home.id })
    const known = (await entries()).length
    const steps = [
      { operation: 'room.update', id: room.id, input: { name: 'Hall' } },
      { operation: 'home.delete', id: home.id },
    ]
    const wrong = { operation: 'room.update', id: room.id, input: { name: 'x' } }
    const batch = (operations: readonly object[]) =>
      request('POST', '/api/batch', { as: admin, body: { operations } })
    assert.equal((await batch([...steps, wrong])).status, 404)
    assert.equal((await entries(known)).length, 0)
    assert.equal((await batch(steps)).status, 200)
    const changes = (await entries(known)).map(({ model, verb, before }) => [model, verb, before])
    assert.deepEqual(
      changes.map((one) => JSON.stringify(one)).sort(),
      [
        ['home', 'delete', { name: 'one' }],
        ['room', 'delete', { name: 'Hall', homeId: home.id }],
        ['room', 'update', { name: 'hall' }],
      ].map((one) => JSON.stringify(one)),
    )
  })

  test('sees what came, went and changed while it waited', {
    timeout: 200_000,
  }, async (context) => {
    const { data, running, entries } = await open(context)
    const home = await data.home.create({ name: 'one' })
    const room = await data.room.create({ name: 'hall', homeId: home.id })
    const away = await data.room.create({ name: 'away', homeId: home.id })
    const shelf = await data.shelf.create({ roomId: room.id })
    const safe = await data.home.create({ name: 'safe' })
    const known = (await entries()).length
    const { database } = running.runtime
    let deleted: Promise<void> | undefined
    await database.transaction(async (session) => {
      const run = (text: string, ...values: string[]) => session.query({ text, values })
      await run('update estate.room set home_id = $2 where id = $1', away.id, safe.id)
      await run("update estate.room set name = 'great hall' where id = $1", room.id)
      const book = `insert into estate.book
        (id, created_at, updated_at, version, name, shelf_id) values
        ($1, now(), now(), 1, 'late', $2)`
      await run(book, '01234567-89ab-7cde-8f01-23456789abcd', shelf.id)
      deleted = data.home.delete(home.id)
      await sleep(300)
    })
    await deleted
    const gone = (await entries(known)).map(({ model, before }) => `${model} ${before.name}`)
    assert.deepEqual(gone.sort(), ['book late', 'home one', 'room great hall'])
    assert.equal((await data.room.get(away.id)).homeId, safe.id)
  })
})
