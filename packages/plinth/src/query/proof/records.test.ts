import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../base/failure.ts'
import { onBothServers } from '../../database/proof/servers.ts'
import { ada, ben, guest, idOf } from './shop.ts'
import { openShop } from './world.ts'

const stamps = {
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00.25Z',
  version: 1,
}

const atlas = {
  id: idOf('d', 1),
  sku: 'p1',
  name: 'Atlas 100%',
  price: { amount: 1000, currency: 'GBP' },
  weight: '1.500',
  state: 'new',
  published: true,
  launchedAt: '2026-02-01T10:00:00.5Z',
  words: ['red', 'a "b"'],
  details: { a: 1 },
}
const links = { categoryId: idOf('c', 4), ownerId: idOf('a', 1), ...stamps }

/** All that can be included, at many depths. */
const everything = {
  fields: ['sku', 'rank'],
  include: {
    owner: { fields: ['name'], include: { profile: { fields: ['motto'] } } },
    category: {
      fields: ['name'],
      include: { products: { fields: ['sku'], sort: ['-sku'], limit: 1 } },
    },
    reviews: {
      fields: ['stars', 'secret'],
      sort: ['stars'],
      include: { replies: { fields: ['body'], sort: ['-body'] }, author: { fields: ['name'] } },
    },
    tags: { fields: ['label'], filter: { label: { ne: 'none' } }, sort: ['label'] },
  },
  count: 'exact',
  filter: { sku: { in: ['p1', 'p2', 'p3'] } },
}

onBothServers('Records', (server) => {
  test('show each caller its own fields, in order', async (context) => {
    const world = await openShop(server, context)
    const read = async (as: typeof ada) =>
      JSON.stringify(
        JSON.parse((await world.get({ model: 'product', as, by: { id: idOf('d', 1) } })).body),
      )
    assert.equal(await read(guest), JSON.stringify({ ...atlas, ...links }))
    assert.equal(await read(ada), JSON.stringify({ ...atlas, rank: 7, ...links }))
    const cost = { amount: 400, currency: 'GBP' }
    assert.equal(await read(ben), JSON.stringify({ ...atlas, cost, rank: 7, ...links }))
    const byKey = await world.get({ model: 'product', as: guest, by: { sku: 'p1' } })
    assert.deepEqual(JSON.parse(byKey.body), JSON.parse(await read(guest)))
  })

  test('that are hidden, deleted, unknown or misnamed are not found', async (context) => {
    const world = await openShop(server, context)
    const wanted = [
      { id: idOf('d', 4) },
      { id: idOf('d', 6) },
      { id: idOf('d', 9) },
      { id: 'x' },
      { sku: 'p4' },
    ]
    const failures = new Set<string>()
    for (const by of wanted) {
      const failure = await world.get({ model: 'product', as: guest, by }).catch((error) => error)
      assert.ok(failure instanceof Failure)
      failures.add(`${failure.code} ${failure.detail}`)
    }
    assert.equal(failures.size, 1)
    assert.match([...failures].join(), /^not_found /)
  })

  test('carry what is included, under its own rules, to any depth', async (context) => {
    const world = await openShop(server, context)
    const { data, count } = await world.list({ model: 'product', as: ada, query: everything })
    assert.equal(count, 3)
    const product = (id: number) => ({ id: idOf('d', id), sku: `p${id}` })
    const adaRecord = {
      id: idOf('a', 1),
      name: 'Ada',
      profile: { id: idOf('f', 1), motto: 'per aspera' },
    }
    const replies = ['thanks', 'indeed'].map((body, index) => ({ id: idOf('b', index + 1), body }))
    const tag = (id: number, label: string) => ({
      id: `77777777-0000-7000-8000-00000000000${id}`,
      label,
    })
    assert.deepEqual(data, [
      {
        ...product(1),
        rank: 7,
        category: { id: idOf('c', 4), name: 'Maps', products: [product(1)] },
        owner: adaRecord,
        tags: [tag(1, 'new'), tag(2, 'old')],
        reviews: [
          { id: idOf('e', 2), stars: 3, secret: 's2', author: null, replies: [] },
          { id: idOf('e', 1), stars: 5, secret: 's1', author: null, replies },
        ],
      },
      {
        ...product(2),
        category: { id: idOf('c', 1), name: 'Books', products: [product(2)] },
        owner: null,
        tags: [],
        reviews: [
          {
            id: idOf('e', 4),
            stars: 4,
            author: adaRecord && { id: idOf('a', 1), name: 'Ada' },
            replies: [],
          },
        ],
      },
      { ...product(3), category: null, owner: null, tags: [], reviews: [] },
    ])
  })

  test('are counted under the rules, in full or up to a cap', async (context) => {
    const world = await openShop(server, context)
    const count = async (as: typeof ada, query: object) => {
      const body = await world.list({ model: 'product', as, query: { limit: 1, ...query } })
      return [body.count, body.countExact]
    }
    assert.deepEqual(await count(guest, { count: 'exact' }), [4, undefined])
    assert.deepEqual(await count(ben, { count: 'estimated' }), [5, true])
    assert.deepEqual(await count(guest, { count: 'exact', filter: { sku: 'none' } }), [
      0,
      undefined,
    ])
  })
})
