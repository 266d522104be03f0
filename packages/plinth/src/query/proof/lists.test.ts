import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBothServers } from '../../database/proof/servers.ts'
import { ada, ben, guest } from './shop.ts'
import { openShop, type Question, type World } from './world.ts'

async function skus(world: World, as: Question['as'], query?: unknown): Promise<string> {
  const { data } = await world.list({ model: 'product', as, query })
  return data.map((record) => String(record.sku)).join(' ')
}

/** Filters on products, and what guest, Ada and the staff find. */
const filters: readonly (readonly [object, string, string, string])[] = [
  [{}, 'p1 p2 p3 p5', 'p1 p2 p3 p5', 'p1 p2 p3 p4 p5'],
  [{ price: 500 }, 'p3 p5', 'p3 p5', 'p3 p5'],
  [{ price: { amount: 500, currency: 'GBP' } }, 'p3 p5', 'p3 p5', 'p3 p5'],
  [{ price: { ne: 500 } }, 'p1 p2', 'p1 p2', 'p1 p2 p4'],
  [{ price: { gt: 500, lte: 1000 } }, 'p1', 'p1', 'p1'],
  [{ price: { gte: 1000 } }, 'p1 p2', 'p1 p2', 'p1 p2'],
  [{ weight: { lt: '1.5' } }, 'p3', 'p3', 'p3'],
  [{ not: { weight: { lt: '1.5' } } }, 'p1 p2 p5', 'p1 p2 p5', 'p1 p2 p4 p5'],
  [{ weight: { ne: '1.5' } }, 'p3', 'p3', 'p3'],
  [{ weight: null }, 'p2 p5', 'p2 p5', 'p2 p4 p5'],
  [{ weight: { isNull: false } }, 'p1 p3', 'p1 p3', 'p1 p3'],
  [{ sku: { in: ['p1', 'p4', 'p6', 'x"y'] } }, 'p1', 'p1', 'p1 p4'],
  [{ sku: { in: [] } }, '', '', ''],
  [{ sku: { notIn: ['p1', 'p4'] } }, 'p2 p3 p5', 'p2 p3 p5', 'p2 p3 p5'],
  [{ name: { contains: '0%' } }, 'p1', 'p1', 'p1'],
  [{ name: { contains: '_' } }, 'p2', 'p2', 'p2'],
  [{ name: { contains: '\\' } }, 'p3', 'p3', 'p3'],
  [{ name: { startsWith: 'B' } }, 'p2', 'p2', 'p2'],
  [{ name: { endsWith: '%' } }, 'p1', 'p1', 'p1'],
  [{ name: { icontains: 'bIB' } }, 'p2', 'p2', 'p2'],
  [{ name: { gte: 'Z' } }, 'p5', 'p5', 'p5'],
  [{ words: { has: 'a "b"' } }, 'p1', 'p1', 'p1'],
  [{ words: { eq: [] } }, 'p3', 'p3', 'p3'],
  [{ details: { isNull: false } }, 'p1', 'p1', 'p1'],
  [{ launchedAt: { lt: '2026-01-15T00:00:00Z' } }, 'p3 p5', 'p3 p5', 'p3 p5'],
  [{ or: [{ sku: 'p1' }, { sku: 'p2' }] }, 'p1 p2', 'p1 p2', 'p1 p2'],
  [{ or: [] }, '', '', ''],
  [{ and: [{ sku: 'p1' }, { sku: 'p2' }] }, '', '', ''],
  [{ not: { or: [{ sku: 'p1' }, { sku: 'p2' }] } }, 'p3 p5', 'p3 p5', 'p3 p4 p5'],
  // The hidden category and the deleted one are no categories to anybody.
  [{ category: {} }, 'p1 p2', 'p1 p2', 'p1 p2 p4'],
  [{ category: { name: { isNull: false } } }, 'p1 p2', 'p1 p2', 'p1 p2 p4'],
  [{ 'category.parent.name': 'Books' }, 'p1', 'p1', 'p1'],
  [{ not: { 'category.name': 'Books' } }, 'p1 p3 p5', 'p1 p3 p5', 'p1 p3 p5'],
  [{ reviews: { some: { stars: 0 } } }, '', '', ''],
  [{ reviews: { none: {} } }, 'p3 p5', 'p3 p5', 'p3 p5'],
  [{ reviews: { every: { stars: { gte: 4 } } } }, 'p2 p3 p5', 'p2 p3 p5', 'p2 p3 p4 p5'],
  [{ reviews: { some: { body: 'fine' } } }, 'p1', 'p1', 'p1'],
  [{ tags: { some: { label: 'new' } } }, 'p1', 'p1', 'p1 p4'],
]

onBothServers('Lists', (server) => {
  test('find what matches and is readable', async (context) => {
    const world = await openShop(server, context)
    for (const [filter, forGuest, forAda, forStaff] of filters) {
      const label = JSON.stringify(filter)
      assert.equal(await skus(world, guest, { filter }), forGuest, `guest ${label}`)
      assert.equal(await skus(world, ada, { filter }), forAda, `Ada ${label}`)
      assert.equal(await skus(world, ben, { filter }), forStaff, `staff ${label}`)
    }
  })

  test('know nothing of a field where its rule hides it', async (context) => {
    const world = await openShop(server, context)
    // The rank is for the owner and the staff: p1 and p5 are Ada's, p2 is Ben's.
    const cases: readonly (readonly [object, string, string])[] = [
      [{ filter: { rank: { gte: 1 } } }, 'p1 p5', 'p1 p2 p4 p5'],
      [{ filter: { rank: 9 } }, '', 'p2'],
      [{ filter: { rank: { in: [9, 7] } } }, 'p1', 'p1 p2'],
      [{ filter: { not: { rank: 9 } } }, 'p1 p2 p3 p5', 'p1 p3 p4 p5'],
      [{ filter: { rank: null } }, 'p2 p3', 'p3'],
      [{ filter: { or: [{ rank: 9 }, { rank: 3 }] } }, 'p5', 'p2 p5'],
      [{ filter: { 'category.products': { some: { rank: 9 } } } }, '', 'p2 p4'],
      [{ sort: ['-rank', 'sku'] }, 'p2 p3 p1 p5', 'p3 p2 p1 p5 p4'],
      [{ filter: { reviews: { some: { secret: 's4' } } } }, '', 'p2'],
      [{ filter: { reviews: { some: { secret: 's1' } } } }, 'p1', ''],
    ]
    for (const [query, forAda, forBen] of cases) {
      assert.equal(await skus(world, ada, query), forAda, `Ada ${JSON.stringify(query)}`)
      assert.equal(await skus(world, ben, query), forBen, `Ben ${JSON.stringify(query)}`)
    }
  })
})
