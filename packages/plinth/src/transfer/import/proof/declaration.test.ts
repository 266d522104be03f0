/** Proves that importers which do not fit the app are refused with the cure, before storing. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileCatalog } from '../../../catalog/compile.ts'
import { integer, text } from '../../../define/fields.ts'
import { app, kit } from '../../../define/kit.ts'
import { belongsTo } from '../../../define/relation.ts'
import { naturalKey } from '../key.ts'
import { putOf } from '../put.ts'
import { modelShapes } from '../shape.ts'
import { shopCatalog } from './shop-world.ts'

const shapes = modelShapes(shopCatalog, { product: ['price'] })

function put(model: string, said: object, otherwise?: object): string[] | string {
  const reasons: string[] = []
  const made = putOf(shapes(model), { said, otherwise }, (reason) => reasons.push(reason))
  return made ? made.key : reasons
}

test('a model that is missing or has no key is refused', () => {
  const none = compileCatalog(
    app({ kits: [kit('a', { models: { note: { fields: { at: text() } } } })] }),
  )
  assert.throws(() => modelShapes(none, {})('note'), /note has no natural key.*key: \[…\]/)
  assert.throws(() => shapes('nothing'), /nothing is no model of the app/)
})

test('keys that go through other records come down to plain values', () => {
  assert.equal(put('product', { sku: '1' }), '1')
  const line = { order: { number: '5' }, position: 2, quantity: 1, price: 5 }
  assert.equal(put('line', line), '["5","2"]')
  assert.deepEqual(
    naturalKey(shopCatalog, 'line')?.leaves.map(({ name }) => name),
    ['number', 'position'],
  )
})

test('keys that refer to each other are refused', () => {
  const round = kit('a', {
    models: {
      one: { fields: { two: belongsTo('two', { unique: true }) }, key: ['two'] },
      two: { fields: { one: belongsTo('one', { unique: true }) }, key: ['one'] },
    },
  })
  assert.throws(() => naturalKey(compileCatalog(app({ kits: [round] })), 'one'), /one → two → one/)
})

test('what is said must fit the model', () => {
  assert.deepEqual(put('product', { name: 'x' }), ['product lacks sku'])
  assert.deepEqual(put('line', { order: {}, position: 1 }), ['line.order.number is missing'])
  assert.match(String(put('line', { position: 0 })), /line\.position: 0 does not fit\./)
  assert.throws(
    () => put('product', { skuu: 1 }),
    /product\.skuu is no field.*There are: sku, name/,
  )
  assert.throws(() => put('product', { id: 'x' }), /product\.id is no field/)
  assert.throws(() => put('line', { order: '5' }), /natural key of order, as an object/)
  assert.throws(() => put('line', { order: { nr: '5' } }), /holds nr, which is not in the key/)
  assert.throws(() => put('product', { sku: '1' }, { sku: '2' }), /cannot be given by otherwise/)
})

test('null and undefined say nothing', () => {
  const reasons: string[] = []
  const said = { sku: '1', name: null, price: undefined }
  const made = putOf(shapes('product'), { said }, (reason) => reasons.push(reason))
  assert.deepEqual(made?.cells, ['1', ...Array(6).fill(null)])
})

test('a model whose optional reference leads back to itself can be imported', () => {
  const tree = kit('a', {
    models: {
      node: {
        fields: {
          name: text({ unique: true }),
          size: integer(),
          above: belongsTo('node', { optional: true }),
        },
        key: ['name'],
      },
    },
  })
  const shape = modelShapes(compileCatalog(app({ kits: [tree] })), {})('node')
  assert.deepEqual([...shape.references.keys()], ['above'])
})
