import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ask, buy, fill, openShop, product, type Shop } from './shop.ts'

let shop: Shop
before(async () => {
  shop = await openShop()
})
after(() => shop?.close())

describe('a cart', () => {
  test('is filled, changed, and tells what it costs', async () => {
    const buyer = await shop.store.user()
    const [one, two] = [await product(shop, { price: 250 }), await product(shop, { price: 100 })]
    const first = await fill(shop, buyer, { items: { [one.id]: 2, [two.id]: 1 } })
    assert.deepEqual([first.status, first.body.net], [200, { amount: 600, currency: 'GBP' }])
    const second = await fill(shop, buyer, { items: { [one.id]: 0, [two.id]: 3 } })
    assert.deepEqual(second.body.net, { amount: 300, currency: 'GBP' })
    assert.equal((second.body.items as unknown[]).length, 1)
    await shop.store.data.product.update(two.id, { price: { amount: 70, currency: 'GBP' } })
    const asked = await ask(shop, buyer, ['carts/quote'])
    assert.deepEqual(asked.body.net, { amount: 210, currency: 'GBP' })
  })

  test('takes nothing that is not for sale, and nobody who is not signed in', async () => {
    const buyer = await shop.store.user()
    const hidden = await product(shop, { published: false })
    const shown = await product(shop)
    assert.equal((await fill(shop, buyer, { items: { [hidden.id]: 1 } })).body.code, 'not_for_sale')
    assert.equal((await fill(shop, buyer, { items: { [buyer.id]: 1 } })).body.code, 'not_for_sale')
    const bad = await fill(shop, buyer, { items: { [shown.id]: -1 } })
    assert.equal(bad.status, 422)
    const guest = await ask(shop, 'anonymous', [
      'carts/fill',
      { items: [{ product: shown.id, quantity: 1 }] },
    ])
    assert.equal(guest.status, 401)
  })

  test('is seen by its owner only', async () => {
    const [owner, other] = [await shop.store.user(), await shop.store.user()]
    const shown = await product(shop)
    await fill(shop, owner, { items: { [shown.id]: 1 } })
    const seen = (who: typeof owner) =>
      shop.store
        .as(who)
        .item.find()
        .then(({ data }) => data.length)
    assert.deepEqual([await seen(owner), await seen(other)], [1, 0])
    assert.deepEqual((await ask(shop, other, ['carts/quote'])).body.items, [])
  })

  test('what is taken off the shelf meanwhile cannot be bought', async () => {
    const buyer = await shop.store.user()
    const shown = await product(shop)
    await fill(shop, buyer, { items: { [shown.id]: 1 } })
    await shop.store.data.product.update(shown.id, { published: false })
    assert.deepEqual((await ask(shop, buyer, ['carts/quote'])).body.gone, [shown.id])
    const order = await ask(shop, buyer, ['orders/checkout', { method: 'card_ok' }])
    assert.equal(order.body.code, 'not_for_sale')
  })

  test('an empty one is no order, and money needs an Idempotency-Key', async () => {
    const buyer = await shop.store.user()
    const empty = await ask(shop, buyer, ['orders/checkout', { method: 'card_ok' }])
    assert.equal(empty.body.code, 'cart_empty')
    const body = { method: 'card_ok' }
    const bare = await shop.store.request('POST', '/api/orders/checkout', { as: buyer, body })
    assert.ok(bare.status >= 400 && bare.status < 500)
  })
})

describe('promotions', () => {
  test('are applied to the cart as they stand in the database', async () => {
    const { data } = shop.store
    const buyer = await shop.store.user()
    const shelf = await data.category.create({ name: 'Stationery', slug: 'stationery' })
    const pen = await product(shop, { price: 333 })
    await data.product.update(pen.id, { categoryId: shelf.id })
    const offer = await data.promotion.create({
      ...{ name: 'Three for two', type: 'buy_get', buy: 2, get: 1, basisPoints: 10_000 },
      categories: ['stationery'],
    })
    const quote = await fill(shop, buyer, { items: { [pen.id]: 3 } })
    assert.deepEqual(quote.body.net, { amount: 666, currency: 'GBP' })
    assert.deepEqual(quote.body.reductions, [
      { name: 'Three for two', amount: { amount: 333, currency: 'GBP' } },
    ])
    const order = await buy(shop, buyer, { items: { [pen.id]: 3 } })
    assert.equal(order.status, 200, JSON.stringify(order.body))
    const { data: lines } = await data.line.find({ filter: { orderId: order.body.id } })
    assert.deepEqual(
      lines.map(({ discount, total }) => [discount.amount, total.amount]),
      [[333, 666]],
    )
    const { data: reductions } = await shop.store.as(buyer).reduction.find()
    assert.deepEqual(
      reductions.map(({ name }) => name),
      ['Three for two'],
    )
    await data.promotion.update(offer.id, { active: false })
  })

  test('groups and first orders are the customer’s', async () => {
    const { data } = shop.store
    const buyer = await shop.store.user()
    const thing = await product(shop, { price: 1_000 })
    const trade = await data.promotion.create({
      ...{ name: 'Trade', type: 'percentage', basisPoints: 2_000, groups: ['trade'] },
    })
    const first = await data.promotion.create({
      ...{
        name: 'First',
        type: 'fixed',
        amount: { amount: 100, currency: 'GBP' },
        firstOrder: true,
      },
    })
    const net = async () => (await fill(shop, buyer, { items: { [thing.id]: 1 } })).body.net
    assert.deepEqual(await net(), { amount: 900, currency: 'GBP' })
    await buy(shop, buyer, { items: { [thing.id]: 1 } })
    assert.deepEqual(await net(), { amount: 1_000, currency: 'GBP' })
    const { data: found } = await data.customer.find({ filter: { userId: buyer.id } })
    await data.customer.update(found[0]?.id ?? '', { groups: ['trade'] })
    assert.deepEqual(await net(), { amount: 800, currency: 'GBP' })
    for (const { id } of [trade, first]) await data.promotion.update(id, { active: false })
  })

  test('an offer without what its type needs is refused', async () => {
    const { data } = shop.store
    await assert.rejects(data.promotion.create({ name: 'Empty', type: 'percentage' }))
    await assert.rejects(data.promotion.create({ name: 'Empty', type: 'buy_get', buy: 1 }))
  })

  test('a code says why it opens nothing', async () => {
    const { data } = shop.store
    const buyer = await shop.store.user()
    const thing = await product(shop, { price: 1_000 })
    const half = await data.promotion.create({
      ...{ name: 'Half', type: 'percentage', basisPoints: 5_000, couponOnly: true },
    })
    const promotionId = half.id
    await data.coupon.create({ code: 'HALF', promotionId })
    await data.coupon.create({ code: 'PAST', promotionId, endsAt: '2025-12-31T00:00:00Z' })
    await data.coupon.create({ code: 'GONE', promotionId, usesMax: 1, used: 1 })
    const quote = await fill(shop, buyer, {
      items: { [thing.id]: 1 },
      codes: ['ha-lf', 'past', 'GONE', 'what'],
    })
    assert.deepEqual(quote.body.net, { amount: 500, currency: 'GBP' })
    assert.deepEqual(quote.body.refused, [
      { code: 'PAST', reason: 'over' },
      { code: 'GONE', reason: 'used_up' },
      { code: 'WHAT', reason: 'unknown' },
    ])
    const order = await ask(shop, buyer, ['orders/checkout', { method: 'card_ok' }])
    assert.equal(order.body.code, 'coupon_refused')
    // What a coupon opens is not shown to who does not know it.
    const { data: offers } = await shop.store.as(buyer).promotion.find()
    assert.ok(!offers.some(({ name }) => name === 'Half'))
    await data.promotion.update(half.id, { active: false })
  })

  test('may be guessed twenty times an hour, and then not at all', async () => {
    const { data } = shop.store
    const buyer = await shop.store.user()
    const thing = await product(shop, { price: 1_000 })
    const half = await data.promotion.create({
      ...{ name: 'Guessed', type: 'percentage', basisPoints: 5_000, couponOnly: true },
    })
    await data.coupon.create({ code: 'RIGHT', promotionId: half.id })
    const guess = (codes: readonly string[]) =>
      fill(shop, buyer, { items: { [thing.id]: 1 }, codes })
    for (let turn = 0; turn < 4; turn++) {
      const codes = [1, 2, 3, 4, 5].map((place) => `WRONG${turn}${place}`)
      assert.equal((await guess(codes)).status, 200)
      // What stands in the cart already is no guess, however it is written.
      assert.equal((await guess(codes.map((code) => code.toLowerCase()))).status, 200)
    }
    for (const code of ['RIGHT', 'WRONG']) {
      const refused = await guess([code])
      assert.deepEqual([refused.status, refused.body.code], [429, 'too_many_codes'])
    }
    assert.equal((await guess([])).status, 200)
    assert.equal((await fill(shop, buyer, { items: { [thing.id]: 2 } })).status, 200)
    shop.store.clock.advance(3_600_000)
    assert.deepEqual((await guess(['RIGHT'])).body.net, { amount: 500, currency: 'GBP' })
    await data.promotion.update(half.id, { active: false })
  })

  test('F03: a price that the buyer was not shown is not collected', async () => {
    const buyer = await shop.store.user()
    const thing = await product(shop, { price: 1_000 })
    const { body: shown } = await fill(shop, buyer, { items: { [thing.id]: 1 } })
    await shop.store.data.product.update(thing.id, { price: { amount: 1_200, currency: 'GBP' } })
    const place = (total: unknown) =>
      ask(shop, buyer, ['orders/checkout', { method: 'card_ok', total }])
    assert.equal((await place(shown.net)).body.code, 'price_changed')
    const { body: now } = await ask(shop, buyer, ['carts/quote'])
    assert.equal((await place(now.net)).status, 200)
  })
})
