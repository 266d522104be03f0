import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TestUser } from 'plinth/testing'
import { type Answer, ask, checkBooks, fill, openShop, product, type Shop, settle } from './shop.ts'

let shop: Shop
before(async () => {
  shop = await openShop()
})
after(() => shop?.close())

/** So many people, each with this in the cart. */
async function buyers(
  count: number,
  items: Readonly<Record<string, number>>,
  codes?: readonly string[],
): Promise<readonly TestUser[]> {
  const people: TestUser[] = []
  for (let index = 0; index < count; index++) {
    const buyer = await shop.store.user()
    const filled = await fill(shop, buyer, { items, ...(codes ? { codes } : {}) })
    assert.equal(filled.status, 200, JSON.stringify(filled.body))
    people.push(buyer)
  }
  return people
}

const checkout = (buyer: TestUser): Promise<Answer> =>
  ask(shop, buyer, ['orders/checkout', { method: 'card_ok' }])

function counted(answers: readonly { readonly status: number; readonly body: object }[]) {
  const words = answers.map(({ status, body }) =>
    status === 200 ? 'ordered' : String((body as { readonly code?: string }).code),
  )
  return Object.fromEntries(
    [...new Set(words)].map((word) => [word, words.filter((one) => one === word).length]),
  )
}

test('F01: 200 buyers at once of the last 10 pieces: 10 have one, none is sold twice', async () => {
  const { data } = shop.store
  const last = await product(shop, { stock: 10 })
  const people = await buyers(200, { [last.id]: 1 })
  const answers = await Promise.all(people.map(checkout))
  assert.deepEqual(counted(answers), { ordered: 10, sold_out: 190 })
  assert.equal((await data.product.get(last.id)).stock, 0)
  await settle(shop)
  const { data: lines } = await data.line.find({ filter: { productId: last.id }, limit: 200 })
  assert.equal(lines.length, 10)
  const { data: paid } = await data.order.find({ filter: { status: 'paid' }, limit: 200 })
  assert.equal(paid.length, 10)
  await checkBooks(shop)
})

test('several pieces of several products: all of them, or none', async () => {
  const { data } = shop.store
  const [much, little] = [await product(shop, { stock: 100 }), await product(shop, { stock: 7 })]
  const people = await buyers(20, { [much.id]: 3, [little.id]: 2 })
  const answers = await Promise.all(people.map(checkout))
  assert.deepEqual(counted(answers), { ordered: 3, sold_out: 17 })
  const stocks = [
    (await data.product.get(much.id)).stock,
    (await data.product.get(little.id)).stock,
  ]
  assert.deepEqual(stocks, [100 - 9, 1])
})

test('F01: 50 at once at a coupon for 5: 5 have it, in all', async () => {
  const { data } = shop.store
  const thing = await product(shop, { price: 1_000 })
  const tenth = await data.promotion.create({
    ...{ name: 'A tenth', type: 'percentage', basisPoints: 1_000, couponOnly: true },
  })
  const coupon = await data.coupon.create({ code: 'FIVE', promotionId: tenth.id, usesMax: 5 })
  const people = await buyers(50, { [thing.id]: 1 }, ['five'])
  const answers = await Promise.all(people.map(checkout))
  assert.deepEqual(counted(answers), { ordered: 5, coupon_refused: 45 })
  assert.equal((await data.coupon.get(coupon.id)).used, 5)
  const { data: used } = await data.redemption.find({ filter: { couponId: coupon.id } })
  assert.equal(used.length, 5)
})

test('one customer from 50 windows: a coupon holds twice, and a cart is one order', async () => {
  const { data } = shop.store
  const thing = await product(shop, { price: 1_000 })
  const fifth = await data.promotion.create({
    ...{ name: 'A fifth', type: 'percentage', basisPoints: 2_000, couponOnly: true },
  })
  const coupon = await data.coupon.create({
    ...{ code: 'TWICE', promotionId: fifth.id, usesMaxPerCustomer: 2 },
  })
  const [buyer] = await buyers(1, { [thing.id]: 1 }, ['TWICE'])
  assert.ok(buyer)
  const once = await Promise.all(Array.from({ length: 50 }, () => checkout(buyer)))
  assert.deepEqual(counted(once), { ordered: 1, cart_empty: 49 })
  for (const expected of ['ordered', 'coupon_refused', 'coupon_refused']) {
    await fill(shop, buyer, { items: { [thing.id]: 1 }, codes: ['TWICE'] })
    const answers: readonly Answer[] = await Promise.all(
      Array.from({ length: 5 }, () => checkout(buyer)),
    )
    assert.equal(counted(answers)[expected], expected === 'ordered' ? 1 : 5)
  }
  const { data: used } = await data.redemption.find({ filter: { couponId: coupon.id } })
  assert.equal(used.length, 2)
})

test('the same call 50 times is one order, and one charge', async () => {
  const thing = await product(shop, { price: 1_000, stock: 3 })
  const [buyer] = await buyers(1, { [thing.id]: 1 })
  assert.ok(buyer)
  const send = () =>
    shop.store.request('POST', '/api/orders/checkout', {
      ...{ as: buyer, body: { method: 'card_ok' }, headers: { 'idempotency-key': 'one-and-only' } },
    })
  const answers = await Promise.all(Array.from({ length: 50 }, send))
  const ordered = answers.filter(({ status }) => status === 200)
  assert.ok(ordered.length >= 1)
  assert.equal(new Set(ordered.map(({ text }) => text)).size, 1)
  // The rest was told that it is still running, or that we are busy.
  assert.ok(answers.every(({ status }) => [200, 409, 503].includes(status)))
  assert.equal((await send()).text, ordered[0]?.text)
  await settle(shop)
  assert.equal((await shop.store.data.product.get(thing.id)).stock, 2)
  await checkBooks(shop)
})
