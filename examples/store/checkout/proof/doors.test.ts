import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Failure } from 'plinth'
import { createClient, type Fetch, memoryStorage, type Result } from 'plinth/client'
import type { TestUser } from 'plinth/testing'
import { place } from '../order.ts'
import { refundOrder } from '../refund.ts'
import { ask, fill, openShop, product, type Shop, settle } from './shop.ts'

let shop: Shop
before(async () => {
  shop = await openShop()
})
after(() => shop?.close())

type Call = readonly [as: TestUser, action: 'checkout' | 'refund', input: object]
type Told = { readonly code: string; readonly id: string }
type Method = (input: object) => Promise<Result<{ readonly id: string }, string>>

/** An order of words for one call, in the way of each door. */
const doors: Readonly<Record<string, (...call: Call) => Promise<Told>>> = {
  async REST(as, action, input) {
    const { status, body } = await ask(shop, as, [`orders/${action}`, input])
    return { code: status === 200 ? 'ok' : String(body.code), id: body.id }
  },
  async GraphQL(as, action, input) {
    const name = `checkout${action.charAt(0).toUpperCase()}${action.slice(1)}`
    const type = name.charAt(0).toUpperCase() + name.slice(1)
    const query = `mutation ($input: ${type}Input!, $key: String!) {
      ${name}(input: $input, idempotencyKey: $key) {
        ... on ${type}Payload { record { uuid } } ... on CallFailure { code } } }`
    const body = { query, variables: { input, key: crypto.randomUUID() } }
    const { text } = await shop.store.request('POST', '/api/graphql', { as, body })
    const code = /"code":"(\w+)"/.exec(text)?.[1] ?? 'ok'
    const id = /"uuid":"([\w-]+)"/.exec(text)?.[1] ?? ''
    assert.ok(code !== 'ok' || id !== '', text)
    return { code, id }
  },
  async 'the client'(as, action, input) {
    const made = createClient({
      ...{ url: 'http://localhost', session: memoryStorage(), fetch: into(as) },
    })
    const { order } = made.data as unknown as {
      readonly order: { readonly actions: Readonly<Record<string, Method>> }
    }
    const result = await (order.actions[action] as Method)(input)
    return result.ok ? { code: 'ok', id: result.value.id } : { code: result.failure.code, id: '' }
  },
  async 'a direct call'(as, action, input) {
    const called = action === 'checkout' ? place : refundOrder
    const options = { as, idempotencyKey: crypto.randomUUID() }
    try {
      // What the types forbid, an attacker sends all the same.
      const { id } = await shop.store.call(called as typeof place, input as never, options)
      return { code: 'ok', id }
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      return { code: error.code, id: '' }
    }
  },
}

function into(as: TestUser): Fetch {
  return async (url, { method = 'GET', headers, body }) => {
    const { status, text } = await shop.store.request(method, new URL(url).pathname, {
      ...{ as, headers: Object.fromEntries(new Headers(headers)) },
      ...(typeof body === 'string' ? { body } : {}),
    })
    return new Response(text, { status, headers: { 'content-type': 'application/json' } })
  }
}

/** Somebody with this in the cart. */
async function buyer(items: Readonly<Record<string, number>>): Promise<TestUser> {
  const made = await shop.store.user()
  assert.equal((await fill(shop, made, { items })).status, 200)
  return made
}

const method = { method: 'card_ok' }

for (const [name, call] of Object.entries(doors)) {
  test(`F01: of twelve buyers at once of three pieces three have one, by ${name}`, async () => {
    const { id } = await product(shop, { stock: 3 })
    const people: TestUser[] = []
    for (let index = 0; index < 12; index++) people.push(await buyer({ [id]: 1 }))
    const told = await Promise.all(people.map((each) => call(each, 'checkout', method)))
    const codes = told.map(({ code }) => code)
    assert.equal(codes.filter((code) => code === 'ok').length, 3, codes.join())
    assert.equal((await shop.store.data.product.get(id)).stock, 0)
  })

  test(`F03: neither price, sum nor quantity is the buyer’s to say, by ${name}`, async () => {
    const { id } = await product(shop, { price: 2_500 })
    const ann = await buyer({ [id]: 1 })
    for (const total of [
      { amount: 1, currency: 'GBP' },
      { amount: 2_499, currency: 'GBP' },
    ]) {
      assert.equal((await call(ann, 'checkout', { ...method, total })).code, 'price_changed')
    }
    for (const more of [
      { total: { amount: 2_500, currency: 'EUR' } },
      { total: { amount: 2_500.5, currency: 'GBP' } },
      { price: 1 },
      { items: [{ product: id, quantity: 1, unitPrice: 1 }] },
    ]) {
      const { code } = await call(ann, 'checkout', { ...method, ...more })
      assert.match(code, /^(?:invalid_input|malformed_query)$/, JSON.stringify(more))
    }
    const filled = await fill(shop, ann, { items: { [id]: -1 } })
    assert.equal(filled.body.code, 'invalid_input')
    const made = await call(ann, 'checkout', method)
    const { data } = await shop.store.data.payment.find({ filter: { orderId: made.id } })
    assert.equal(data[0]?.amount.amount, 2_500)
  })

  test(`F04: of refunds at once no more goes back than was captured, by ${name}`, async () => {
    const { id } = await product(shop, { price: 1_000 })
    const made = await call(await buyer({ [id]: 1 }), 'checkout', method)
    await settle(shop)
    const staff = await shop.store.user({ roles: ['staff'] })
    const input = { order: made.id, amount: { amount: 400, currency: 'GBP' }, restock: false }
    const told = await Promise.all(Array.from({ length: 8 }, () => call(staff, 'refund', input)))
    const codes = told.map(({ code }) => code)
    assert.equal(codes.filter((code) => code === 'ok').length, 2, codes.join())
    assert.equal(codes.filter((code) => code === 'too_much').length, 6, codes.join())
  })

  test(`F05: an account holds ten orders that nobody pays, and no more, by ${name}`, async () => {
    const { id } = await product(shop, { stock: 100 })
    const hoarder = await shop.store.user()
    const codes: string[] = []
    for (let index = 0; index < 12; index++) {
      await fill(shop, hoarder, { items: { [id]: 2 } })
      codes.push((await call(hoarder, 'checkout', { method: 'card_authenticate' })).code)
    }
    const held = Array.from({ length: 10 }, () => 'ok')
    assert.deepEqual(codes, [...held, 'too_many_unpaid', 'too_many_unpaid'])
    assert.equal((await shop.store.data.product.get(id)).stock, 80)
  })
}
