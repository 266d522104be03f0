/** Owns the proof that tables, indexes, checks and relations follow the declaration. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { onBothServers } from '../../database/proof/servers.ts'
import { choice, integer, text } from '../../define/fields.ts'
import type { AnyModelSpec } from '../../define/kit.ts'
import { belongsTo, manyToMany } from '../../define/relation.ts'
import { insert, type LooseModels, model, type World, world } from './world.ts'

type Members = AnyModelSpec['fields']

const of = (fields: Members, rest = {}): LooseModels => ({ item: model(fields, rest) })

onBothServers('objects', (server) => {
  const start = async (context: TestContext, from: LooseModels, ...seeds: string[]) => {
    const at = await world(server, context)
    await at.follow(from)
    for (const seed of seeds) await at.run(seed)
    return at
  }
  const reached = async (at: World, models: LooseModels): Promise<void> => {
    assert.deepEqual(await at.remains(models), { steps: [], notes: [] })
  }
  const names = { name: text() }
  const rows = insert('shop.item', 3, { name: "'row ' || n" })

  test('mutual tables are made, and dropped after a yes', async (context) => {
    const mutual = {
      a: model({ b: belongsTo('b', { optional: true }) }),
      b: model({ a: belongsTo('a', { optional: true, onDelete: 'cascade' }) }),
    }
    const at = await start(context, { ...mutual, ...of(names) }, insert('shop.a', 2, {}), rows)
    await reached(at, { ...mutual, ...of(names) })
    await at.refused(of(names), { ask: () => false })
    await at.follow(of(names))
    await reached(at, of(names))
    assert.deepEqual(await at.rows('select count(*) from shop.item'), ['3'])
  })

  test('a renamed model keeps rows, references and links', async (context) => {
    const from = {
      oldItem: model({ ...names, tags: manyToMany('tag') }),
      tag: model({ word: text() }),
      part: model({ item: belongsTo('oldItem') }),
    }
    const seeds = [
      insert('shop.old_item', 3, { name: "'row ' || n" }),
      insert('shop.tag', 1, { word: "'new'" }),
      `insert into shop.old_item_tag (old_item_id, tag_id)
        select i.id, t.id from shop.old_item i, shop.tag t`,
      insert('shop.part', 1, { item_id: '(select min(id::text)::uuid from shop.old_item)' }),
    ]
    const at = await start(context, from, ...seeds)
    const to = {
      product: model({ ...names, tags: manyToMany('tag') }, { was: 'oldItem' }),
      tag: model({ word: text() }),
      part: model({ product: belongsTo('product', { was: 'item' }) }),
    }
    await at.follow(to, { ask: () => false })
    await reached(at, to)
    assert.deepEqual(
      await at.rows(
        `select count(*) from shop.product_tag join shop.product p on p.id = product_id`,
      ),
      ['3'],
    )
    assert.deepEqual(
      await at.rows('select count(*) from shop.part join shop.product p on p.id = product_id'),
      ['1'],
    )
  })

  test('what goes from a renamed model is still known as its own', async (context) => {
    const at = await start(context, of({ ...names, old: text({ optional: true, max: 5 }) }))
    const to = { product: model(names, { was: 'item' }) }
    await at.refused(to, { ask: () => false })
    const { notes } = await at.follow(to)
    assert.deepEqual(notes, [])
    await reached(at, to)
  })

  test('uniqueness is refused while there are duplicates, by their count', async (context) => {
    const at = await start(context, of(names), rows, rows)
    const to = of({ name: text({ unique: true }) })
    const failure = await at.refused(to)
    assert.match(failure.detail, /6 records of item share their name with another/)
    assert.doesNotMatch(failure.detail, /row 1/)
    await at.run('delete from shop.item a using shop.item b where a.name = b.name and a.id < b.id')
    const { steps } = await at.follow(to)
    assert.deepEqual(
      steps.map(({ transactional }) => transactional),
      [false],
    )
    await reached(at, to)
    await assert.rejects(at.run(rows))
    await at.follow(of(names))
    await reached(at, of(names))
    await at.run(rows)
  })

  test('a new unique field cannot give every row the same default', async (context) => {
    const at = await start(context, of(names), rows)
    const code = { ...names, code: text({ unique: true, default: 'x' }) }
    assert.match((await at.refused(of(code))).detail, /3 records of item share their code/)
    const pair = { ...names, code: text({ default: 'x' }) }
    await at.follow(of(pair, { unique: [['code', 'name']] }))
    await reached(at, of(pair, { unique: [['code', 'name']] }))
  })

  test('a natural key and composite indexes come and go', async (context) => {
    const fields = { name: text(), stock: integer() }
    const at = await start(context, of(fields))
    const to = of(fields, { key: ['name'], unique: [['stock', 'name']], indexes: [['stock']] })
    await at.follow(to)
    await reached(at, to)
    const found = await at.rows(
      "select indexname from pg_indexes where schemaname = 'shop' order by 1",
    )
    assert.deepEqual(found, [
      'item__id__primary',
      'item__name__unique',
      'item__stock__index',
      'item__stock__name__unique',
    ])
    await at.follow(of(fields))
    await reached(at, of(fields))
  })

  test('a check binds at once, is proven, and is refused while rows break it', async (context) => {
    const at = await start(context, of(names), rows)
    const check = (length: number): LooseModels => of({ name: text({ max: length }) })
    await at.follow(check(5))
    await reached(at, check(5))
    const failure = await at.refused(check(4))
    assert.match(failure.detail, /3 records of item break the check item__name__length/)
    await assert.rejects(at.run(insert('shop.item', 1, { name: "'too long'" })))
    await at.follow(check(9))
    await reached(at, check(9))
    await at.run(insert('shop.item', 1, { name: "'fits now'" }))
  })

  test('checks of the model compare two columns; null compares false', async (context) => {
    const fields = { low: integer(), high: integer({ optional: true }) }
    type Row = { low: { lt(other: unknown): unknown }; high: unknown }
    const rest = { checks: { ordered: ({ row }: { row: Row }) => row.low.lt(row.high) } }
    const at = await start(context, of(fields), insert('shop.item', 2, { low: 'n', high: '2' }))
    assert.match((await at.refused(of(fields, rest))).detail, /1 records? of item break/)
    await at.run('update shop.item set high = 5')
    await at.follow(of(fields, rest))
    await reached(at, of(fields, rest))
    await assert.rejects(at.run(insert('shop.item', 1, { low: '1', high: 'null' })))
  })

  test('a foreign key appears, changes its action, and goes', async (context) => {
    const target = { group: model({ word: text() }) }
    const group = (onDelete: 'restrict' | 'cascade' | 'clear') => ({
      ...target,
      item: model({ group: belongsTo('group', { optional: true, onDelete }) }),
    })
    const at = await start(context, group('restrict'), insert('shop.group', 1, { word: "'w'" }))
    await at.run(insert('shop.item', 2, { group_id: '(select id from shop.group)' }))
    await assert.rejects(at.run('delete from shop.group'))
    await at.follow(group('clear'))
    await reached(at, group('clear'))
    await at.run('delete from shop.group')
    assert.deepEqual(await at.rows('select count(*), count(group_id) from shop.item'), ['2|0'])
    await at.follow(group('cascade'))
    await reached(at, group('cascade'))
    await at.follow({ ...target, item: model({}) })
    await reached(at, { ...target, item: model({}) })
  })

  test('a foreign key on rows that refer to nothing is refused', async (context) => {
    const group = { group: model({ word: text() }), item: model({ group: belongsTo('group') }) }
    const at = await start(context, group)
    await at.run('alter table shop.item drop constraint item__group_id__reference')
    await at.run(insert('shop.item', 2, { group_id: 'gen_random_uuid()' }))
    await at.run('update plinth.schema_state set drifted = true')
    assert.match((await at.refused(group)).detail, /2 records of item have a groupId that refers/)
    await at.run('delete from shop.item')
    await at.follow(group)
    await reached(at, group)
  })

  test('soft delete makes uniqueness partial; switching it off asks', async (context) => {
    const fields = { name: text({ unique: true }) }
    const soft = of(fields, { softDelete: true })
    const at = await start(context, of(fields), rows)
    const { steps: there } = await at.follow(soft, { ask: () => false })
    const [built, gone] = [/^Builds .*unique_kept/, /^Drops .*__unique\./].map((words) => {
      return there.findIndex(({ summary }) => words.test(summary))
    })
    assert.ok(built !== undefined && gone !== undefined && 0 <= built && built < gone)
    await reached(at, soft)
    await at.run("update shop.item set deleted_at = 'epoch' where name = 'row 1'")
    await at.run(insert('shop.item', 1, { name: "'row 1'" }))
    const failure = await at.refused(of(fields))
    assert.match(failure.detail, /2 records of item share their name/)
    await at.run('delete from shop.item where deleted_at is not null')
    const { steps } = await at.follow(of(fields))
    assert.ok(steps.some(({ summary }) => /become visible again/.test(summary)))
    await reached(at, of(fields))
    await assert.rejects(at.run(rows))
  })

  test('many-to-many links come and go', async (context) => {
    const plain = { ...of(names), tag: model({ word: text() }) }
    const linked = { ...plain, item: model({ ...names, tags: manyToMany('tag') }) }
    const at = await start(context, plain, rows)
    await at.follow(linked, { ask: () => false })
    await reached(at, linked)
    await at.refused(plain, { ask: () => false })
    await at.follow(plain)
    await reached(at, plain)
  })

  test('what was made by hand is reported and left alone', async (context) => {
    const at = await start(context, of({ name: text({ max: 9 }) }), rows)
    await at.run('create table shop.notes (id int); create index fast on shop.item (lower(name))')
    await at.run('create index item_name_idx on shop.item (name)')
    await at.run('alter table shop.item add column extra text, add check (version > 0)')
    const to = of({ name: text({ max: 9 }), s: choice(['a'], { optional: true }) })
    const { notes } = await at.follow(to)
    assert.equal(notes.length, 5, notes.join('\n'))
    const { steps } = await at.remains(to)
    assert.deepEqual(steps, [])
    assert.deepEqual(await at.rows("select count(*) from pg_indexes where tablename = 'item'"), [
      '3',
    ])
  })

  test('hand-made changes of what is declared are undone', async (context) => {
    const fields = { name: text({ max: 9, unique: true }), stock: integer({ min: 0 }) }
    const models = of(fields, { softDelete: true })
    const at = await start(context, models)
    const damages = [
      'alter table shop.item drop constraint item__name__length',
      'alter table shop.item drop constraint item__stock__range',
      `alter table shop.item drop constraint item__stock__range,
        add constraint item__stock__range check (stock > 5)`,
      'drop index shop.item__name__unique_kept',
      `drop index shop.item__name__unique_kept;
        create index item__name__unique_kept on shop.item (name)`,
      `drop index shop.item__name__unique_kept;
        create unique index item__name__unique_kept on shop.item (name desc)`,
      `drop index shop.item__name__unique_kept;
        create unique index item__name__unique_kept on shop.item (name)`,
      'alter table shop.item alter column stock drop not null',
      'alter table shop.item alter column stock type bigint',
      'alter table shop.item alter column name type text collate "default"',
      'alter table shop.item drop constraint item__id__primary',
      'alter table shop.item drop column stock',
      `alter table shop.item drop column stock,
        add column stock integer not null generated always as (1) stored`,
    ]
    for (const damage of damages) {
      for (const part of damage.split(';')) await at.run(part)
      assert.notDeepEqual((await at.remains(models)).steps, [], damage)
      await at.run('update plinth.schema_state set drifted = true')
      await at.follow(models)
      assert.deepEqual((await at.remains(models)).steps, [], damage)
    }
  })
})
