/** Owns the proof that runs survive: crashes between steps, two nodes at once, waiting, speed. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../base/failure.ts'
import { monotonicMs } from '../../base/time.ts'
import { onBothServers } from '../../database/proof/servers.ts'
import { choice, integer, text } from '../../define/fields.ts'
import { belongsTo } from '../../define/relation.ts'
import { internalSchema } from '../apply/internal.ts'
import { followDeclaration } from '../follow.ts'
import { declare, insert, type LooseModels, model, type World, world } from './world.ts'

const from: LooseModels = {
  group: model({ word: text() }),
  item: model({ name: text(), stock: integer({ optional: true }), old: text() }),
}
const to: LooseModels = {
  group: model({ word: text() }),
  item: model(
    {
      title: text({ was: 'name', unique: true, max: 50 }),
      stock: integer({ default: 3, min: 0 }),
      state: choice(['new', 'used'], { default: 'new' }),
      group: belongsTo('group', { optional: true }),
    },
    { indexes: [['stock'] as never] },
  ),
}

class Crash extends Error {}

async function seeded(at: World): Promise<void> {
  await at.follow(from)
  await at.run(insert('shop.item', 5, { name: "'n' || n", stock: 'nullif(n, 2)', old: "'x'" }))
}

onBothServers('runs', (server) => {
  test('a run that breaks off before any step goes on to the same end', async (context) => {
    const at = await world(server, context)
    for (let crashAt = 0, crashed = true; crashed; crashAt++) {
      crashed = false
      await at.run('drop schema if exists shop cascade')
      await at.run('drop schema if exists plinth cascade')
      await seeded(at)
      let seen = 0
      const onStep = (): void => {
        if (seen++ < crashAt) return
        crashed = true
        throw new Crash()
      }
      await at.follow(to, { onStep }).catch((error: unknown) => {
        assert.ok(error instanceof Crash, String(error))
      })
      assert.deepEqual(await at.rows('select count(*) from shop.item'), ['5'], 'still works')
      await at.follow(to)
      assert.deepEqual(await at.remains(to), { steps: [], notes: [] }, `after step ${crashAt}`)
      const unproven = 'select count(*) from pg_constraint where not convalidated'
      assert.deepEqual(await at.rows(unproven), ['0'])
      const first = 'select title, stock, state from shop.item order by 1 limit 2'
      assert.deepEqual(await at.rows(first), ['n1|1|new', 'n2|3|new'])
    }
  })

  test('an index whose build broke off is built again', async (context) => {
    const at = await world(server, context)
    await seeded(at)
    await at.run("update shop.item set name = 'twice'")
    const build = 'create unique index concurrently item__name__unique on shop.item (name)'
    await assert.rejects(at.run(build))
    const invalid = 'select count(*) from pg_index where not indisvalid'
    assert.deepEqual(await at.rows(invalid), ['1'])
    await at.run('update shop.item set name = id::text')
    const models = { ...from, item: model({ ...from.item?.fields, name: text({ unique: true }) }) }
    await at.follow(models)
    assert.deepEqual(await at.rows(invalid), ['0'])
    assert.deepEqual((await at.remains(models)).steps, [])
  })

  test('of two nodes that start at once one works and the other finds it done', async (context) => {
    const at = await world(server, context)
    await seeded(at)
    const [one, two] = [await at.again(), await at.again()]
    const start = (database: typeof one) =>
      followDeclaration({ database, catalog: declare(to), ask: () => true })
    const done = await Promise.all([start(one), start(two)])
    assert.deepEqual(done.map(({ changed }) => changed).sort(), [false, true])
    assert.deepEqual((await at.remains(to)).steps, [])
  })

  test('a step waits its turn for a lock, and gives up with a cure', async (context) => {
    const at = await world(server, context)
    await seeded(at)
    const other = await at.again()
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const holder = other.dedicated(async (session) => {
      await session.script('begin; lock table shop.item in row exclusive mode')
      await held
    })
    const failure = await at
      .follow(
        { ...from, item: model({ ...from.item?.fields, more: text({ optional: true }) }) },
        {
          lockTimeoutMs: 50,
          attemptsMax: 2,
        },
      )
      .catch((error: unknown) => error)
    release()
    await holder
    assert.ok(failure instanceof Failure)
    assert.equal(failure.code, 'overloaded')
    assert.match(failure.detail, /Adds item.more .*end long transactions/)
  })

  test('nothing to do costs one small query', async (context) => {
    const at = await world(server, context)
    const catalog = declare(to)
    const follow = () => followDeclaration({ database: at.database, catalog, ask: () => true })
    assert.equal((await follow()).changed, true)
    await follow()
    const begin = monotonicMs()
    for (let time = 0; time < 10; time++) assert.equal((await follow()).changed, false)
    context.diagnostic(`${((monotonicMs() - begin) / 10).toFixed(1)} ms each`)
    let asked = 0
    const counting = {
      ...at.database,
      query: (query: Parameters<typeof at.database.query>[0]) => {
        asked++
        return at.database.query(query)
      },
    }
    await followDeclaration({ database: counting, catalog })
    assert.equal(asked, 1)
  })

  test('internal steps run once, and an edited one is refused', async (context) => {
    const at = await world(server, context)
    const step = { id: 'x-0001', sql: 'create table plinth.x (id int)' }
    const more = { id: 'x-0002', sql: 'alter table plinth.x add column word text' }
    await at.follow(from, { internal: internalSchema([step]) })
    await at.follow(from, { internal: internalSchema([step, more]) })
    assert.deepEqual(await at.rows('select count(*), count(word) from plinth.x'), ['0|0'])
    const edited = internalSchema([{ ...step, sql: 'select 1' }, more])
    await assert.rejects(at.follow(from, { internal: edited }), /x-0001 was edited/)
  })
})
