/** Owns the proof that columns follow the declaration, with rows in the table. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { onBothServers } from '../../database/proof/servers.ts'
import { computed } from '../../define/field.ts'
import { bigint, boolean, choice, date, decimal, integer, list, text } from '../../define/fields.ts'
import type { AnyModelSpec } from '../../define/kit.ts'
import { insert, type LooseModels, model, type World, world } from './world.ts'

type Members = AnyModelSpec['fields']

const of = (fields: Members, rest = {}): LooseModels => ({ item: model(fields, rest) })

onBothServers('columns', (server) => {
  const start = async (context: TestContext, from: Members, cells: Record<string, string>) => {
    const at = await world(server, context)
    await at.follow(of(from))
    await at.run(insert('shop.item', 3, cells))
    return at
  }
  const reached = async (at: World, models: LooseModels): Promise<void> => {
    assert.deepEqual(await at.remains(models), { steps: [], notes: [] })
  }
  const named = { name: text() }
  const filled = { name: "'row ' || n" }

  test('an optional column is added', async (context) => {
    const at = await start(context, named, filled)
    const to = of({ ...named, stock: integer({ optional: true }) })
    const { steps } = await at.follow(to)
    assert.deepEqual(
      steps.map(({ safety }) => safety),
      ['safe'],
    )
    await reached(at, to)
    assert.deepEqual(await at.rows('select stock, name from shop.item order by name'), [
      '|row 1',
      '|row 2',
      '|row 3',
    ])
  })

  test('a required column with a default fills the rows and keeps no default', async (context) => {
    const at = await start(context, named, filled)
    const to = of({
      ...named,
      stock: integer({ default: 7 }),
      word: text({ default: "it's \\ ok" }),
    })
    await at.follow(to)
    await reached(at, to)
    assert.deepEqual(await at.rows('select distinct stock, word from shop.item'), ["7|it's \\ ok"])
    const defaults = await at.rows(
      "select count(*) from pg_attrdef where adrelid = 'shop.item'::regclass",
    )
    assert.deepEqual(defaults, ['0'])
  })

  test('a required column without a default is refused where there are rows', async (context) => {
    const at = await start(context, named, filled)
    const to = of({ ...named, stock: integer() })
    const failure = await at.refused(to)
    assert.match(failure.detail, /3 records of item would have no stock.*Give stock a default/)
    await at.run('delete from shop.item')
    await at.follow(to)
    await reached(at, to)
  })

  test('a column is dropped only after a yes, and the loss is counted', async (context) => {
    const at = await start(context, { ...named, stock: integer() }, { ...filled, stock: 'n' })
    const asked: string[] = []
    const failure = await at.refused(of(named), {
      ask: ({ loss }) => asked.push(loss ?? '') === 0,
    })
    assert.deepEqual(asked, ['3 values of item.stock'])
    assert.match(failure.detail, /would lose data.*Nothing was changed/)
    assert.deepEqual(await at.rows('select sum(stock) from shop.item'), ['6'])
    await at.follow(of(named))
    await reached(at, of(named))
  })

  test('a rename keeps the rows and takes its constraints along', async (context) => {
    const from = { name: text({ unique: true, max: 20 }), stock: integer({ min: 0 }) }
    const at = await start(context, from, { ...filled, stock: 'n' })
    const to = of({
      title: text({ unique: true, max: 20, was: 'name' }),
      amount: integer({ min: 0, was: 'stock' }),
    })
    const { steps } = await at.follow(to, { ask: () => false })
    assert.deepEqual([...new Set(steps.map(({ stage }) => stage))], [0], 'nothing but renames')
    await reached(at, to)
    assert.deepEqual(await at.rows('select title, amount from shop.item order by 1'), [
      'row 1|1',
      'row 2|2',
      'row 3|3',
    ])
    const indexes = await at.rows(
      "select indexname from pg_indexes where schemaname = 'shop' order by 1",
    )
    assert.deepEqual(indexes, ['item__id__primary', 'item__title__unique'])
  })

  test('a chain of renames does not mix the columns up', async (context) => {
    const from = { first: text(), second: text() }
    const at = await start(context, from, { first: "'one'", second: "'two'" })
    const to = of({ second: text({ was: 'first' }), third: text({ was: 'second' }) })
    await at.follow(to, { ask: () => false })
    await reached(at, to)
    assert.deepEqual(await at.rows('select distinct second, third from shop.item'), ['one|two'])
  })

  test('types widen without loss', async (context) => {
    const from = {
      a: integer({ min: 0 }),
      b: decimal({ precision: 6, scale: 2 }),
      c: integer(),
      d: boolean(),
      e: date(),
    }
    const cells = { a: 'n', b: 'n + 0.25', c: 'n', d: 'true', e: "'2026-01-02'" }
    const at = await start(context, from, cells)
    const to = of({
      a: bigint({ min: 0 }),
      b: decimal({ precision: 9, scale: 2 }),
      c: text(),
      d: text(),
      e: text(),
    })
    const { steps } = await at.follow(to, { ask: () => false })
    const kinds = steps.filter(({ summary }) => summary.startsWith('Changes')).map((x) => x.safety)
    assert.deepEqual(kinds, ['locking', 'safe', 'locking', 'locking', 'locking'])
    await reached(at, to)
    assert.deepEqual(await at.rows('select a, b, c, d, e from shop.item order by a limit 1'), [
      '1|1.25|1|true|2026-01-02',
    ])
  })

  test('a type narrows after a yes, and not where a value does not fit', async (context) => {
    const at = await start(context, { a: bigint(), t: text() }, { a: 'n', t: "'12'" })
    const to = of({ a: integer(), t: integer() })
    await at.refused(to, { ask: () => false })
    await at.run("update shop.item set t = 'x' where a = 2")
    await at.refused(to)
    await at.run("update shop.item set t = '5' where a = 2")
    await at.follow(to)
    await reached(at, to)
    assert.deepEqual(await at.rows('select sum(a), sum(t) from shop.item'), ['6|29'])
  })

  test('a type without conversion makes the column anew', async (context) => {
    const at = await start(context, { a: integer(), ...named }, { a: 'n', ...filled })
    const to = of({ a: list(text(), { optional: true }), ...named })
    await at.refused(to, { ask: () => false })
    const { steps } = await at.follow(to)
    assert.equal(steps[0]?.safety, 'destructive')
    await reached(at, to)
    assert.deepEqual(await at.rows('select count(*), count(a) from shop.item'), ['3|0'])
  })

  test('optional becomes required when every row has a value', async (context) => {
    const at = await start(context, { a: integer({ optional: true }) }, { a: 'nullif(n, 2)' })
    const to = of({ a: integer() })
    const failure = await at.refused(to)
    assert.match(failure.detail, /1 records of item have no a, which becomes required/)
    await at.run('update shop.item set a = 2 where a is null')
    const { steps } = await at.follow(to)
    assert.deepEqual(
      steps.map(({ transactional }) => transactional),
      [true, false, true],
    )
    await reached(at, to)
    await at.follow(of({ a: integer({ optional: true }) }))
    await reached(at, of({ a: integer({ optional: true }) }))
  })

  test('optional becomes required with a default that fills the gaps', async (context) => {
    const at = await start(context, { a: integer({ optional: true }) }, { a: 'nullif(n, 2)' })
    const to = of({ a: integer({ default: 9 }) })
    await at.follow(to)
    await reached(at, to)
    assert.deepEqual(await at.rows('select a from shop.item order by a'), ['1', '3', '9'])
  })

  test('values of a choice change; one in use is not taken away', async (context) => {
    const at = await start(context, { s: choice(['open', 'paid', 'void']) }, { s: "'paid'" })
    const wider = of({ s: choice(['open', 'paid', 'void', 'lost']) })
    await at.follow(wider)
    await reached(at, wider)
    const failure = await at.refused(of({ s: choice(['open', 'void']) }))
    assert.match(failure.detail, /3 records of item break the check item__s__oneof/)
    const narrower = of({ s: choice(['open', 'paid']) })
    await at.follow(narrower)
    await reached(at, narrower)
    await assert.rejects(at.run("update shop.item set s = 'void'"))
  })

  test('a formula changes, under a source that changes its type', async (context) => {
    const row = (fields: Members, compute: object) => of(fields, { compute })
    const at = await world(server, context)
    const from = row(
      { a: integer(), total: computed(integer()) },
      { total: ({ row }: never) => (row as { a: { plus(n: number): unknown } }).a.plus(1) },
    )
    await at.follow(from)
    await at.run(insert('shop.item', 3, { a: 'n' }))
    const to = row(
      { a: bigint(), total: computed(bigint()) },
      { total: ({ row }: never) => (row as { a: { times(n: number): unknown } }).a.times(10) },
    )
    const { steps } = await at.follow(to, { ask: () => false })
    assert.ok(steps.every(({ safety }) => safety !== 'destructive'))
    await reached(at, to)
    assert.deepEqual(await at.rows('select total from shop.item order by 1'), ['10', '20', '30'])
    await at.follow(of({ a: bigint(), total: bigint() }), { ask: () => false })
    assert.deepEqual(await at.rows('select sum(total) from shop.item'), ['60'])
  })

  test('a source changes its type under a formula that stays', async (context) => {
    const compute = {
      total: ({ row }: never) => (row as { a: { plus(n: number): unknown } }).a.plus(1),
    }
    const models = (a: Members['a']) => of({ a, total: computed(bigint()) } as Members, { compute })
    const at = await world(server, context)
    await at.follow(models(integer()))
    await at.run(insert('shop.item', 2, { a: 'n' }))
    await at.follow(models(bigint()), { ask: () => false })
    await reached(at, models(bigint()))
    assert.deepEqual(await at.rows('select total from shop.item order by 1'), ['2', '3'])
  })

  test('a formula comes after the columns it reads', async (context) => {
    const at = await start(context, named, filled)
    const compute = {
      total: ({ row }: never) => (row as { a: { plus(n: number): unknown } }).a.plus(1),
    }
    const to = of({ total: computed(integer()), a: integer({ default: 1 }), ...named }, { compute })
    await at.follow(to)
    await reached(at, to)
    assert.deepEqual(await at.rows('select distinct total from shop.item'), ['2'])
  })
})
