import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import Stripe from 'stripe'
import type { Outcome, PaymentProvider } from '../../provider.ts'
import { type StripeOptions, stripePayments } from '../stripe.ts'
import { StripeDouble } from './double.ts'

const gbp = (amount: number) => ({ amount, currency: 'GBP' })
const order = { amount: gbp(2_500), reference: 'order-1', method: 'pm_card', idempotencyKey: 'k1' }
const longAgo = '2026-01-01T00:00:00Z'

let double: StripeDouble
let provider: PaymentProvider

const opened = (more: Partial<StripeOptions> = {}): PaymentProvider =>
  stripePayments({
    ...{ secretKey: 'sk_test_right', webhookSecrets: ['whsec_old', 'whsec_new'] },
    ...{ host: double.host, timeoutMs: 2_000 },
    ...more,
  })

beforeEach(async () => {
  double = new StripeDouble()
  await double.start()
  provider = opened()
})

afterEach(() => double.stop())

function value<T>(outcome: Outcome<T>): T {
  assert.equal(outcome.outcome, 'ok', JSON.stringify(outcome))
  return (outcome as { value: T }).value
}

describe('what nobody knows is no refusal', () => {
  test('a key that was used for something else may have charged', async () => {
    await provider.authorise({ ...order, capture: 'now' })
    const other = await provider.authorise({ ...order, amount: gbp(2_600), capture: 'now' })
    assert.equal(other.outcome, 'unknown')
    const { id } = value(await provider.authorise({ ...order, idempotencyKey: 'k2' }))
    await provider.capture({ paymentId: id, amount: gbp(900), idempotencyKey: 'c' })
    await provider.refund({ paymentId: id, amount: gbp(100), idempotencyKey: 'r' })
    const refund = await provider.refund({ paymentId: id, amount: gbp(200), idempotencyKey: 'r' })
    assert.equal(refund.outcome, 'unknown')
    assert.equal(double.moved, 2_500 + 900 - 100)
  })

  test('too many calls, said with 400', async () => {
    double.fail({ path: /payment_intents$/, how: 'slow', when: 'before' })
    assert.equal((await provider.authorise(order)).outcome, 'unknown')
    assert.equal(value(await provider.authorise(order)).status, 'authorised')
  })

  test('a bank that has not decided yet has neither refused nor to be asked anew', async () => {
    const slow = { ...order, method: 'pm_processing', capture: 'now' } as const
    assert.equal(value(await provider.authorise(slow)).status, 'pending')
    assert.equal(
      value(await provider.authorise({ ...slow, intendedAt: longAgo })).status,
      'pending',
    )
    double.fail({ path: /confirm$/, how: 'error', when: 'after' })
    const stuck = { ...slow, idempotencyKey: 'k2' }
    let outcome = await provider.authorise(stuck)
    if (outcome.outcome === 'unknown') outcome = await provider.authorise(stuck)
    assert.equal(value(outcome).status, 'pending', 'its key says 500 for ever')
    double.forgetKeys()
    const again = value(await provider.authorise({ ...stuck, intendedAt: longAgo }))
    assert.deepEqual([again.id, again.status], ['pi_2', 'pending'])
    assert.equal(double.intents.size, 2, 'none beside those two')
  })

  test('one that was made and never confirmed is confirmed, not made again', async () => {
    // The SDK itself repeats a call whose connection broke.
    for (const path of [/confirm$/, /confirm$/, /pi_1$/, /pi_1$/]) {
      double.fail({ path, how: 'drop', when: 'before' })
    }
    assert.equal((await provider.authorise(order)).outcome, 'unknown')
    double.forgetKeys()
    const late = value(await provider.authorise({ ...order, intendedAt: longAgo }))
    assert.deepEqual([late.id, late.status, double.intents.size], ['pi_1', 'authorised', 1])
  })
})

describe('what is sent', () => {
  test('the longest key fits with all that is put behind it', async () => {
    const long = { ...order, idempotencyKey: 'k'.repeat(200), reference: 'r'.repeat(200) }
    for (const path of [/payment_intents$/, /confirm$/]) {
      double.fail({ path, how: 'error', when: 'before' })
    }
    let outcome = await provider.authorise(long)
    while (outcome.outcome === 'unknown') outcome = await provider.authorise(long)
    assert.equal(value(outcome).status, 'authorised')
    assert.equal(value(await provider.withdraw(long))?.status, 'cancelled')
    const longest = double.seen.map(({ key = '' }) => key.length)
    assert.equal(Math.max(...longest), 200 + ':withdraw:pi_2'.length)
  })

  test('with a place to come back to customers may be led elsewhere, else never', async () => {
    const away = opened({ returnUrl: 'https://shop.example/back' })
    const asked = value(await away.authorise({ ...order, method: 'pm_authenticate' }))
    assert.equal(asked.nextAction, 'https://hooks.stripe.test/authenticate')
    await provider.authorise({ ...order, idempotencyKey: 'k2' })
    const redirects = double.seen.flatMap(({ params }) =>
      params.getAll('automatic_payment_methods[allow_redirects]'),
    )
    assert.deepEqual(redirects, ['always', 'never'])
  })

  test('a word with quotes and backslashes is found, with what went back of it', async () => {
    const reference = String.raw`it's \'one\' of "them"\\`
    const { id } = value(await provider.authorise({ ...order, reference, capture: 'now' }))
    await provider.refund({ paymentId: id, amount: gbp(300), idempotencyKey: 'r' })
    double.index()
    const [found] = value(await provider.find(reference))
    assert.deepEqual([found?.id, found?.captured, found?.refunded], [id, 2_500, 300])
    assert.deepEqual(value(await provider.find("it's")), [])
  })

  test('a refund is looked for on every page before it is made again', async () => {
    const { id } = value(await provider.authorise({ ...order, capture: 'now' }))
    const first = { paymentId: id, amount: gbp(1), idempotencyKey: 'r0' }
    for (let at = 0; at < 103; at++) {
      value(await provider.refund({ ...first, idempotencyKey: `r${at}` }))
    }
    double.forgetKeys()
    const again = value(await provider.refund({ ...first, intendedAt: longAgo }))
    assert.deepEqual([again.id, double.refunds.length], ['re_1', 103])
  })

  test('money on its way back is on its way; what went back once is too much', async () => {
    const slow = { ...order, method: 'pm_slow_refund', capture: 'now' } as const
    const { id } = value(await provider.authorise(slow))
    const all = { paymentId: id, amount: gbp(2_500), idempotencyKey: 'r' }
    assert.equal(value(await provider.refund(all)).status, 'pending')
    const more = await provider.refund({ ...all, idempotencyKey: 'r2' })
    assert.equal(more.outcome === 'declined' && more.reason, 'too_much')
  })
})

describe('what is missing is said to be missing', () => {
  const wrong = { code: 'configuration_invalid' }

  test('a secret key', async () => {
    await assert.rejects(opened({ secretKey: '' }).authorise(order), wrong)
    assert.equal(double.seen.length, 0)
  })

  test('a secret of webhooks', async () => {
    const body = new TextEncoder().encode('{}')
    for (const webhookSecrets of [[], ['']]) {
      await assert.rejects(opened({ webhookSecrets }).verifyWebhook(body, {}), wrong)
    }
  })
})

describe('messages', () => {
  const nowMs = 1_790_000_000_000
  const signer = new Stripe('sk_test_right')
  const read = (payload: string, secret: string, more = '') => {
    const timestamp = nowMs / 1_000
    const signed = signer.webhooks.generateTestHeaderString({ payload, secret, timestamp })
    const headers = { 'stripe-signature': `${signed}${more}` }
    return provider.verifyWebhook(new TextEncoder().encode(payload), headers, nowMs)
  }
  const message = (type: string, object: object): string =>
    JSON.stringify({ id: 'evt_1', object: 'event', type, created: nowMs / 1_000, data: { object } })

  test('either secret will do while one replaces another, beside others’ signatures', async () => {
    const text = message('invoice.paid', {})
    assert.equal((await read(text, 'whsec_old')).id, 'evt_1')
    assert.equal((await read(text, 'whsec_new', `,v1=${'0'.repeat(64)},v0=abc`)).id, 'evt_1')
    await assert.rejects(read(text, 'whsec_other'), { code: 'invalid_credentials' })
  })

  test('what is signed and cannot be read is no forgery', async () => {
    for (const secret of ['whsec_old', 'whsec_new']) {
      await assert.rejects(read('{"id":', secret), { code: 'malformed_body' })
    }
  })

  test('a dispute and a refund that failed name their payment', async () => {
    const dispute = { object: 'dispute', id: 'dp_1', charge: 'ch_1', payment_intent: 'pi_9' }
    const disputed = await read(message('charge.dispute.created', dispute), 'whsec_new')
    assert.deepEqual([disputed.type, disputed.paymentId], ['payment.disputed', 'pi_9'])
    const refund = { object: 'refund', id: 're_1', payment_intent: { id: 'pi_9' }, amount: 5 }
    const failed = await read(message('refund.failed', refund), 'whsec_new')
    assert.deepEqual([failed.type, failed.paymentId], ['refund.failed', 'pi_9'])
  })
})
