import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import type { TestUser } from 'plinth/testing'
import {
  ask,
  buy,
  checkBooks,
  fill,
  openShop,
  paymentOf,
  product,
  type Shop,
  settle,
  until,
} from './shop.ts'

let shop: Shop
let staff: TestUser
before(async () => {
  shop = await openShop()
  staff = await shop.store.user({ roles: ['staff'] })
})
after(() => shop?.close())
afterEach(async () => {
  await shop.payments.behave()
})

/** A paid order of 3 pieces that cost 1000 together, so that a penny does not divide. */
async function paid() {
  const buyer = await shop.store.user()
  const thing = await product(shop, { price: 367, stock: 10 })
  const less = await shop.store.data.promotion.create({
    ...{ name: `Less ${thing.sku}`, type: 'fixed', skus: [thing.sku] },
    amount: { amount: 101, currency: 'GBP' },
  })
  const { body } = await buy(shop, buyer, { items: { [thing.id]: 3 } })
  await settle(shop)
  await shop.store.data.promotion.update(less.id, { active: false })
  const { data: lines } = await shop.store.data.line.find({ filter: { orderId: body.id } })
  assert.equal(lines[0]?.total.amount, 1_000)
  return { buyer, thing, orderId: body.id, line: lines[0]?.id ?? '' }
}

const order = (id: string) => shop.store.data.order.get(id)
const stock = async ({ id }: { readonly id: string }) => {
  return (await shop.store.data.product.get(id)).stock
}
const refund = (body: object, as = staff) => ask(shop, as, ['orders/refund', body])

/** Waits until nothing is under way any more, and so much has gone back. */
async function refunded(orderId: string, amount: number): Promise<void> {
  const { data } = shop.store
  const isOver = async () => {
    const payment = await paymentOf(shop, orderId)
    const filter = { paymentId: payment.id, status: 'ordered' } as const
    const { data: ordered } = await data.refund.find({ filter })
    return ordered.length === 0 && payment.refunded.amount === amount
  }
  await until(shop, isOver, `${amount} went back`)
  await settle(shop)
}

describe('money back', () => {
  test('by piece: each its own price, all of them exactly what was paid', async () => {
    const { orderId, line, thing } = await paid()
    for (const [count, amount] of [
      [1, 334],
      [2, 667],
      [3, 1_000],
    ] as const) {
      const answer = await refund({ order: orderId, pieces: [{ line, quantity: 1 }] })
      assert.equal(answer.status, 200, JSON.stringify(answer.body))
      await refunded(orderId, amount)
      assert.equal(await stock(thing), 7 + count)
    }
    assert.equal((await order(orderId)).status, 'refunded')
    const more = await refund({ order: orderId, pieces: [{ line, quantity: 1 }] })
    assert.equal(more.body.code, 'not_bought')
    await checkBooks(shop)
  })

  test('an amount, without the pieces; then the rest', async () => {
    const { orderId, thing, buyer } = await paid()
    const amount = { amount: 250, currency: 'GBP' }
    const first = await refund({ order: orderId, amount, restock: false, reason: 'Scratched' })
    assert.equal(first.status, 200)
    await refunded(orderId, 250)
    assert.deepEqual([await stock(thing), (await order(orderId)).status], [7, 'paid'])
    const rest = await refund({ order: orderId })
    assert.deepEqual(rest.body.amount, { amount: 750, currency: 'GBP' })
    await refunded(orderId, 1_000)
    assert.deepEqual([await stock(thing), (await order(orderId)).status], [10, 'refunded'])
    const mails = (await shop.store.mails()).filter(({ to }) => to.includes(buyer.email))
    const back = mails.filter(({ template }) => template === 'checkout.moneyBack')
    assert.deepEqual(back.map(({ text }) => /£[\d.]+/.exec(text)?.[0]).sort(), ['£2.50', '£7.50'])
    await checkBooks(shop)
  })

  test('F04: more than was captured is refused, and moves nothing', async () => {
    const { orderId } = await paid()
    const amount = { amount: 1_001, currency: 'GBP' }
    assert.equal((await refund({ order: orderId, amount })).body.code, 'too_much')
    await refund({ order: orderId, amount: { amount: 600, currency: 'GBP' } })
    const second = await refund({ order: orderId, amount: { amount: 401, currency: 'GBP' } })
    assert.equal(second.body.code, 'too_much')
    await refunded(orderId, 600)
    await checkBooks(shop)
  })

  test('F04: 50 refunds at once: never more than was captured', async () => {
    const { orderId } = await paid()
    const amount = { amount: 100, currency: 'GBP' }
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => refund({ order: orderId, amount, restock: false })),
    )
    const codes = answers.map(({ status, body }) => (status === 200 ? 'ordered' : body.code))
    assert.equal(codes.filter((code) => code === 'ordered').length, 10)
    assert.equal(codes.filter((code) => code === 'too_much').length, 40)
    await refunded(orderId, 1_000)
    const moved = (await shop.payments.charges()).byReference[orderId]
    assert.deepEqual([moved?.refunds, moved?.refunded], [10, 1_000])
    await checkBooks(shop)
  })

  test('F02: nothing for an order that was not paid, and only by staff', async () => {
    const { buyer, orderId } = await paid()
    assert.equal((await refund({ order: orderId }, buyer)).status, 403)
    const thing = await product(shop)
    const open = await buy(shop, buyer, { items: { [thing.id]: 1 }, method: 'card_authenticate' })
    await settle(shop)
    assert.equal((await refund({ order: open.body.id })).body.code, 'not_paid')
  })

  test('its webhook twice, and before the reply: booked once, told once', async () => {
    const { buyer, orderId } = await paid()
    await shop.payments.misbehave(
      { kind: 'webhook_first', operation: 'refund' },
      { kind: 'webhook_twice', operation: 'refund' },
    )
    await refund({ order: orderId, amount: { amount: 300, currency: 'GBP' }, restock: false })
    await refunded(orderId, 300)
    const came = shop.webhooks.length
    const sent = await shop.payments.resend()
    await until(shop, async () => shop.webhooks.length >= came + sent, 'all came again')
    await settle(shop)
    const { id: paymentId } = await paymentOf(shop, orderId)
    const filter = { paymentId, type: 'refunded' } as const
    assert.equal((await shop.store.data.entry.find({ filter })).data.length, 1)
    const mails = (await shop.store.mails()).filter(({ to }) => to.includes(buyer.email))
    assert.equal(mails.filter(({ template }) => template === 'checkout.moneyBack').length, 1)
    await checkBooks(shop)
  })

  for (const kind of ['error_after', 'drop_after', 'error_before'] as const) {
    test(`${kind}, twice: given back once`, async () => {
      const { orderId } = await paid()
      await shop.payments.misbehave({ kind, operation: 'refund', times: 2 })
      await refund({ order: orderId, amount: { amount: 300, currency: 'GBP' } })
      await refunded(orderId, 300)
      assert.equal((await shop.payments.charges()).byReference[orderId]?.refunds, 1)
      await checkBooks(shop)
    })
  }

  test('one that the provider refuses can be ordered again', async () => {
    const { orderId, line, thing } = await paid()
    await shop.payments.misbehave({ kind: 'decline', operation: 'refund' })
    const pieces = [{ line, quantity: 3 }]
    const first = await refund({ order: orderId, pieces })
    const { data } = shop.store
    const status = async () => (await data.refund.get(first.body.id)).status
    await until(shop, async () => (await status()) === 'refused', 'refused')
    assert.equal(await stock(thing), 7)
    const { data: reports } = await data.discrepancy.find()
    assert.ok(reports.some(({ detail }) => detail.includes('refused a refund of 1000')))
    assert.equal((await refund({ order: orderId, pieces })).status, 200)
    await refunded(orderId, 1_000)
    await checkBooks(shop)
  })

  test('one that was made at the provider itself comes into our books', async () => {
    const { orderId } = await paid()
    const { providerId } = await paymentOf(shop, orderId)
    await shop.payments.refund({
      ...{ paymentId: providerId ?? '', amount: { amount: 400, currency: 'GBP' } },
      idempotencyKey: `support-${orderId}`,
    })
    await refunded(orderId, 400)
    const tooMuch = await refund({ order: orderId, amount: { amount: 601, currency: 'GBP' } })
    assert.equal(tooMuch.body.code, 'too_much')
    await checkBooks(shop)
  })
})

describe('taking an order back', () => {
  test('before it is shipped: everything goes back', async () => {
    const { buyer, orderId, thing } = await paid()
    const { status } = await ask(shop, buyer, ['orders/cancel', { order: orderId }])
    assert.equal(status, 200)
    await refunded(orderId, 1_000)
    assert.deepEqual([(await order(orderId)).status, await stock(thing)], ['cancelled', 10])
    const again = await ask(shop, buyer, ['orders/cancel', { order: orderId }])
    assert.equal(again.body.code, 'too_late')
    await checkBooks(shop)
  })

  test('F02: not after it is shipped', async () => {
    const { buyer, orderId } = await paid()
    await shop.store.data.order.update(orderId, { status: 'shipped' })
    const answer = await ask(shop, buyer, ['orders/cancel', { order: orderId }])
    assert.equal(answer.body.code, 'too_late')
  })

  test('from 20 windows at once: once', async () => {
    const { buyer, orderId, thing } = await paid()
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ask(shop, buyer, ['orders/cancel', { order: orderId }])),
    )
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    await refunded(orderId, 1_000)
    assert.equal(await stock(thing), 10)
    await checkBooks(shop)
  })

  test('after a part went back: the rest goes back, and only what is still there', async () => {
    const { buyer, orderId, thing, line } = await paid()
    await refund({ order: orderId, pieces: [{ line, quantity: 1 }] })
    assert.equal((await ask(shop, buyer, ['orders/cancel', { order: orderId }])).status, 200)
    await refunded(orderId, 1_000)
    assert.deepEqual([(await order(orderId)).status, await stock(thing)], ['cancelled', 10])
    await checkBooks(shop)
  })

  test('one that staff wrote by hand: cancelled, and no piece appears from nowhere', async () => {
    const { buyer, thing } = await paid()
    const { data } = shop.store
    const { data: customers } = await data.customer.find({ filter: { userId: buyer.id } })
    const customerId = customers[0]?.id ?? null
    const placedAt = '2026-01-01T00:00:00Z'
    const made = await data.order.create({ number: 'BY-HAND', placedAt, customerId })
    const price = { amount: 100, currency: 'GBP' } as const
    await data.line.create({
      ...{ orderId: made.id, position: 1, productId: thing.id, quantity: 2, unitPrice: price },
    })
    const left = await stock(thing)
    const answer = await ask(shop, buyer, ['orders/cancel', { order: made.id }])
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    await settle(shop)
    assert.deepEqual([(await order(made.id)).status, await stock(thing)], ['cancelled', left])
    const again = await ask(shop, buyer, ['orders/cancel', { order: made.id }])
    assert.equal(again.body.code, 'too_late')
  })

  test('while nothing collects its price any more: people look', async () => {
    const buyer = await shop.store.user()
    const thing = await product(shop, { price: 500, stock: 2 })
    const { body } = await buy(shop, buyer, {
      ...{ items: { [thing.id]: 1 }, method: 'card_authenticate' },
    })
    await settle(shop)
    await shop.store.running.workflows.cancel(`pay-${body.id}`)
    await settle(shop)
    assert.equal((await order(body.id)).status, 'open')
    const answer = await ask(shop, buyer, ['orders/cancel', { order: body.id }])
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    assert.deepEqual([(await order(body.id)).status, await stock(thing)], ['cancelled', 2])
    const { id: paymentId } = await paymentOf(shop, body.id)
    const { data: notes } = await shop.store.data.discrepancy.find({ filter: { paymentId } })
    assert.match(notes[0]?.detail ?? '', /is something still held/)
  })
})

/** Two paid orders of one customer, each by the coupon, which holds for no third one. */
async function byCoupon(code: string, givenBack: boolean) {
  const { data } = shop.store
  const buyer = await shop.store.user()
  const thing = await product(shop, { price: 1_000, stock: 10 })
  const values = { type: 'percentage', basisPoints: 1_000, couponOnly: true } as const
  const tenth = await data.promotion.create({ ...values, name: code, skus: [thing.sku] })
  const limits = { usesMax: 3, usesMaxPerCustomer: 2 }
  const coupon = await data.coupon.create({ code, promotionId: tenth.id, givenBack, ...limits })
  const again = () => buy(shop, buyer, { items: { [thing.id]: 1 }, codes: [code] })
  const [one, two] = [await again(), await again()]
  await settle(shop)
  assert.equal((await order(one.body.id)).status, 'paid')
  const used = async () => (await data.coupon.get(coupon.id)).used
  const kept = async () => {
    const filter = { couponId: coupon.id, releasedAt: { isNull: true } } as const
    return (await data.redemption.find({ filter })).data.length
  }
  assert.deepEqual([await used(), await kept()], [2, 2])
  assert.equal((await again()).status, 409)
  const cancel = (orderId: string) => ask(shop, buyer, ['orders/cancel', { order: orderId }])
  return { again, cancel, used, kept, one: one.body.id, two: two.body.id, thing }
}

describe('a coupon of an order that was paid and is cancelled', () => {
  test('is given back with it, in one: once, however often it is cancelled', async () => {
    const { again, cancel, used, kept, one, two } = await byCoupon('COMESBACK', true)
    const both = await Promise.all([cancel(one), cancel(one), cancel(one), cancel(two)])
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 200, 409, 409])
    assert.deepEqual([await used(), await kept()], [0, 0])
    await refunded(one, 900)
    for (const _ of [1, 2]) assert.equal((await again()).status, 200, 'for them as well')
    assert.equal((await again()).status, 409)
    assert.deepEqual([await used(), await kept()], [2, 2])
    await settle(shop)
    await checkBooks(shop)
  })

  test('stays used where the coupon says so', async () => {
    const { again, cancel, used, kept, one } = await byCoupon('STAYS', false)
    assert.equal((await cancel(one)).status, 200)
    assert.deepEqual([await used(), await kept()], [2, 2])
    assert.equal((await again()).status, 409)
    await refunded(one, 900)
  })

  test('stays used where money goes back, and the order stands', async () => {
    const { used, kept, one } = await byCoupon('REFUNDED', true)
    assert.equal((await refund({ order: one })).status, 200)
    await refunded(one, 900)
    assert.equal((await order(one)).status, 'refunded')
    assert.deepEqual([await used(), await kept()], [2, 2])
  })

  test('cancelled and bought by others at once: never more uses than there are', async () => {
    const { cancel, used, kept, one, two, thing } = await byCoupon('CROWD', true)
    const others = await Promise.all(Array.from({ length: 12 }, () => shop.store.user()))
    for (const each of others) {
      await fill(shop, each, { items: { [thing.id]: 1 }, codes: ['CROWD'] })
    }
    const take = (each: TestUser) => ask(shop, each, ['orders/checkout', { method: 'card_ok' }])
    const some = (orderId: string) => Array.from({ length: 4 }, () => cancel(orderId))
    const all = await Promise.all([
      ...[...some(one), ...others.slice(0, 6).map(take)],
      ...[...some(two), ...others.slice(6).map(take)],
    ])
    const had = all.filter(({ status }) => status === 200).length
    const held = await kept()
    assert.equal(await used(), held)
    assert.ok(held >= 1 && held <= 3, `${held} uses`)
    assert.equal(had, 2 + held, 'two were cancelled, and whoever bought by it has a use of it')
    await settle(shop)
    await checkBooks(shop)
  })
})
