import assert from 'node:assert/strict'
import { test } from 'node:test'
import { integer, text } from '../../define/fields.ts'
import { app, kit } from '../../define/kit.ts'
import { belongsTo } from '../../define/relation.ts'
import { anyone } from '../../define/rule.ts'
import { compileCatalog } from '../compile.ts'
import { adviceOn } from './advice.ts'

test('checks and references that tell of hidden fields, and wordy keys, are pointed out', () => {
  const shop = kit('shop', {
    models: {
      product: {
        fields: {
          sku: text({ max: 40, multiline: true }),
          name: text({ max: 40 }),
          price: integer(),
          cost: integer(),
          maker: belongsTo('maker', { optional: true, onDelete: 'clear' }),
        },
        access: {
          read: anyone,
          fields: {
            cost: { read: ({ me }) => me.is('staff') },
            makerId: { read: ({ me }) => me.is('staff') },
          },
        },
        checks: {
          pays: ({ row }) => row.price.gt(0).or(row.cost.plus(1).lt(row.price)),
          isNamed: ({ row }) => row.name.ne('').and(row.price.gte(0)),
        },
        key: ['sku', 'name'],
      },
      maker: { fields: { name: text() } },
    },
  })
  const found = adviceOn(compileCatalog(app({ kits: [shop] })))
  assert.deepEqual(
    found.map(({ place }) => place),
    ['shop.product.checks.pays', 'shop.product.fields.maker', 'shop.product.key'],
  )
  assert.match(found[0]?.detail ?? '', /^speaks of cost, which not everybody may read/)
  assert.match(
    found[1]?.detail ?? '',
    /^makerId is hidden from some who read product: whoever may delete maker can tell/,
  )
  assert.match(found[2]?.detail ?? '', /^sku may hold line breaks/)
})
