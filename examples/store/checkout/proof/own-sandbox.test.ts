import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { endOwnSandbox } from '../provider.ts'
import { forward, openStore } from './shop.ts'

const day = 24 * 3_600_000

test('the sandbox that the store starts follows the clock of the app', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'plinth-own-'))
  const store = await openStore()
  const answers: number[] = []
  const door = await forward(store, answers)
  t.after(async () => {
    await endOwnSandbox()
    door.closeAllConnections()
    door.close()
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  process.env.PLINTH_DATA = folder
  process.env.PORT = String((door.address() as AddressInfo).port)
  const buyer = await store.user()
  const { id } = await store.data.product.create({
    ...{ sku: 'clock', name: 'Clock', price: { amount: 700, currency: 'GBP' }, stock: 9 },
    published: true,
  })
  for (const moved of [0, 3 * day, -2 * day]) {
    store.clock.advance(moved)
    const ask = (path: string, body: object) => {
      const headers = { 'idempotency-key': `${path.replace('/', '-')}-${moved}` }
      return store.request('POST', `/api/${path}`, { as: buyer, body, headers })
    }
    await ask('carts/fill', { items: [{ product: id, quantity: 1 }] })
    answers.length = 0
    const placed = await ask('orders/checkout', { method: 'card_ok' })
    assert.equal(placed.status, 200, placed.text)
    const { id: orderId } = placed.json() as { readonly id: string }
    // Both messages of the payment come in, however far the clocks are apart; one may come twice.
    for (let turn = 0; turn < 400 && taken(answers) < 2; turn++) {
      await store.drain()
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    assert.ok(taken(answers) >= 2, `${moved}: ${answers}`)
    assert.equal((await store.data.order.get(orderId)).status, 'paid')
  }
})

function taken(answers: readonly number[]): number {
  return answers.filter((status) => status === 200).length
}
