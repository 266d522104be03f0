import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import type { Outcome } from '../../provider.ts'
import { type SandboxPayments, sandboxPayments } from '../client.ts'
import { type Sandbox, startSandbox } from '../start.ts'
import { Receiver } from './receiver.ts'

const folder = mkdtempSync(join(tmpdir(), 'plinth-sandbox-'))
const file = join(folder, 'sandbox.db')
const receiver = new Receiver()
let sandbox: Sandbox
let payments: SandboxPayments
let count = 0

before(async () => {
  await receiver.start()
  sandbox = await startSandbox({ file, webhookUrl: receiver.url })
  payments = sandboxPayments(sandbox, { timeoutMs: 2_000 })
})

after(async () => {
  await sandbox.stop()
  await receiver.stop()
  rmSync(folder, { recursive: true, force: true })
})

beforeEach(async () => {
  await payments.behave()
  receiver.clear()
})

function value<T>(outcome: Outcome<T>): T {
  assert.equal(outcome.outcome, 'ok', JSON.stringify(outcome))
  return (outcome as { value: T }).value
}

const gbp = (amount: number) => ({ amount, currency: 'GBP' })

/** A new order of its own reference and key. */
function order(more: { readonly method?: string; readonly capture?: 'now' } = {}) {
  const word = `order-${++count}`
  return { amount: gbp(1_000), reference: word, idempotencyKey: word, method: 'card_ok', ...more }
}

describe('a payment', () => {
  test('is held, captured and given back, and everything can be counted', async () => {
    const asked = order()
    const held = value(await payments.authorise(asked))
    assert.equal(held.status, 'authorised')
    assert.equal((await payments.charges()).byReference[asked.reference], undefined)
    const taking = { paymentId: held.id, amount: gbp(800), idempotencyKey: `${held.id}:c` }
    const taken = value(await payments.capture(taking))
    assert.deepEqual([taken.status, taken.captured], ['captured', 800])
    const back = { paymentId: held.id, amount: gbp(300), idempotencyKey: `${held.id}:r` }
    assert.equal(value(await payments.refund(back)).status, 'done')
    const more = { ...back, amount: gbp(501), idempotencyKey: `${held.id}:r2` }
    const tooMuch = await payments.refund(more)
    assert.equal(tooMuch.outcome === 'declined' && tooMuch.reason, 'too_much')
    const moved = (await payments.charges()).byReference[asked.reference]
    assert.deepEqual(moved, { captures: 1, captured: 800, refunds: 1, refunded: 300 })
    assert.deepEqual(value(await payments.find(asked.reference)), [
      value(await payments.retrieve(held.id)),
    ])
  })

  test('is made once for its key, and a key is for one call', async () => {
    const asked = order({ capture: 'now' })
    const all = await Promise.all(Array.from({ length: 20 }, () => payments.authorise(asked)))
    assert.equal(new Set(all.map((one) => value(one).id)).size, 1)
    const other = await payments.authorise({ ...asked, amount: gbp(5) })
    assert.equal(other.outcome, 'declined')
    const moved = (await payments.charges()).byKey[asked.idempotencyKey]
    assert.deepEqual(moved, { captures: 1, captured: 1_000, refunds: 0, refunded: 0 })
  })

  test('is refused by its card', async () => {
    for (const [method, reason] of [
      ['card_declined', 'card_declined'],
      ['card_insufficient_funds', 'insufficient_funds'],
      ['card_expired', 'card_expired'],
      ['4242424242424242', 'refused'],
    ] as const) {
      const refused = await payments.authorise(order({ method }))
      assert.equal(refused.outcome === 'declined' && refused.reason, reason)
    }
    const held = value(await payments.authorise(order({ method: 'card_capture_declined' })))
    const taken = await payments.capture({ paymentId: held.id, idempotencyKey: held.id })
    assert.equal(taken.outcome, 'declined')
  })

  test('waits for the customer where the card wants it', async () => {
    const asked = value(await payments.authorise(order({ method: 'card_authenticate' })))
    assert.equal(asked.status, 'action_required')
    const early = await payments.capture({ paymentId: asked.id, idempotencyKey: `${asked.id}:c` })
    assert.equal(early.outcome === 'declined' && early.reason, 'wrong_state')
    assert.equal(value(await payments.authenticate(asked.id)).status, 'authorised')
    const cancelled = await payments.cancel({ paymentId: asked.id, idempotencyKey: 'x' })
    assert.equal(value(cancelled).status, 'cancelled')
  })

  test('is taken back by its key, known or not, before it came or after', async () => {
    const asked = order()
    await payments.misbehave({ kind: 'drop_after', operation: 'authorise' })
    assert.equal((await payments.authorise(asked)).outcome, 'unknown')
    assert.equal(value(await payments.withdraw(asked))?.status, 'cancelled')
    assert.equal(value(await payments.withdraw(asked))?.status, 'cancelled')
    const early = order()
    assert.equal(value(await payments.withdraw(early)), undefined)
    const late = await payments.authorise(early)
    assert.equal(late.outcome === 'declined' && late.reason, 'wrong_state')
    const other = await payments.withdraw({ ...asked, amount: gbp(5) })
    assert.equal(other.outcome, 'declined', 'a key is for one order')
    const moved = order({ capture: 'now' })
    await payments.authorise(moved)
    assert.equal(value(await payments.withdraw(moved))?.captured, 1_000)
  })

  test('needs the key of the sandbox', async () => {
    const stranger = sandboxPayments({ ...sandbox, key: 'guess' })
    await assert.rejects(stranger.authorise(order()), { code: 'configuration_invalid' })
  })
})

describe('misbehaviour', () => {
  for (const kind of ['error_after', 'drop_after', 'error_before', 'drop_before'] as const) {
    test(`${kind} is unknown, and a repetition tells`, async () => {
      const asked = order({ capture: 'now' })
      await payments.misbehave({ kind, operation: 'authorise', reference: asked.reference })
      assert.equal((await payments.authorise(asked)).outcome, 'unknown')
      const charged = kind.endsWith('after') ? 1 : 0
      const before = (await payments.charges()).byKey[asked.idempotencyKey]?.captures ?? 0
      assert.equal(before, charged)
      assert.equal(value(await payments.authorise(asked)).status, 'captured')
      assert.equal((await payments.charges()).byKey[asked.idempotencyKey]?.captures, 1)
    })
  }

  test('slow is unknown where it takes longer than we wait', async () => {
    const hasty = sandboxPayments(sandbox, { timeoutMs: 200 })
    const asked = order({ capture: 'now' })
    await payments.misbehave({ kind: 'slow', delayMs: 600 })
    assert.equal((await hasty.authorise(asked)).outcome, 'unknown')
    assert.equal(value(await hasty.authorise(asked)).captured, 1_000)
  })

  test('a forgotten key charges twice: the count shows it', async () => {
    const asked = order({ capture: 'now' })
    await payments.misbehave({ kind: 'forget_key', times: 2 })
    await payments.authorise(asked)
    await payments.authorise(asked)
    assert.equal((await payments.charges()).byKey[asked.idempotencyKey]?.captures, 2)
  })

  test('declines as told, and nonsense is refused', async () => {
    await payments.misbehave({ kind: 'decline' })
    assert.equal((await payments.authorise(order())).outcome, 'declined')
    await assert.rejects(payments.misbehave({ kind: 'explode' as 'slow' }))
  })
})

describe('webhooks', () => {
  // What earlier tests were charged for may still be on its way: these begin with silence.
  before(async () => {
    for (let heard = -1; heard !== receiver.messages.length; ) {
      heard = receiver.messages.length
      await new Promise((resolve) => setTimeout(resolve, 900))
    }
    receiver.clear()
  })

  test('are signed as the standard says, and verified by ours and theirs', async () => {
    const asked = order({ capture: 'now' })
    const made = value(await payments.authorise(asked))
    const [message] = await receiver.wait(1)
    assert.ok(message)
    const event = await payments.verifyWebhook(message.body, message.headers)
    assert.deepEqual([event.type, event.payment], ['payment.captured', jsonOf(made)])
    const standard = new Webhook(sandbox.secret)
    standard.verify(Buffer.from(message.body), message.headers as Record<string, string>)
    const wrong = { code: 'invalid_credentials' }
    const changed = Buffer.from(Buffer.from(message.body).toString().replace('1000', '9000'))
    await assert.rejects(payments.verifyWebhook(changed, message.headers), wrong)
    const later = Date.now() + 301_000
    await assert.rejects(payments.verifyWebhook(message.body, message.headers, later), wrong)
    const unsigned = { ...message.headers, 'webhook-signature': '' }
    await assert.rejects(payments.verifyWebhook(message.body, unsigned), wrong)
    const renamed = { ...message.headers, 'webhook-id': 'evt_other' }
    await assert.rejects(payments.verifyWebhook(message.body, renamed), wrong)
  })

  test('come twice, before the reply, late, or never', async () => {
    await payments.misbehave({ kind: 'webhook_twice' })
    await payments.authorise(order())
    const twice = await receiver.wait(2)
    assert.equal(new Set(twice.map(({ headers }) => headers['webhook-id'])).size, 1)
    receiver.clear()
    await payments.misbehave({ kind: 'webhook_first' })
    await payments.authorise(order())
    assert.equal(receiver.messages.length, 1, 'there when the reply came')
    receiver.clear()
    await payments.misbehave({ kind: 'webhook_late', delayMs: 300 }, { kind: 'webhook_never' })
    await payments.behave()
    await payments.misbehave({ kind: 'webhook_late', delayMs: 300 })
    await payments.authorise(order())
    assert.equal(receiver.messages.length, 0)
    await receiver.wait(1)
    receiver.clear()
    await payments.misbehave({ kind: 'webhook_never' })
    await payments.authorise(order())
    await new Promise((resolve) => setTimeout(resolve, 150))
    assert.equal(receiver.messages.length, 0)
  })

  test('are repeated until they are answered well, with one id', async () => {
    receiver.refuse(2)
    await payments.authorise(order())
    const all = await receiver.wait(3)
    assert.equal(new Set(all.map(({ headers }) => headers['webhook-id'])).size, 1)
  })

  test('carry the time of the sandbox, which can be moved', async () => {
    const nowMs = Date.parse('2030-01-01T00:00:00Z')
    await payments.setClock(nowMs)
    await payments.authorise(order())
    const [message] = await receiver.wait(1)
    assert.ok(message)
    const event = await payments.verifyWebhook(message.body, message.headers, nowMs)
    assert.match(event.at, /^2030-01-01T00:00:0/)
    await payments.setClock(Date.now())
  })
})

describe('the process', () => {
  test('is found again by a second start on its file', async () => {
    const second = await startSandbox({ file })
    assert.deepEqual([second.started, second.pid, second.url], [false, sandbox.pid, sandbox.url])
    await second.stop()
    assert.equal(value(await payments.find('nothing')).length, 0)
  })

  test('keeps its key and its secret from other accounts of the machine', async () => {
    const mine = join(folder, 'new', 'sandbox.db')
    const other = await startSandbox({ file: mine })
    const modes = [join(folder, 'new'), mine, `${mine}-wal`, `${mine}.json`].map((path) =>
      (statSync(path).mode & 0o777).toString(8),
    )
    await other.stop()
    if (process.platform !== 'win32') assert.deepEqual(modes, ['700', '600', '600', '600'])
  })

  test('keeps what it acknowledged through kill -9, and each key once', async () => {
    const orders = Array.from({ length: 60 }, () => order({ capture: 'now' }))
    const first = orders.map((one) => payments.authorise(one))
    await first[10]
    process.kill(sandbox.pid, 'SIGKILL')
    await sandbox.gone
    const outcomes = await Promise.all(first)
    assert.ok(outcomes.some(({ outcome }) => outcome === 'unknown'))
    const url = sandbox.url
    sandbox = await startSandbox({ file })
    assert.equal(sandbox.url, url)
    const { byKey } = await payments.charges()
    orders.forEach((one, index) => {
      if (outcomes[index]?.outcome !== 'ok') return
      assert.equal(byKey[one.idempotencyKey]?.captures, 1)
    })
    const again = await Promise.all(orders.map((one) => payments.authorise(one)))
    again.forEach((outcome) => void value(outcome))
    const after = (await payments.charges()).byKey
    assert.deepEqual(
      orders.filter((one) => after[one.idempotencyKey]?.captures !== 1),
      [],
    )
  })

  test('ends with whoever started it, even by kill -9', async () => {
    const start = join(import.meta.dirname, '..', 'start.ts')
    const script = `const { startSandbox } = await import(${JSON.stringify(start)})
      console.log((await startSandbox({ file: ${JSON.stringify(join(folder, 'b.db'))} })).pid)`
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', script])
    const pid = await new Promise<number>((resolve) => {
      parent.stdout.once('data', (text: Buffer) => resolve(Number(text.toString())))
    })
    assert.ok(process.kill(pid, 0))
    parent.kill('SIGKILL')
    for (let wait = 0; isAlive(pid) && wait < 100; wait++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    assert.equal(isAlive(pid), false)
  })
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function jsonOf(made: object): unknown {
  return JSON.parse(JSON.stringify(made))
}
