import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Caller } from '../../access/caller.ts'
import { factsOf } from '../../access/caller.ts'
import { AssertionError } from '../../base/assert.ts'
import { compileCatalog } from '../../catalog/compile.ts'
import { text } from '../../define/fields.ts'
import { app, kit } from '../../define/kit.ts'
import { belongsTo, hasMany } from '../../define/relation.ts'
import { anyone } from '../../define/rule.ts'
import { ada, ben, catalog, guest } from '../proof/shop.ts'
import { cursors, modelOf, planOf } from '../proof/world.ts'
import { planRead } from './plan.ts'

/** The statement of a read of two fields, without quotes and without what every one has. */
function textOf(as: Caller, query: object, model = 'product'): string {
  const { plan } = planOf({ model, as, query: { fields: ['sku'], limit: 5, ...query } })
  return plan.text.replaceAll('"', '')
}

const start = 'select t.id, t.sku from shop.product as t where '
const seen = '(t.deleted_at is null and t.published)'
const end = ' order by t.id asc limit 6'

function whereOf(as: Caller, filter: object): string {
  const text = textOf(as, { filter })
  const before = `${start}(${seen} and `
  assert.ok(text.startsWith(before) && text.endsWith(`)${end}`), text)
  return text.slice(before.length, -end.length - 1)
}

const exists = 'exists (select 1 from'
const categoryRule = '(r1.deleted_at is null and (r1.hidden) is not true)'

const letters = compileCatalog(
  app({
    kits: [
      kit('mail', {
        models: {
          person: {
            fields: { name: text(), sent: hasMany('letter', { by: 'from' }) },
            access: { read: anyone },
          },
          letter: {
            fields: { from: belongsTo('person'), to: belongsTo('person'), body: text() },
            access: { read: ({ row }) => row.from.name.eq('Ada').or(row.to.name.eq('Ada')) },
          },
        },
      }),
    ],
  }),
)

describe('A plan', () => {
  test('carries the read rule, and only folded parts of it', () => {
    assert.equal(textOf(guest, {}), `${start}${seen}${end}`)
    assert.equal(textOf(ben, {}), `${start}t.deleted_at is null order by t.id asc limit 6`)
  })

  test('writes each operator in a form that cannot raise and can use an index', () => {
    const texts: readonly (readonly [object, string])[] = [
      [{ sku: 'a' }, 't.sku = $1::text'],
      [{ sku: { ne: 'a' } }, 't.sku <> $1::text'],
      [{ sku: { in: ['a', 'b'] } }, 't.sku = any($1::text[])'],
      [{ sku: { notIn: ['a'] } }, 't.sku <> all($1::text[])'],
      [{ sku: { lt: 'a' } }, 't.sku collate C < $1::text'],
      [{ price: { lte: 1 } }, 't.price <= $1::bigint'],
      [{ weight: { gt: '1.5' } }, 't.weight > $1::numeric'],
      [
        { launchedAt: { gte: '2026-01-01T00:00:00Z' } },
        't.launched_at >= $1::timestamp with time zone',
      ],
      [{ sku: { contains: 'a' } }, 't.sku like $1::text'],
      [{ sku: { startsWith: 'a' } }, 't.sku like $1::text'],
      [{ sku: { endsWith: 'a' } }, 't.sku like $1::text'],
      [
        { sku: { icontains: 'a' } },
        'lower(t.sku collate default) like lower($1::text collate default)',
      ],
      [{ words: { has: 'a' } }, '$1::text = any(t.words)'],
      [{ weight: null }, 't.weight is null'],
      [{ weight: { ne: null } }, 't.weight is not null'],
      [{ not: { weight: null } }, 't.weight is not null'],
      [{ not: { sku: 'a' } }, '(t.sku = $1::text) is not true'],
      [{ or: [{ sku: 'a' }, { price: 1 }] }, '(t.sku = $1::text or t.price = $2::bigint)'],
      [
        { not: { or: [{ sku: 'a' }, { price: 1 }] } },
        '((t.sku = $1::text) is not true and (t.price = $2::bigint) is not true)',
      ],
      [{ or: [] }, 'false'],
    ]
    for (const [filter, text] of texts) {
      assert.equal(whereOf(guest, filter), text)
    }
  })

  test('asks the rules of every row on the way', () => {
    const on = `(r1.id = t.category_id and ${categoryRule}`
    const category = `${exists} shop.category as r1 where ${on}`
    assert.equal(whereOf(guest, { 'category.name': 'x' }), `${category} and r1.name = $1::text))`)
    assert.equal(
      whereOf(guest, { not: { category: { name: 'x' } } }),
      `not ${category} and r1.name = $1::text))`,
    )
    const rule = '(r1.product_id = t.id and r1.stars >= $1::integer'
    const reviews = `${exists} shop.review as r1 where ${rule}`
    assert.equal(
      whereOf(guest, { reviews: { some: { stars: 5 } } }),
      `${reviews} and r1.stars = $2::integer))`,
    )
    assert.equal(
      whereOf(guest, { reviews: { every: { stars: 5 } } }),
      `not ${reviews} and (r1.stars = $2::integer) is not true))`,
    )
    assert.equal(whereOf(guest, { reviews: { none: {} } }), `not ${reviews}))`)
    assert.equal(
      whereOf(guest, { tags: { some: { label: 'x' } } }),
      [
        `${exists} shop.product_tag as r2, shop.tag as r1`,
        'where (r2.product_id = t.id and r1.id = r2.tag_id and r1.label = $1::text))',
      ].join(' '),
    )
  })

  test('guards a field that its rule hides in some rows, wherever it is named', () => {
    const guarded = 'case when t.owner_id = $1::uuid then t.rank end'
    assert.equal(whereOf(ada, { rank: { gt: 3 } }), `${guarded} > $2::integer`)
    assert.equal(
      textOf(ada, { fields: ['rank'], sort: ['-rank'] }),
      [
        `select t.id, ${guarded}, (t.owner_id = $1::uuid) is true from shop.product as t`,
        `where ${seen} order by ${guarded} desc, t.id asc limit 6`,
      ].join(' '),
    )
    assert.ok(!textOf(ben, { sort: ['rank'] }).includes('case'), 'the staff sees every rank')
    assert.ok(!textOf(guest, { fields: undefined }).includes('rank'))
    assert.ok(!textOf(guest, { fields: undefined }).includes('cost'))
  })

  test('joins related records under their rule', () => {
    const category = `left join shop.category as r1 on (r1.id = t.category_id and ${categoryRule})`
    const include = { category: { fields: ['name'] } }
    const select = 'select t.id, t.sku, r1.id, r1.name'
    assert.equal(
      textOf(guest, { include }),
      `${select} from shop.product as t ${category} where ${seen}${end}`,
    )
    // Where no index gives the order, the page is made first: few rows are joined, not all.
    const byName = ' order by t.name collate C asc, t.id asc'
    const page = `(select t.* from shop.product as t where ${seen}${byName} limit 6) as t`
    assert.equal(
      textOf(guest, { include, sort: ['name'] }),
      `${select}, t.name from ${page} ${category}${byName}`,
    )
  })

  test('reads lists and counts in the same statement', () => {
    const rule = '(r1.product_id = t.id and r1.stars >= $1::integer)'
    const rows = `select r1.id as c0, r1.stars as c1 from shop.review as r1 where ${rule}`
    const cells = String.raw`string_agg(concat(r2.c0, E'\x1f', r2.c1), E'\x1e')`
    const list = `(select ${cells} from (${rows} order by r1.id asc limit 4) as r2)`
    const include = { reviews: { fields: ['stars'], limit: 3 } }
    assert.equal(
      textOf(guest, { include }),
      `select t.id, t.sku, ${list} from shop.product as t where ${seen}${end}`,
    )
    const count = `select 1 from shop.product as t where ${seen} limit 10001`
    const page = `(select t.* from shop.product as t where ${seen}${end}) as t`
    assert.equal(
      textOf(guest, { count: 'estimated' }),
      [
        'select t.id, t.sku, k.count',
        `from (select count(*) as count from (${count}) as s) as k`,
        `left join ${page} on true order by t.id asc`,
      ].join(' '),
    )
  })

  test('asks the record beside a list, where a rule of the list leads back to it', () => {
    const include = { reviews: { fields: ['secret'], limit: 3 } }
    const shown = 't.owner_id = $1::uuid'
    const text = textOf(ada, { include })
    assert.ok(text.includes(`case when ${shown} then r1.secret end as c1`), text)
    assert.ok(!text.includes('shop.product as r1'), 'the product is not looked up again')
    // A filter may begin at the other end: there the rule stands by itself.
    const filtered = textOf(ada, { filter: { reviews: { some: { secret: 's' } } } })
    assert.ok(filtered.includes('from shop.product as r1_1 where'), filtered)
    // Two ways lead to the same model: only the one by which the rows were joined is the way back.
    const rows = `select r1.id as c0, r1.body as c1 from mail.letter as r1 where`
    const post = planOf(
      {
        model: 'person',
        as: ada,
        query: { fields: ['name'], include: { sent: { fields: ['body'] } } },
      },
      letters,
    ).plan.text.replaceAll('"', '')
    const to = 'select 1 from mail.person as r1_1 where (r1_1.id = r1.to_id and r1_1.name = $'
    assert.ok(post.includes(`${rows} (r1.from_id = t.id and (t.name = $`), post)
    assert.ok(post.includes(to), post)
  })

  test('finds a page by the keys of its cursor', () => {
    const after = (sort: readonly string[], cells: readonly (string | null)[]): string => {
      const first = planOf({
        model: 'product',
        as: guest,
        query: { fields: ['sku'], limit: 5, sort },
      })
      const cursor = cursors.seal(first.parsed.binding, cells)
      const text = textOf(guest, { sort, after: cursor })
      return text.slice(text.indexOf(' where ') + ' where '.length, text.indexOf(' order by'))
    }
    const id = '11111111-0000-7000-8000-000000000000'
    const all = (condition: string) => `(${seen} and ${condition})`
    assert.equal(after([], [id]), all('t.id > $1::uuid'))
    assert.equal(after(['sku'], ['a', id]), all('(t.sku collate C, t.id) > ($1::text, $2::uuid)'))
    assert.equal(
      after(['-price'], ['1', id]),
      all(
        [
          '(t.price <= $1::bigint',
          'and (t.price < $1::bigint or (t.price = $1::bigint and t.id > $2::uuid)))',
        ].join(' '),
      ),
    )
    assert.equal(
      after(['weight'], ['1', id]),
      all(
        [
          '((t.weight > $1::numeric or t.weight is null)',
          'or (t.weight = $1::numeric and t.id > $2::uuid))',
        ].join(' '),
      ),
    )
    assert.equal(after(['weight'], [null, id]), all('(t.weight is null and t.id > $1::uuid)'))
    assert.equal(
      after(['-weight'], [null, id]),
      all('(t.weight is not null or (t.weight is null and t.id > $1::uuid))'),
    )
  })

  test('reads one record by its id or its key', () => {
    const get = (by: Record<string, string>) =>
      planOf({ model: 'product', as: guest, by, query: { fields: ['sku'] } }).plan.text.replaceAll(
        '"',
        '',
      )
    const id = '11111111-0000-7000-8000-000000000000'
    const from = 'select t.id, t.sku, t.version from shop.product as t where'
    assert.equal(get({ id }), `${from} (t.id = $1::uuid and ${seen})`)
    assert.equal(get({ sku: 'a' }), `${from} (t.sku = $1::text and ${seen})`)
  })

  test('has a name of its own for each text', () => {
    const one = planOf({ model: 'product', as: guest, query: {} }).plan
    const two = planOf({ model: 'product', as: ben, query: {} }).plan
    assert.notEqual(one.name, two.name)
    assert.ok(Buffer.byteLength(one.name) <= 63)
  })

  test('refuses as a bug a shape that names what is hidden', () => {
    const { parsed } = planOf({ model: 'product', as: ben, query: { filter: { cost: 1 } } })
    const facts = factsOf(guest, catalog)
    const model = modelOf('product')
    assert.throws(() => planRead({ catalog, facts, model, shape: parsed.shape }), AssertionError)
  })
})
