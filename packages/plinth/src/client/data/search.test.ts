import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readQuery } from '../../rest/query/read-query.ts'
import { search } from './search.ts'

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null))

/** What the server makes of it. */
const read = (query: Readonly<Record<string, unknown>>) =>
  plain(readQuery(search(query).slice(1), 'record'))

test('the server reads what was asked for, whatever stands in it', () => {
  assert.equal(search({}), '')
  assert.deepEqual(read({ fields: ['sku', 'name'] }), { fields: ['sku', 'name'] })
  assert.deepEqual(read({ include: { category: true, lines: { include: { product: {} } } } }), {
    include: { category: true, lines: { include: { product: true } } },
  })
  const lines = {
    fields: ['a'],
    sort: ['-b', 'c'],
    limit: 5,
    filter: {
      note: { contains: 'a,b&c=d [é] 100%+' },
      labels: { in: ['x,y', 'z'] },
      price: { amount: 5, currency: 'GBP' },
      paid: true,
      or: [{ x: { lt: 3 } }, { not: { y: { some: { z: 'in' } } } }],
    },
    include: { product: { fields: ['sku'] } },
  }
  assert.deepEqual(read({ include: { lines } }), {
    include: {
      lines: {
        ...{ fields: ['a'], sort: ['-b', 'c'], limit: '5' },
        filter: {
          note: { contains: 'a,b&c=d [é] 100%+' },
          labels: { in: ['x,y', 'z'] },
          ...{ price: '5', paid: 'true' },
          or: [{ x: { lt: '3' } }, { not: { y: { some: { z: 'in' } } } }],
        },
        include: { product: { fields: ['sku'] } },
      },
    },
  })
})

test('null is told by a word', () => {
  const filter = { a: null, b: { eq: null }, c: { ne: null }, d: undefined }
  assert.deepEqual(read({ include: { lines: { filter } } }), {
    include: {
      lines: { filter: { a: { isNull: 'true' }, b: { isNull: 'true' }, c: { isNull: 'false' } } },
    },
  })
})
