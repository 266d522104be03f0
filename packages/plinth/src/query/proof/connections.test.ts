import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askerOf, factsOf } from '../../access/caller.ts'
import { present } from '../../base/assert.ts'
import { Failure } from '../../base/failure.ts'
import { onBothServers } from '../../database/proof/servers.ts'
import { planTogether, runTogether } from '../read/together.ts'
import { ada, ben, catalog, guest, idOf } from './shop.ts'
import { cursors, modelOf, now, openShop, planOf, type Question, type World } from './world.ts'

/** A connection as JSON has it. */
interface Connection {
  readonly data: readonly { readonly sku: string; readonly $cursor?: string }[]
  readonly page: {
    readonly hasNext: boolean
    readonly hasPrevious: boolean
    readonly start?: string | null
    readonly end?: string | null
  }
  readonly count?: number
}

const skus = ({ data }: Connection): string => data.map(({ sku }) => sku).join(' ')

async function list(world: World, query: object): Promise<Connection> {
  const asked = { model: 'product', as: ben, connections: true, query }
  return (await world.list(asked)) as unknown as Connection
}

async function included(world: World, options: object): Promise<Connection> {
  const include = { $0: { relation: 'products', fields: ['sku'], ...options } }
  const { body } = await world.get({
    ...{ model: 'category', as: ben, connections: true, by: { id: idOf('c', 1) } },
    query: { fields: ['name'], include },
  })
  return JSON.parse(body).$0
}

/** Follows a connection to its end, one row at a time. */
async function walk(ask: (options: object) => Promise<Connection>, backwards: boolean) {
  const seen: string[] = []
  let place: object = backwards ? { from: 'end' } : {}
  for (let page = 0; page < 10; page++) {
    const found = await ask({ limit: 1, cursors: 'ends', ...place })
    seen.push(skus(found))
    const { hasNext, hasPrevious, start, end } = found.page
    assert.equal(backwards ? hasNext : hasPrevious, page > 0, 'what lies behind is told')
    if (!(backwards ? hasPrevious : hasNext)) return seen.join(' ')
    place = backwards ? { before: start } : { after: end }
  }
  return 'endless'
}

onBothServers('Connections', (server) => {
  test('are walked from both ends, in every order, over nulls too', async (context) => {
    const world = await openShop(server, context)
    for (const sort of [undefined, ['-sku'], ['weight'], ['-weight', 'price'], ['category.name']]) {
      const whole = skus(await list(world, { sort, fields: ['sku'] }))
      const ask = (options: object) => list(world, { sort, fields: ['sku'], ...options })
      assert.equal(await walk(ask, false), whole)
      assert.equal(await walk(ask, true), whole.split(' ').reverse().join(' '))
    }
    for (const sort of [['sku'], ['-price']]) {
      const whole = skus(await included(world, { sort }))
      const ask = (options: object) => included(world, { sort, ...options })
      assert.equal(whole.split(' ').length, 2)
      assert.equal(await walk(ask, false), whole)
      assert.equal(await walk(ask, true), whole.split(' ').reverse().join(' '))
    }
  })

  test('have the cursors of plain lists', async (context) => {
    const world = await openShop(server, context)
    const query = { sort: ['-sku'], limit: 2, filter: { price: { gte: 500 } } }
    const plain = await world.list({ model: 'product', as: ben, query })
    const { data, page } = await list(world, { ...query, cursors: 'each' })
    assert.equal(page.end, plain.page.next)
    assert.deepEqual(
      data.map(({ $cursor }) => $cursor),
      [page.start, page.end],
    )
    const { page: none } = await list(world, query)
    assert.deepEqual(Object.keys(none), ['hasNext', 'hasPrevious'])
  })

  test('stand side by side under other names, each with its own question', async (context) => {
    const world = await openShop(server, context)
    const include = {
      $0: { relation: 'products', fields: ['sku'], filter: { price: 1 }, count: 'exact' },
      $1: { relation: 'products', fields: ['sku'], limit: 1, count: 'exact' },
      $2: { relation: 'parent', fields: ['name'] },
    }
    const { body } = await world.get({
      ...{ model: 'category', as: ben, connections: true, by: { id: idOf('c', 1) } },
      query: { fields: ['name'], include },
    })
    const { $0, $1, $2, name } = JSON.parse(body)
    assert.equal(name, 'Books')
    assert.equal($2, null)
    assert.deepEqual([skus($0), $0.count, $0.page.hasNext], ['p4', 1, false])
    assert.deepEqual([skus($1), $1.count, $1.page.hasNext], ['p2', 2, true])
  })

  test('take only cursors of the same question', async (context) => {
    const world = await openShop(server, context)
    const { page } = await included(world, { sort: ['sku'], limit: 1, cursors: 'ends' })
    for (const options of [{ sort: ['-sku'] }, { sort: ['sku'], filter: { price: 1 } }, {}]) {
      await assert.rejects(included(world, { after: page.end, ...options }), (failure: unknown) => {
        assert.ok(failure instanceof Failure)
        assert.deepEqual(
          failure.problems.map(({ pointer, code }) => [pointer, code]),
          [['/include/$0/after', 'bad_cursor']],
        )
        return true
      })
    }
    const both = { sort: ['sku'], after: page.end, before: page.end }
    await assert.rejects(included(world, both), Failure)
  })

  test('are nothing that a plain read can ask for', async (context) => {
    const world = await openShop(server, context)
    const queries = [{ cursors: 'each' }, { from: 'end' }, { include: { x: { relation: 'tags' } } }]
    for (const query of queries) {
      await assert.rejects(world.list({ model: 'product', as: ben, query }), Failure)
    }
  })

  test('are read together in one statement, as each would be alone', async (context) => {
    const world = await openShop(server, context)
    const questions: readonly (Question & { readonly as: typeof ada })[] = [
      { model: 'product', as: ada, query: { filter: { price: { gte: 500 } }, sort: ['-rank'] } },
      {
        model: 'product',
        as: ada,
        by: { sku: 'p1' },
        query: { include: { $0: { relation: 'tags' } } },
      },
      { model: 'product', as: ada, by: { sku: 'p4' } },
      { model: 'product', as: ada, query: { count: 'exact', filter: { sku: 'none' } } },
      { model: 'review', as: ada, query: { filter: { product: { sku: 'p1' } }, cursors: 'each' } },
    ]
    const reads = questions.map((each) => ({ ...planOf({ ...each, connections: true }), each }))
    const facts = factsOf(ada, catalog)
    const plan = planTogether(
      reads.map(({ parsed: { shape, values }, each }) => {
        return { catalog, facts, model: modelOf(each.model), shape, values: values.length }
      }),
    )
    let statements = 0
    const reader = {
      query: (query: Parameters<typeof world.database.query>[0]) => {
        statements++
        return world.database.query(query)
      },
    }
    const inputs = { ...askerOf(ada), now }
    const run = { plan, inputs, reads: reads.map(({ parsed }) => parsed) }
    const answers = await runTogether(reader, run, cursors)
    assert.equal(statements, 1)
    for (const [at, question] of questions.entries()) {
      const asked = { ...question, connections: true }
      const alone = await (question.by ? world.get(asked) : world.list(asked)).catch(
        () => undefined,
      )
      const text = answers[at]?.text()
      const expected = alone && 'body' in alone ? JSON.parse(alone.body as string) : alone
      assert.deepEqual(text === undefined ? undefined : JSON.parse(text), expected)
    }
    assert.equal(answers[2], undefined, 'what Ada may not see is not there')
    const reviews = present(answers.at(-1), 'the reviews')
    const { data, page } = JSON.parse(reviews.text())
    const names = ['$cursor', 'none', 'stars', 'id']
    const pieces = reviews.connection({ members: names.map((name) => ({ prefix: `"${name}":` })) })
    assert.ok(data.length > 0)
    assert.deepEqual(
      pieces.records.map((record) => record.pieces.map(parsed)),
      data.map((record: Record<string, unknown>) => names.map((name) => record[name])),
    )
    const { hasNext, hasPrevious, start, end } = pieces
    assert.deepEqual([hasNext, hasPrevious, start, end].map(parsed), Object.values(page))
    assert.notEqual(guest, ada)
  })
})

function parsed(piece: unknown): unknown {
  return piece === undefined ? undefined : JSON.parse(String(piece))
}
