import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Caller } from '../../access/caller.ts'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { ada, ben, guest } from '../proof/shop.ts'
import { planOf } from '../proof/world.ts'

function failureOf(as: Caller, query: unknown, text = false): Failure {
  try {
    planOf({ model: 'product', as, query, text })
  } catch (error) {
    assert.ok(error instanceof Failure, String(error))
    return error
  }
  return assert.fail(`${JSON.stringify(query)} was taken`)
}

function problems(query: unknown, text = false): readonly string[] {
  return failureOf(ada, query, text).problems.map(({ pointer, code }) => `${pointer} ${code}`)
}

const grammarWords = 'filter sort fields include limit count and or not some eq in isNull lt'
const shopWords =
  'price sku category category.name reviews category. toString __proto__ constructor'

/** Words of the grammar, of the shop, and none. */
const word = fc.oneof(
  fc.constantFrom(...grammarWords.split(' ')),
  fc.constantFrom(...shopWords.split(' ')),
  fc.constantFrom('', '.', '-', '\0', 'valueOf'),
  fc.string(),
)

describe('A read', () => {
  test('means the same as JSON and as text', () => {
    const pairs: readonly (readonly [object, object])[] = [
      [{ filter: { price: { lte: 1000 } } }, { filter: { price: { lte: '1000' } } }],
      [{ filter: { published: true } }, { filter: { published: 'true' } }],
      [{ filter: { sku: { in: ['a', 'b'] } } }, { filter: { sku: { in: 'a,b' } } }],
      [{ filter: { sku: { in: ['a,b'] } } }, { filter: { sku: { in: ['a,b'] } } }],
      [{ filter: { category: { name: 'x' } } }, { filter: { 'category.name': { eq: 'x' } } }],
      [
        { filter: { or: [{ sku: 'a' }, { rank: null }] } },
        { filter: { or: { 0: { sku: 'a' }, 1: { rank: { isNull: 'true' } } } } },
      ],
      [
        { filter: { reviews: { some: { stars: { gt: 2 } } } } },
        { filter: { reviews: { some: { stars: { gt: '2' } } } } },
      ],
      [{ sort: ['-price', 'category.name'] }, { sort: '-price,category.name' }],
      [{ fields: ['sku', 'price'] }, { fields: 'price,sku' }],
      [{ include: { category: true } }, { include: 'category' }],
      [
        { include: { category: { fields: ['name'] } }, fields: ['sku'] },
        { fields: 'sku,category.name' },
      ],
      [
        { include: { reviews: { include: { author: true } } } },
        { include: 'reviews.author,reviews' },
      ],
      [
        { include: { reviews: { limit: 3, sort: ['-stars'] } } },
        { include: { reviews: { limit: '3', sort: '-stars' } } },
      ],
      [
        { limit: 7, count: 'exact' },
        { limit: '7', count: 'exact' },
      ],
      [{}, {}],
    ]
    for (const [json, text] of pairs) {
      const one = planOf({ model: 'product', as: ada, query: json }).parsed
      const two = planOf({ model: 'product', as: ada, query: text, text: true }).parsed
      assert.deepEqual([two.key, two.values], [one.key, one.values], JSON.stringify(json))
    }
  })

  test('has one shape whatever its values', () => {
    const key = (filter: object) =>
      planOf({ model: 'product', as: ada, query: { filter } }).parsed.key
    assert.equal(key({ sku: { in: ['a'] } }), key({ sku: { in: ['b', 'c', 'd'] } }))
    assert.equal(key({ price: { lt: 1 } }), key({ price: { lt: 2 } }))
    assert.notEqual(key({ price: { lt: 1 } }), key({ price: { lte: 1 } }))
  })

  test('names every problem at its place', () => {
    const query = {
      filter: {
        price: { lte: 'x', near: 1 },
        nope: 1,
        or: 7,
        category: { name: { eq: 5 } },
        sku: ['a'],
      },
      sort: ['nope', 7, 'details'],
      fields: ['nope', 3],
      include: { nope: true, category: { sort: ['name'] }, reviews: 5 },
      limit: 0,
      count: 'all',
      page: 3,
    }
    assert.deepEqual(problems(query), [
      '/page unknown_option',
      '/filter/price/lte wrong_type',
      '/filter/price/near unknown_operator',
      '/filter/nope unknown_field',
      '/filter/or wrong_type',
      '/filter/category/name/eq wrong_type',
      '/filter/sku wrong_type',
      '/sort/0 unknown_field',
      '/sort/1 wrong_type',
      '/sort/2 not_sortable',
      '/fields/0 unknown_field',
      '/fields/1 wrong_type',
      '/include/reviews wrong_type',
      '/include/nope unknown_relation',
      '/include/category/sort unknown_option',
      '/limit wrong_type',
      '/count not_in_choices',
    ])
    assert.deepEqual(problems({ filter: { price: { lte: 'x' } }, sort: '-nope' }, true), [
      'filter[price][lte] bad_format',
      'sort unknown_field',
    ])
  })

  test('is refused where it asks for too much, naming the cap', () => {
    const deep = (depth: number): object => (depth === 0 ? { sku: 'a' } : { not: deep(depth - 1) })
    const chain = (depth: number): object =>
      depth === 0 ? {} : { include: { category: { include: { products: chain(depth - 1) } } } }
    const many = Array.from({ length: limits.filterTermsMax + 5 }, () => ({ sku: 'a' }))
    const costly: readonly (readonly [object, string])[] = [
      [{ filter: deep(limits.filterDepthMax) }, 'filterDepthMax'],
      [{ filter: { 'category.parent.parent.parent.parent.parent.name': 'x' } }, 'filterDepthMax'],
      [{ filter: { or: many } }, 'filterTermsMax'],
      [{ filter: { sku: { in: Array(limits.filterValuesMax + 1).fill('a') } } }, 'filterValuesMax'],
      [{ sort: ['sku', 'name', 'price', 'state', 'rank'] }, 'sortFieldsMax'],
      [chain(3), 'includeDepthMax'],
      [{ limit: limits.pageSizeMax + 1 }, 'pageSizeMax'],
      [{ include: { reviews: { limit: limits.includedRowsMax + 1 } } }, 'includedRowsMax'],
      [{ fields: Array(limits.fieldsMax + 1).fill('sku') }, 'fieldsMax'],
      [
        { limit: 200, include: { reviews: { limit: 100, include: { replies: true } } } },
        'rowsPerReadMax',
      ],
    ]
    for (const [query, cap] of costly) {
      const failure = failureOf(ada, query)
      assert.equal(failure.code, 'query_too_costly', cap)
      assert.match(failure.detail, new RegExp(`\\(${cap}\\)`))
    }
    planOf({ model: 'product', as: ada, query: { filter: deep(limits.filterDepthMax - 1) } })
    const usual = { include: { reviews: { include: { replies: true } } } }
    planOf({ model: 'product', as: ada, query: usual })
  })

  test('never ends but in a plan or a Failure', () => {
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.oneof(word, fc.integer(), fc.boolean(), fc.constant(null)),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc
          .array(fc.tuple(word, tie('tree')), { maxLength: 4 })
          .map((each) => Object.fromEntries(each)),
      ),
    }))
    const property = fc.property(
      fc.tuple(tree, tree, tree),
      fc.boolean(),
      ([filter, sort, include], text) => {
        for (const query of [{ filter }, { sort, fields: sort }, { include }, filter]) {
          try {
            planOf({ model: 'product', as: ada, query, text })
          } catch (error) {
            if (!(error instanceof Failure)) throw error
          }
        }
      },
    )
    fc.assert(property, { numRuns: 2_000 })
  })
})

describe('What a caller can never read', () => {
  // A field and a relation that are there, and are not for guests.
  const hidden = ['cost', 'ledgers'] as const
  const forms: readonly ((name: string) => object)[] = [
    (name) => ({ filter: { [name]: 1 } }),
    (name) => ({ filter: { [name]: { isNull: true } } }),
    (name) => ({ filter: { [name]: { nonsense: 1 } } }),
    (name) => ({ filter: { [name]: { name: 'x' } } }),
    (name) => ({ filter: { not: { [name]: 1 } } }),
    (name) => ({ filter: { or: [{ sku: 'a' }, { and: [{ [name]: 1 }] }] } }),
    (name) => ({ filter: { 'category.parent': {}, [`${name}.name`]: 'x' } }),
    (name) => ({ filter: { category: { products: { some: { [name]: 1 } } } } }),
    (name) => ({ filter: { [name]: { some: {} } } }),
    (name) => ({ sort: [name] }),
    (name) => ({ sort: [`-${name}`] }),
    (name) => ({ sort: [`${name}.name`] }),
    (name) => ({ fields: [name] }),
    (name) => ({ fields: [`${name}.name`] }),
    (name) => ({ include: { [name]: true } }),
    (name) => ({ include: { [name]: { nonsense: 1 } } }),
    (name) => ({ include: { category: { include: { products: { fields: [name] } } } } }),
    (name) => ({
      include: { category: { include: { products: { sort: [name], filter: { [name]: 1 } } } } },
    }),
  ]

  test('is answered as what does not exist, byte for byte', () => {
    for (const form of forms) {
      for (const name of hidden) {
        // As long as the hidden name, and as far from every name that can be seen.
        const unknown = name.replace(/[a-z]/g, 'z')
        for (const text of [false, true]) {
          const one = failureOf(guest, form(name), text)
          const two = failureOf(guest, form(unknown), text)
          const said = JSON.stringify([one.code, one.detail, one.problems])
          assert.equal(
            said.replaceAll(name, unknown),
            JSON.stringify([two.code, two.detail, two.problems]),
          )
        }
      }
    }
  })

  test('is never suggested', () => {
    const nearly = failureOf(guest, {
      filter: { cosst: 1 },
      sort: ['costs'],
      include: { ownerr: true },
    })
    assert.ok(!JSON.stringify(nearly.problems).includes('did you mean cost?'))
    assert.ok(!JSON.stringify(nearly.problems).includes('did you mean owner?'))
    const staff = failureOf(ben, { filter: { cosst: 1 } })
    assert.match(staff.detail, /did you mean cost\?/)
  })
})
