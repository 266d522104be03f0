import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type SandboxPayments, sandboxPayments, startSandbox } from 'plinth/payments'
import { freePort, pause, StoreServer } from './server.ts'

const kills = 5

let server: StoreServer
let payments: SandboxPayments
const endings: (() => unknown)[] = []

before(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plinth-kill-'))
  mkdirSync(join(folder, 'data'))
  const port = await freePort()
  const webhookUrl = `http://127.0.0.1:${port}/webhooks/checkout/payments`
  const sandbox = await startSandbox({ file: join(folder, 'sandbox.db'), webhookUrl })
  payments = sandboxPayments(sandbox)
  server = new StoreServer(join(folder, 'data'), port, sandbox)
  endings.push(
    () => server.stop(),
    () => sandbox.stop(),
    () => rmSync(folder, { recursive: true, force: true }),
  )
  await server.start()
})
after(async () => {
  for (const end of endings) await end()
})

interface Order {
  readonly id: string
  readonly status: string
}

interface Page<T> {
  readonly data: readonly T[]
}

interface Thing {
  readonly id: string
  readonly stock: number
}

interface Settled extends Order {
  readonly lines: readonly { readonly quantity: number }[]
  readonly payment: {
    readonly captured: { readonly amount: number }
    readonly amount: { readonly amount: number }
  } | null
}

test('kill -9 while people buy: every order is kept, and charged once', async () => {
  const staff = await server.signIn('staff')
  const buyers = [
    await server.signIn('alice'),
    await server.signUp('carl'),
    await server.signUp('dora'),
  ]
  const body = { sku: 'K-1', name: 'Kept', price: 1_000, stock: 1_000, published: true }
  const thing = await server.ask<Thing>('POST', 'products', { token: staff, body, key: 'thing' })
  await payments.misbehave(
    { kind: 'error_after', times: 6 },
    { kind: 'drop_after', times: 6, operation: 'capture' },
    { kind: 'webhook_twice', times: 10 },
    { kind: 'webhook_first', times: 10 },
  )
  const acknowledged: string[] = []
  let going = true
  const buy = async (token: string, buyer: number): Promise<void> => {
    for (let count = 0; going; count++) {
      const items = [{ product: thing.id, quantity: 1 + (count % 2) }]
      const key = `${buyer}-${count}`
      const method = count % 7 === 6 ? 'card_declined' : 'card_ok'
      await server.ask('POST', 'carts/fill', { token, body: { items }, key: `${key}-cart` })
      const order = await server.ask<Order>('POST', 'orders/checkout', {
        ...{ token, body: { method }, key: `${key}-order` },
      })
      acknowledged.push(order.id)
    }
  }
  const buying = buyers.map(buy)
  let killed = 0
  while (killed < kills) {
    await server.ready()
    await pause(200 + Math.random() * 800)
    if (killed === 2) {
      await server.killSupervisor()
      await server.start()
      killed += 1
    } else if (server.killWorker()) killed += 1
  }
  going = false
  await Promise.all(buying)
  const orders = await settledOrders(staff, thing.id)
  assert.ok(acknowledged.length >= kills, `only ${acknowledged.length} orders`)
  const known = new Set(orders.map(({ id }) => id))
  assert.deepEqual(
    acknowledged.filter((id) => !known.has(id)),
    [],
    'acknowledged and lost',
  )
  assert.equal(orders.length, acknowledged.length, 'orders that nobody was told of')
  await checkMoney(orders)
  const sold = orders
    .filter(({ status }) => status === 'paid')
    .flatMap(({ lines }) => lines)
    .reduce((sum, { quantity }) => sum + quantity, 0)
  const { stock } = await server.ask<Thing>('GET', `products/${thing.id}`, { token: staff })
  assert.equal(stock + sold, 1_000)
})

/** Waits until no order is open any more. */
async function settledOrders(token: string, product: string): Promise<readonly Settled[]> {
  const path = `orders?filter[lines][some][productId]=${product}&include=lines,payment&limit=200`
  let open: readonly Settled[] = []
  for (let turn = 0; turn < 250; turn++) {
    const { data } = await server.ask<Page<Settled>>('GET', path, { token })
    assert.ok(data.length < 200, 'more orders than a page holds')
    open = data.filter(({ status }) => status === 'open')
    if (open.length === 0) return data
    await pause(200)
  }
  return assert.fail(`orders stay open: ${JSON.stringify(open.slice(0, 3))}`)
}

async function checkMoney(orders: readonly Settled[]): Promise<void> {
  const { byReference, captured } = await payments.charges()
  for (const { id, status, payment } of orders) {
    const moved = byReference[id]?.captured ?? 0
    assert.equal(moved, status === 'paid' ? payment?.amount.amount : 0, `${id} is ${status}`)
    assert.equal(payment?.captured.amount, moved, `our books of ${id}`)
    assert.ok((byReference[id]?.captures ?? 0) <= 1, `${id} was charged more than once`)
  }
  const ours = orders.reduce((sum, { payment }) => sum + (payment?.captured.amount ?? 0), 0)
  assert.equal(captured.GBP ?? 0, ours)
}
