/** Owns the scene of the checkout's proofs: the store, its provider as a process, and buyers. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Failure } from 'plinth'
import { type Sandbox, type SandboxPayments, sandboxPayments, startSandbox } from 'plinth/payments'
import { type TestUser, testApp } from 'plinth/testing'
import store from '../../app.ts'
import { pounds } from '../kit.ts'
import { usePayments } from '../provider.ts'

type Store = Awaited<ReturnType<typeof openStore>>

/** The store, without a provider. */
export const openStore = () => testApp(store, { callsPerMinute: 1_000_000 })

/** An answer, read. */
export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>> & { readonly id: string; readonly code?: string }
}

/** The store with its provider. */
export interface Shop {
  readonly store: Store
  readonly sandbox: Sandbox
  readonly payments: SandboxPayments
  /** Answers of the store to the provider's messages. */
  readonly webhooks: number[]
  /** Orders for which somebody else has charged something at the provider. */
  readonly foreign: Set<string>
  close(): Promise<void>
}

/** Opens a store whose payments go through a sandbox process of its own. */
export async function openShop(): Promise<Shop> {
  const folder = mkdtempSync(join(tmpdir(), 'plinth-store-'))
  const shop = await openStore()
  const webhooks: number[] = []
  const door = await forward(shop, webhooks)
  const { port } = door.address() as AddressInfo
  const webhookUrl = `http://127.0.0.1:${port}/webhooks/checkout/payments`
  const sandbox = await startSandbox({ file: join(folder, 'sandbox.db'), webhookUrl })
  const payments = sandboxPayments(sandbox, { timeoutMs: 1_500 })
  await payments.setClock(shop.clock.now())
  usePayments(payments)
  return {
    ...{ store: shop, sandbox, payments, webhooks, foreign: new Set<string>() },
    async close() {
      await sandbox.stop()
      door.closeAllConnections()
      door.close()
      await shop.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The way from the provider to the store, which listens nowhere. */
export async function forward(shop: Store, answers: number[]): Promise<Server> {
  const door = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => /^(?:webhook-|content-type)/.test(name)),
    ) as Record<string, string>
    const body = new Uint8Array(Buffer.concat(chunks))
    const status = await shop.request('POST', request.url ?? '/', { body, headers }).then(
      (answer) => answer.status,
      // A server would answer so; the provider sends it again.
      (error: unknown) => (error instanceof Failure ? error.status : 500),
    )
    answers.push(status)
    response.writeHead(status).end()
  })
  await new Promise<void>((resolve) => {
    door.listen(0, '127.0.0.1', resolve)
  })
  return door
}

let count = 0

/** A product on the shelf. */
export function product(
  { store: { data } }: Shop,
  more: { readonly price?: number; readonly stock?: number; readonly published?: boolean } = {},
) {
  const { price = 1_000, stock = 100, published = true } = more
  const sku = `sku-${++count}`
  return data.product.create({
    sku,
    name: `Thing ${count}`,
    price: pounds(price),
    stock,
    published,
  })
}

/** Where to, and what. */
export type Asked = readonly [path: string, body?: object]

/** Asks the store; what is refused because it is busy is asked again, as a client does. */
export async function ask(
  { store: shop }: Shop,
  as: TestUser | 'anonymous',
  [path, body = {}]: Asked,
): Promise<Answer> {
  const key = `key-${++count}`
  for (let turn = 0; ; turn++) {
    const headers = { 'idempotency-key': key }
    const answer = await shop.request('POST', `/api/${path}`, { as, body, headers })
    if (answer.status === 503 && turn < 50) {
      await new Promise((resolve) => {
        setTimeout(resolve, 20 + Math.random() * 80)
      })
      continue
    }
    assert.notEqual(answer.status, 500, answer.text)
    return { status: answer.status, body: (answer.text ? answer.json() : {}) as Answer['body'] }
  }
}

/** What goes into a cart: how many of which products, and codes. */
export interface Basket {
  readonly items: Readonly<Record<string, number>>
  readonly codes?: readonly string[]
}

/** Fills a buyer's cart. */
export async function fill(shop: Shop, as: TestUser, { items, codes }: Basket): Promise<Answer> {
  const list = Object.entries(items).map(([id, quantity]) => ({ product: id, quantity }))
  const answer = await ask(shop, as, ['carts/fill', { items: list, ...(codes ? { codes } : {}) }])
  return answer
}

/** Fills a cart and checks out. */
export async function buy(
  shop: Shop,
  as: TestUser,
  { method = 'card_ok', ...basket }: Basket & { readonly method?: string },
): Promise<Answer> {
  const filled = await fill(shop, as, basket)
  assert.equal(filled.status, 200, JSON.stringify(filled.body))
  return ask(shop, as, ['orders/checkout', { method }])
}

/** Lets everything happen that is due now. */
export async function settle({ store: shop }: Shop): Promise<void> {
  await shop.drain()
}

/** Lets time pass, a little at a time, until something has come true. */
export async function until(
  shop: Shop,
  isTrue: () => Promise<boolean>,
  what: string,
): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    await settle(shop)
    if (await isTrue()) return
    // Retries wait by the app's clock, messages of the provider by the world's.
    shop.store.clock.advance(1_000)
    await shop.payments.setClock(shop.store.clock.now())
    await new Promise((resolve) => {
      setTimeout(resolve, 25)
    })
  }
  assert.fail(`It never came to this: ${what}`)
}

/** The payment of an order, past all rules. */
export async function paymentOf({ store: { data } }: Shop, orderId: string) {
  const { data: found } = await data.payment.find({ filter: { orderId } })
  assert.equal(found.length, 1)
  return found[0] ?? assert.fail()
}

/** Our books and the provider's say the same; each order was charged once at most. */
export async function checkBooks({ store: { data }, payments, foreign }: Shop): Promise<void> {
  const { byReference } = await payments.charges()
  for await (const payment of pages((after) => data.payment.find({ limit: 200, ...after }))) {
    const { orderId, captured, refunded } = payment
    if (foreign.has(orderId)) continue
    const moved = byReference[orderId] ?? { captures: 0, captured: 0, refunds: 0, refunded: 0 }
    assert.ok(moved.captures <= 1, `${orderId} was charged ${moved.captures} times`)
    assert.deepEqual(
      { captured: captured.amount, refunded: refunded.amount },
      { captured: moved.captured, refunded: moved.refunded },
      orderId,
    )
    const { data: entries } = await data.entry.find({ filter: { paymentId: payment.id } })
    const sum = (type: string) =>
      entries.filter((one) => one.type === type).reduce((all, one) => all + one.amount.amount, 0)
    assert.deepEqual([sum('captured'), sum('refunded')], [captured.amount, refunded.amount])
  }
}

interface Paged<R> {
  readonly data: readonly R[]
  readonly page: { readonly next: string | null }
}

async function* pages<R>(
  read: (after: { readonly after?: string }) => Promise<Paged<R>>,
): AsyncGenerator<R> {
  for (let after = {}; ; ) {
    const { data, page } = await read(after)
    yield* data
    if (page.next === null) return
    after = { after: page.next }
  }
}
