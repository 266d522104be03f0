import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CallError, type OperationStatus } from 'plinth/client'
import { password, stand } from './stand.ts'

async function open(context: Parameters<typeof stand>[0]) {
  const shop = await stand(context)
  const staff = await shop.tested.user({ email: 'staff@shop.example', password, roles: ['staff'] })
  const client = await shop.clientOf(staff)
  const { id } = await client.data.product
    .create({ sku: 'A', name: 'Lamp', price: { amount: 100, currency: 'GBP' }, stock: 2 })
    .orThrow()
  return { ...shop, staff, client, id }
}

test('actions by kit and by model, safe and money, with declared failures', async (context) => {
  const { client, id, staff, tested } = await open(context)
  const bought = await client.actions.orders.buy({ product: id }).orThrow()
  assert.equal(bought?.stock, 1)
  const gone = await client.actions.orders.buy({ product: id, quantity: 99 })
  assert.ok(!gone.ok)
  assert.deepEqual([gone.failure.code, gone.failure.status], ['sold_out', 409])
  const quoted = await client.actions.orders
    .quote({ lines: [{ product: id, quantity: 3 }], note: 'please' })
    .orThrow()
  assert.deepEqual(quoted, { total: { amount: 300, currency: 'GBP' }, note: 'please' })
  assert.deepEqual(await client.actions.orders.ping(), { ok: true, value: undefined })
  const order = await client.data.order.create({ number: 'N-1', ownerId: staff.id }).orThrow()
  const renamed = await client.data.order.actions.renameOrder({ order: order.id, number: 'N-2' })
  assert.equal(renamed.ok && renamed.value?.number, 'N-2')
  await assert.rejects(
    client.data.order.actions.renameOrder({ order: order.id, number: 'N-2' }).orThrow(),
    (error) => error instanceof CallError && error.code === 'same',
  )
  await tested.data.product.update(id, { published: false })
  const hidden = await client.actions.orders.buy({ product: id })
  assert.ok(hidden.ok)
})

test('a record that its buyer may not read is answered by nothing', async (context) => {
  const { client, id, tested } = await open(context)
  await tested.data.product.update(id, { published: false })
  const guest = client
  await guest.auth.signOut().orThrow()
  const bought = await guest.actions.orders.buy({ product: id })
  assert.deepEqual(bought, { ok: true, value: undefined })
})

test('answered later: how far, what came of it, and cancelled', async (context) => {
  const { client, id, tested } = await open(context)
  const begun = await client.actions.orders.buy.later({ product: id }).orThrow()
  const waiting = await begun.status().orThrow()
  assert.deepEqual([waiting.state, waiting.operation], ['waiting', 'orders.buy'])
  const states: OperationStatus<unknown>['state'][] = []
  const ended = begun.wait({ onProgress: ({ state }) => states.push(state) })
  setTimeout(() => void tested.drain(), 200)
  const bought = await ended.orThrow()
  assert.equal(bought?.stock, 1)
  assert.deepEqual([states[0], states.at(-1)], ['waiting', 'done'])
  const failing = await client.actions.orders.buy.later({ product: id, quantity: 50 }).orThrow()
  await tested.drain()
  const failed = await client.operation(failing.id).wait()
  assert.equal(!failed.ok && failed.failure.code, 'sold_out')
  const other = await client.actions.orders.buy.later({ product: id }).orThrow()
  assert.equal((await other.cancel().orThrow()).state, 'cancelled')
  const cancelled = await other.wait()
  assert.equal(!cancelled.ok && cancelled.failure.code, 'cancelled')
  const controller = new AbortController()
  const endless = await client.actions.orders.buy.later({ product: id }).orThrow()
  setTimeout(() => controller.abort(), 100)
  const stopped = await endless.wait({ signal: controller.signal })
  assert.equal(!stopped.ok && stopped.failure.code, 'cancelled')
})
