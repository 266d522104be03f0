/** Owns the test of what a declaration means for the database: exact names and exact SQL. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileCatalog } from '../../catalog/compile.ts'
import { objectName } from '../../catalog/constraint-names.ts'
import { computed } from '../../define/field.ts'
import { choice, integer, list, money, text } from '../../define/fields.ts'
import { app, kit } from '../../define/kit.ts'
import { belongsTo, manyToMany } from '../../define/relation.ts'
import { addTable } from '../diff/tables.ts'
import { desiredSchema } from './desired.ts'

const shop = kit('shop', {
  models: {
    product: {
      fields: {
        name: text({ max: 20, unique: true }),
        sort: choice(["a'b", 'c\\d']),
        price: money('GBP', { min: 0 }),
        stock: integer(),
        worth: computed(money('GBP')),
        slogan: computed(text()),
        words: list(text(), { max: 3 }),
        tags: manyToMany('tag'),
      },
      compute: {
        worth: ({ row }) => row.price.times(row.stock).plus({ amount: 5, currency: 'GBP' }),
        slogan: ({ row }) => row.name.concat('!').upper(),
      },
      checks: {
        soldOut: ({ row }) =>
          row.stock.gt(0).or(row.price.eq({ amount: 0, currency: 'GBP' }).not()),
        fine: ({ row }) => row.name.startsWith('x').and(row.sort.in(['c\\d']), row.words.has('w')),
      },
      softDelete: true,
    },
    tag: { fields: { product: belongsTo('product', { optional: true, onDelete: 'clear' }) } },
  },
})

const schema = desiredSchema(compileCatalog(app({ kits: [shop] })))
const table = (name: string) => {
  const found = schema.tables.find((each) => each.name === name)
  assert.ok(found)
  return found
}

test('checks and formulas are written out as SQL', () => {
  const { checks, columns } = table('product')
  const product = Object.fromEntries(checks.map(({ name, expression }) => [name, expression]))
  assert.equal(product.product__name__length, 'char_length("name") <= 20')
  assert.equal(product.product__sort__oneof, `"sort" in ('a''b',  E'c\\\\d')`)
  assert.equal(product.product__words__items, 'cardinality("words") <= 3')
  assert.equal(
    product.product__sold_out__holds,
    `(("stock" > '0'::integer or ("price" = '0'::bigint) is not true)) is true`,
  )
  assert.match(product.product__fine__holds ?? '', /'x'.* E'c\\\\d'::text.*'w'::text.* is true$/)
  const formulas = columns.flatMap(({ formula }) => (formula === undefined ? [] : [formula]))
  assert.deepEqual(formulas, [
    `((("price"::numeric * "stock"::numeric)::numeric + '5'::numeric))::bigint`,
    `((upper((("name" || '!'::text) collate "C") collate "default") collate "C"))::text`,
  ])
})

test('indexes: unique among what is kept, one for each reference that leads none', () => {
  assert.deepEqual(
    table('product').indexes.map(({ name, unique, kept }) => [name, unique, kept]),
    [
      ['product__name__unique_kept', true, true],
      ['product__id__hash', false, false],
    ],
  )
  assert.deepEqual(
    table('tag').indexes.map(({ name }) => name),
    ['tag__product_id__index', 'tag__id__hash'],
  )
  const join = table('product_tag')
  assert.deepEqual(join.primary?.columns, ['product_id', 'tag_id'])
  assert.deepEqual(
    join.indexes.map(({ name }) => name),
    ['product_tag__tag_id__index'],
  )
  assert.deepEqual(
    join.references.map(({ onDelete }) => onDelete),
    ['cascade', 'cascade'],
  )
})

test('a table is made by one statement, its indexes and foreign keys by others', () => {
  const statements = addTable(table('tag'), new Set()).flatMap((step) => step.statements)
  assert.deepEqual(statements, [
    `create table "shop"."tag" (
  "id" uuid not null,
  "product_id" uuid,
  "created_at" timestamp with time zone not null,
  "updated_at" timestamp with time zone not null,
  "version" integer not null,
  constraint "tag__id__primary" primary key ("id"),
  ${['created_at', 'updated_at'].map(instantCheck).join(',\n  ')}
)`,
    'create index "tag__product_id__index" on "shop"."tag" ("product_id")',
    'create index "tag__id__hash" on "shop"."tag" using hash ("id")',
    'alter table "shop"."tag" add constraint "tag__product_id__reference" ' +
      'foreign key ("product_id") references "shop"."product" (id) on delete set null',
  ])
})

function instantCheck(column: string): string {
  const type = 'timestamp with time zone'
  return (
    `constraint "tag__${column}__range" check (("${column}" >= '0001-01-01 00:00:00+00'::${type} ` +
    `and "${column}" <= '9999-12-31 23:59:59.999999+00'::${type}))`
  )
}

test('long names end in a hash and stay apart', () => {
  const columns = ['a'.repeat(40), 'b'.repeat(40)]
  const [one, other] = [objectName('t', columns, 'unique'), objectName('t', columns, 'index')]
  assert.equal(one.length, 63)
  assert.notEqual(one, other)
  assert.notEqual(objectName('a', ['b_c'], 'index'), objectName('a_b', ['c'], 'index'))
})
