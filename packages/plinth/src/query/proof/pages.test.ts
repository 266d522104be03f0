import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../../base/failure.ts'
import { onBothServers } from '../../database/proof/servers.ts'
import { ada, ben, guest, idOf } from './shop.ts'
import { type ListBody, openShop, type Question, run, type World } from './world.ts'

const count = 30

/** Products with many equal values and nulls, in and out of sight. */
function rows(seed: number): string {
  const pick = (at: number, of: readonly string[]) => of[(at * 7 + seed + (at % 5)) % of.length]
  const quoted = (id: string) => `'${id}'`
  const categories = [quoted(idOf('c', 1)), 'null', quoted(idOf('c', 2)), quoted(idOf('c', 4))]
  const values = Array.from({ length: count }, (_, at) => [
    quoted(idOf('9', (at * 17) % count)),
    'now(), now(), 1',
    `'s${at}'`,
    pick(at, ["'b'", "'B'", "'é'", "''", "'a b'"]),
    at % 3,
    pick(at, ['null', '1.5', '0.25', '10']),
    at % 7 !== 0,
    pick(at + 1, ["'2026-01-01'", 'null', "'2026-01-01 00:00:00.000001'"]),
    at % 4,
    pick(at + 2, categories),
    pick(at + 3, [quoted(idOf('a', 1)), 'null']),
    "'new'",
  ])
  const columns = [
    'id, created_at, updated_at, version, sku, name, price, weight, published',
    'launched_at, rank, category_id, owner_id, state',
  ].join(', ')
  const tuples = values.map((cells) => `(${cells.join(', ')})`).join(', ')
  return `truncate shop.product cascade; insert into shop.product (${columns}) values ${tuples};`
}

const fields = [
  'name',
  'price',
  'weight',
  'published',
  'launchedAt',
  'rank',
  'category.name',
  'category.parent.name',
  'owner.name',
]
const guestFields = fields.filter((field) => field !== 'rank' && field !== 'owner.name')
const keys = (of: readonly string[]) =>
  fc.uniqueArray(fc.tuple(fc.constantFrom(...of), fc.constantFrom('', '-')), {
    maxLength: 4,
    selector: ([field]) => field,
  })

const include = fc.constantFrom({}, { include: { category: true } }, { include: { reviews: true } })

async function walk(world: World, asked: Question, limit: number): Promise<string[][]> {
  const query = asked.query as object
  const page = (more: object): Promise<ListBody> =>
    world.list({ ...asked, query: { ...query, limit, ...more } })
  const pages: ListBody[] = [await page({})]
  for (let next = pages[0]?.page.next; next; next = pages.at(-1)?.page.next) {
    pages.push(await page({ after: next }))
  }
  // Back again from the last page: the same records, page by page.
  const back: ListBody[] = [pages.at(-1) as ListBody]
  for (let before = back[0]?.page.previous; before; before = back[0]?.page.previous) {
    back.unshift(await page({ before }))
  }
  const ids = (from: readonly ListBody[]) =>
    from.flatMap(({ data }) => data.map(({ id }) => String(id)))
  return [ids(pages), ids(back)]
}

onBothServers('Pages', (server) => {
  test('visit each record once, forwards and backwards', { timeout: 400_000 }, async (context) => {
    const world = await openShop(server, context)
    const callers = [guest, ada, ben] as const
    const property = fc.asyncProperty(
      fc.record({
        seed: fc.nat(20),
        who: fc.nat(2),
        limit: fc.constantFrom(1, 4, 7, 29, 40),
        extra: include,
      }),
      keys(fields),
      async ({ seed, who, limit, extra }, sortKeys) => {
        await run(world.database, rows(seed))
        const as = callers[who] ?? guest
        const usable = sortKeys.filter(([field]) => who > 0 || guestFields.includes(field))
        const sort = usable.map(([field, sign]) => `${sign}${field}`)
        const asked = { model: 'product', as, query: { sort, fields: ['sku'], ...extra } }
        const whole = await world.list({ ...asked, query: { ...asked.query, limit: 100 } })
        const all = whole.data.map(({ id }) => String(id))
        assert.equal(new Set(all).size, as === ben ? count : count - 5)
        const [forwards, backwards] = await walk(world, asked, limit)
        assert.deepEqual(forwards, all)
        assert.deepEqual(backwards, all)
      },
    )
    await fc.assert(property, { numRuns: 25, interruptAfterTimeLimit: 30_000 })
  })

  test('take only their own cursors, of the same question by the same caller', async (context) => {
    const world = await openShop(server, context)
    await run(world.database, rows(1))
    const query = { limit: 5, sort: ['name'], filter: { price: { gte: 0 } } }
    const { page } = await world.list({ model: 'product', as: ada, query })
    const after = page.next ?? ''
    assert.ok(after.length > 0)
    const tampered = `${after.slice(0, 20)}${after[20] === 'A' ? 'B' : 'A'}${after.slice(21)}`
    const wrong: readonly Question[] = [
      { model: 'product', as: ada, query: { ...query, after: tampered } },
      { model: 'product', as: ada, query: { ...query, after: 'x' } },
      { model: 'product', as: ada, query: { ...query, after: '' } },
      { model: 'product', as: ada, query: { ...query, after: 'A'.repeat(5000) } },
      { model: 'product', as: ada, query: { ...query, after: 7 } },
      { model: 'product', as: ben, query: { ...query, after } },
      { model: 'product', as: ada, query: { ...query, after, sort: ['-name'] } },
      { model: 'product', as: ada, query: { ...query, after, filter: { price: { gte: 1 } } } },
      { model: 'category', as: ada, query: { limit: 5, sort: ['name'], after } },
    ]
    for (const question of wrong) {
      const failure = await world.list(question).catch((error: unknown) => error)
      assert.ok(failure instanceof Failure, JSON.stringify(question))
      assert.equal(failure.code, 'invalid_input')
      assert.deepEqual(
        failure.problems.map(({ pointer, code }) => [pointer, code]),
        [['/after', 'bad_cursor']],
      )
    }
    const next = await world.list({
      model: 'product',
      as: ada,
      query: { ...query, limit: 9, after },
    })
    assert.equal(next.data.length, 9, 'the size of the page may change')
  })
})
