import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSource } from '../source.ts'
import { checkTwoSteps } from './two-steps.ts'

function lines(body: string): number[] {
  const text = `kit.action('pay', {\nasync run({ data, input }) {\n${body}\n} })\n`
  const parsed = parseSource({ path: 'examples/shop/a.ts', text })
  assert.ok('tree' in parsed)
  return checkTwoSteps(parsed).map(({ line }) => line)
}

test('what is read and then written is found', () => {
  assert.deepEqual(
    lines(`const p = await data.product.get(input.id)
      await data.product.update(p.id, { stock: p.stock - 1 })`),
    [4],
  )
  assert.deepEqual(
    lines(`const { stock, id } = await data.unrestricted.product.get(input.id)
      if (stock < 1) return
      await data.product.update(id, { note: 'x', stock: stock - 1 })`),
    [5],
  )
})

test('a lock, a version, another field and a conditional statement are right', () => {
  assert.deepEqual(
    lines(`const p = await data.product.lock(input.id)
      await data.product.update(p.id, { stock: p.stock - 1 })`),
    [],
  )
  assert.deepEqual(
    lines(`const p = await data.product.get(input.id)
      await data.product.update(p.id, { stock: p.stock - 1 }, { version: p.version })`),
    [],
  )
  assert.deepEqual(
    lines(`const p = await data.product.get(input.id)
      await data.product.update(p.id, { name: p.stock + ' left' })
      await data.product.takeWithinLimit(p.id, { from: 'stock' })`),
    [],
  )
})
