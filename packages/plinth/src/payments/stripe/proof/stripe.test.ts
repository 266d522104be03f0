import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import Stripe from 'stripe'
import type { Outcome, PaymentProvider } from '../../provider.ts'
import { fromStripe, toStripe } from '../amounts.ts'
import { stripePayments } from '../stripe.ts'
import { StripeDouble } from './double.ts'

const gbp = (amount: number) => ({ amount, currency: 'GBP' })
const secret = 'whsec_test_secret'

let double: StripeDouble
let provider: PaymentProvider

beforeEach(async () => {
  double = new StripeDouble()
  await double.start()
  provider = stripePayments({
    secretKey: 'sk_test_right',
    webhookSecrets: [secret],
    host: double.host,
    timeoutMs: 2_000,
  })
})

afterEach(() => double.stop())

const order = { amount: gbp(2_500), reference: 'order-1', method: 'pm_card', idempotencyKey: 'k1' }

function value<T>(outcome: Outcome<T>): T {
  assert.equal(outcome.outcome, 'ok', JSON.stringify(outcome))
  return (outcome as { value: T }).value
}

describe('the way of a payment', () => {
  test('held, taken, given back in parts', async () => {
    const held = value(await provider.authorise(order))
    assert.deepEqual(held, {
      id: 'pi_1',
      reference: 'order-1',
      status: 'authorised',
      amount: gbp(2_500),
      captured: 0,
      refunded: 0,
      nextAction: undefined,
    })
    const taken = value(await provider.capture({ paymentId: held.id, idempotencyKey: 'k2' }))
    assert.equal(taken.status, 'captured')
    assert.equal(taken.captured, 2_500)
    const first = { paymentId: held.id, amount: gbp(1_000), idempotencyKey: 'k3' }
    const refund = value(await provider.refund(first))
    assert.deepEqual([refund.status, refund.amount, refund.paymentId], ['done', gbp(1_000), 'pi_1'])
    assert.deepEqual(value(await provider.refund(first)), refund)
    assert.equal(value(await provider.retrieve(held.id)).refunded, 1_000)
    assert.equal(double.moved, 1_500)
    const keys = double.seen.filter(({ method }) => method === 'POST').map(({ key }) => key)
    assert.deepEqual(keys, ['k1', 'k1:confirm', 'k2', 'k3', 'k3'])
    assert.deepEqual(value(await provider.find('order-1')), [], 'the search is late')
    double.index()
    const found = value(await provider.find('order-1'))
    assert.deepEqual(
      found.map(({ id }) => id),
      ['pi_1'],
    )
  })

  test('captured at once, in part, released', async () => {
    const now = value(await provider.authorise({ ...order, capture: 'now' }))
    assert.deepEqual([now.status, now.captured], ['captured', 2_500])
    const held = value(await provider.authorise({ ...order, idempotencyKey: 'k5' }))
    const part = { paymentId: held.id, amount: gbp(900), idempotencyKey: 'k6' }
    assert.equal(value(await provider.capture(part)).captured, 900)
    const other = value(await provider.authorise({ ...order, idempotencyKey: 'k7' }))
    const cancelled = await provider.cancel({ paymentId: other.id, idempotencyKey: 'k8' })
    assert.equal(value(cancelled).status, 'cancelled')
    const again = await provider.cancel({ paymentId: other.id, idempotencyKey: 'k9' })
    assert.equal(value(again).status, 'cancelled')
    const late = await provider.capture({ paymentId: other.id, idempotencyKey: 'k10' })
    assert.deepEqual([late.outcome, 'reason' in late && late.reason], ['declined', 'wrong_state'])
  })

  test('3-D Secure asks for the customer', async () => {
    const asked = value(await provider.authorise({ ...order, method: 'pm_authenticate' }))
    assert.deepEqual([asked.status, asked.nextAction], ['action_required', 'pi_secret'])
  })

  test('refusals have their reason, and move nothing', async () => {
    const cases = [
      ['pm_declined_generic_decline', 'card_declined'],
      ['pm_declined_insufficient_funds', 'insufficient_funds'],
      ['pm_declined_expired_card', 'card_expired'],
    ] as const
    for (const [method, reason] of cases) {
      const refused = await provider.authorise({ ...order, method, idempotencyKey: method })
      assert.equal(refused.outcome === 'declined' && refused.reason, reason)
    }
    const held = value(await provider.authorise(order))
    const much = { paymentId: held.id, amount: gbp(2_501), idempotencyKey: 'k2' }
    const tooMuch = await provider.capture(much)
    assert.equal(tooMuch.outcome === 'declined' && tooMuch.reason, 'too_much')
    await provider.capture({ paymentId: held.id, idempotencyKey: 'k3' })
    const refund = await provider.refund({ ...much, idempotencyKey: 'k4' })
    assert.equal(refund.outcome === 'declined' && refund.reason, 'too_much')
    const nobody = await provider.retrieve('pi_nobody')
    assert.equal(nobody.outcome === 'declined' && nobody.reason, 'not_found')
    assert.equal(double.moved, 2_500)
  })

  test('a call that makes no sense is not sent', async () => {
    for (const wrong of [{ amount: gbp(0) }, { amount: gbp(1.5) }, { idempotencyKey: '' }]) {
      const refused = await provider.authorise({ ...order, ...wrong })
      assert.equal(refused.outcome, 'declined')
    }
    assert.equal(double.seen.length, 0)
  })

  test('a wrong key is our mistake, and said so', async () => {
    const stranger = stripePayments({ secretKey: 'sk_x', webhookSecrets: [], host: double.host })
    await assert.rejects(stranger.authorise(order), { code: 'configuration_invalid' })
  })
})

describe('what gets lost is found again, and nothing is charged twice', () => {
  const paths = [
    ['create', /payment_intents$/],
    ['confirm', /confirm$/],
  ] as const
  for (const [name, path] of paths) {
    for (const how of ['error', 'drop', 'limit', 'busy'] as const) {
      for (const when of ['before', 'after'] as const) {
        if (when === 'after' && (how === 'limit' || how === 'busy')) continue
        test(`${name}: ${how} ${when}`, async () => {
          double.fail({ path, how, when })
          let outcome = await provider.authorise({ ...order, capture: 'now' })
          for (let count = 0; count < 3 && outcome.outcome === 'unknown'; count++) {
            outcome = await provider.authorise({ ...order, capture: 'now' })
          }
          assert.equal(value(outcome).status, 'captured')
          assert.equal(double.moved, 2_500)
          const again = await provider.authorise({ ...order, capture: 'now' })
          assert.equal(value(again).id, value(outcome).id)
          assert.equal(double.moved, 2_500)
        })
      }
    }
  }

  for (const how of ['error', 'drop'] as const) {
    for (const when of ['before', 'after'] as const) {
      test(`capture and refund: ${how} ${when}`, async () => {
        const { id } = value(await provider.authorise(order))
        const repeat = async <T>(call: () => Promise<Outcome<T>>): Promise<T> => {
          let outcome = await call()
          for (let count = 0; count < 3 && outcome.outcome === 'unknown'; count++) {
            outcome = await call()
          }
          return value(outcome)
        }
        double.fail({ path: /capture$/, how, when })
        const capture = { paymentId: id, idempotencyKey: 'c' }
        assert.equal((await repeat(() => provider.capture(capture))).captured, 2_500)
        double.fail({ path: /refunds$/, how, when })
        const refund = { paymentId: id, amount: gbp(700), idempotencyKey: 'r' }
        assert.equal((await repeat(() => provider.refund(refund))).amount.amount, 700)
        assert.equal(double.moved, 1_800)
      })
    }
  }

  test('a lost reply is unknown at first, never declined', async () => {
    double.fail({ path: /payment_intents$/, how: 'limit', when: 'before' })
    const limited = await provider.authorise(order)
    assert.deepEqual(limited.outcome === 'unknown' && limited.retryAfterMs, 2_000)
  })

  test('after a day, when the key is forgotten, the payment is looked for', async () => {
    const first = value(await provider.authorise({ ...order, capture: 'now' }))
    double.forgetKeys()
    const intendedAt = '2026-01-01T00:00:00Z'
    const again = await provider.authorise({ ...order, capture: 'now', intendedAt })
    assert.equal(value(again).id, first.id)
    const refund = { paymentId: first.id, amount: gbp(500), idempotencyKey: 'r' }
    await provider.refund(refund)
    double.forgetKeys()
    assert.equal(value(await provider.refund({ ...refund, intendedAt })).amount.amount, 500)
    assert.equal(double.moved, 2_000)
  })
})

describe('what nobody knows the end of is taken back by its key, without the search', () => {
  const held = () => [...double.intents.values()].map(({ status }) => status)

  for (const [path, how, when] of [
    [/payment_intents$/, 'drop', 'before'],
    [/payment_intents$/, 'drop', 'after'],
    [/payment_intents$/, 'error', 'after'],
    [/confirm$/, 'drop', 'before'],
    [/confirm$/, 'drop', 'after'],
    [/confirm$/, 'error', 'after'],
  ] as const) {
    test(`${path.source} ${how} ${when}`, async () => {
      // Neither the call nor a look at the payment brings anything.
      for (const lost of [path, path, path, /pi_1$/, /pi_1$/])
        double.fail({ path: lost, how, when })
      assert.equal((await provider.authorise(order)).outcome, 'unknown')
      double.behave()
      const gone = value(await provider.withdraw(order))
      assert.equal(gone?.status, 'cancelled')
      assert.ok(!held().includes('requires_capture'), held().join())
      assert.equal(value(await provider.withdraw(order))?.status, 'cancelled')
      // What was on its way all the time, and comes now, holds nothing.
      await provider.authorise(order)
      assert.ok(!held().includes('requires_capture'), held().join())
    })
  }

  test('its own call may get lost as well', async () => {
    await provider.authorise(order)
    double.fail({ path: /cancel$/, how: 'drop', when: 'after' })
    let gone = await provider.withdraw(order)
    if (gone.outcome === 'unknown') gone = await provider.withdraw(order)
    assert.equal(value(gone)?.status, 'cancelled')
    assert.deepEqual(held(), ['canceled'])
  })

  test('money that moved is said to have moved', async () => {
    const now = { ...order, capture: 'now' } as const
    double.fail({ path: /confirm$/, how: 'drop', when: 'after' })
    await provider.authorise(now)
    const moved = value(await provider.withdraw(now))
    assert.deepEqual([moved?.status, moved?.captured], ['captured', 2_500])
  })

  test('after a day by the search, which knows it by then', async () => {
    await provider.authorise(order)
    double.forgetKeys()
    const intendedAt = '2026-01-01T00:00:00Z'
    assert.equal(value(await provider.withdraw({ ...order, intendedAt }))?.status, 'cancelled')
    assert.deepEqual(held(), ['canceled'])
    const never = { ...order, idempotencyKey: 'never', intendedAt }
    assert.equal(value(await provider.withdraw(never)), undefined)
    assert.equal(double.intents.size, 1)
  })
})

describe('webhooks', () => {
  const signer = new Stripe('sk_test_right')
  const nowMs = 1_790_000_000_000
  const signed = (payload: string, timestampMs = nowMs, by = secret) =>
    signer.webhooks.generateTestHeaderString({
      payload,
      secret: by,
      timestamp: Math.floor(timestampMs / 1000),
    })
  const payload = JSON.stringify({
    id: 'evt_1',
    object: 'event',
    type: 'payment_intent.succeeded',
    created: 1_790_000_000,
    data: {
      object: {
        object: 'payment_intent',
        id: 'pi_9',
        amount: 700,
        currency: 'gbp',
        status: 'succeeded',
        amount_received: 700,
        latest_charge: 'ch_1',
        metadata: { plinth_reference: 'order-9' },
      },
    },
  })
  const read = (text: string, signature: string, at = nowMs) =>
    provider.verifyWebhook(new TextEncoder().encode(text), { 'stripe-signature': signature }, at)

  test('are read in our words', async () => {
    const event = await read(payload, signed(payload))
    assert.deepEqual(
      [event.id, event.type, event.at, event.payment?.reference, event.payment?.captured],
      ['evt_1', 'payment.captured', '2026-09-21T14:13:20Z', 'order-9', 700],
    )
    const charge = {
      ...{ object: 'charge', id: 'ch_1', payment_intent: 'pi_9', amount: 700, currency: 'gbp' },
      ...{ captured: true, amount_captured: 700, amount_refunded: 200, metadata: {} },
    }
    const head = { id: 'evt_2', object: 'event', created: 1_790_000_000 }
    const refunded = JSON.stringify({ ...head, type: 'charge.refunded', data: { object: charge } })
    const second = await read(refunded, signed(refunded))
    assert.deepEqual([second.type, second.payment?.refunded], ['payment.refunded', 200])
    const other = JSON.stringify({ ...head, type: 'invoice.paid', data: { object: {} } })
    assert.equal((await read(other, signed(other))).type, 'other')
  })

  test('are refused when forged, changed, old or unsigned', async () => {
    const wrong = { code: 'invalid_credentials' }
    await assert.rejects(read(payload.replace('700', '900'), signed(payload)), wrong)
    await assert.rejects(read(payload, signed(payload, nowMs, 'whsec_other')), wrong)
    await assert.rejects(read(payload, signed(payload, nowMs - 301_000)), wrong)
    await assert.rejects(read(payload, ''), wrong)
  })
})

test('amounts keep their value where Stripe counts otherwise', () => {
  for (const [currency, ours, theirs] of [
    ['GBP', 1_250, 1_250],
    ['JPY', 500, 500],
    ['ISK', 5, 500],
    ['UGX', 7, 700],
    ['MGA', 1_300, 13],
    ['KWD', 1_230, 1_230],
  ] as const) {
    assert.equal(toStripe({ amount: ours, currency }), theirs)
    assert.equal(fromStripe(theirs, currency), ours)
  }
  for (const inexact of [
    { amount: 1_234, currency: 'KWD' },
    { amount: 1_301, currency: 'MGA' },
    { amount: Number.MAX_SAFE_INTEGER, currency: 'ISK' },
  ]) {
    assert.equal(toStripe(inexact), undefined)
  }
})
