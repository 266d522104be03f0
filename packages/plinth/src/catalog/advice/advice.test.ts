import assert from 'node:assert/strict'
import { test } from 'node:test'
import { integer, text } from '../../define/fields.ts'
import { app, kit } from '../../define/kit.ts'
import { anyone } from '../../define/rule.ts'
import { compileCatalog } from '../compile.ts'
import { adviceOn } from './advice.ts'

test('a check over a hidden field, and a key with line breaks, are told', () => {
  const shop = kit('shop', {
    models: {
      product: {
        fields: {
          sku: text({ max: 40, multiline: true }),
          name: text({ max: 40 }),
          price: integer(),
          cost: integer(),
        },
        access: { read: anyone, fields: { cost: { read: ({ me }) => me.is('staff') } } },
        checks: {
          pays: ({ row }) => row.price.gt(0).or(row.cost.plus(1).lt(row.price)),
          isNamed: ({ row }) => row.name.ne('').and(row.price.gte(0)),
        },
        key: ['sku', 'name'],
      },
    },
  })
  const found = adviceOn(compileCatalog(app({ kits: [shop] })))
  assert.deepEqual(
    found.map(({ place }) => place),
    ['shop.product.checks.pays', 'shop.product.key'],
  )
  assert.match(found[0]?.detail ?? '', /^speaks of cost, which not everybody may read/)
  assert.match(found[1]?.detail ?? '', /^sku may hold line breaks/)
})
