/** Owns collecting the price of an order: a durable sequence, each call to the provider keyed. */

import { id, text, type WorkflowScope } from 'plinth'
import type { Authorisation, Payment } from 'plinth/payments'
import { book, report } from './books.ts'
import { orderPaid, paymentMoved } from './events.ts'
import { type CheckoutModels, checkout, type Scope } from './kit.ts'
import { ask, type Decided, payments, persistent, type Seen, seen } from './provider.ts'
import { returnUnwanted } from './refund.ts'
import { release } from './reserve.ts'

/** How long a customer may take, for 3-D Secure and the like. */
const patience = 'PT30M'

/** How often a customer may come back without having finished. */
const turnsMax = 5

/** So long a price is tried to be held while nobody knows what happened: for about half an hour. */
const patient = {
  retry: { attemptsMax: 15, delayMs: 500, factor: 2, delayMsMax: 300_000 },
  timeoutMs: 60_000,
} as const

/** What the helpers of the workflow work with. */
type Flow = Pick<WorkflowScope<CheckoutModels, unknown>, 'step' | 'external' | 'waitForSignal'>

interface Paying {
  readonly orderId: string
  readonly paymentId: string
}

/**
 * Reserved → authorised → captured → confirmed. An order that is refused, given up, or not
 * authorised in time gives back what it held. Nothing is captured for an order that is not open.
 */
export const pay = checkout.workflow('pay', {
  description: 'Collects the price of an order, or gives back what it held.',
  input: { orderId: id('order'), method: text({ max: 200 }) },
  async run(flow) {
    const { input, startedAt } = flow
    const { orderId, method } = input
    const { paymentId, amount } = await flow.step('begin', (scope) => begin(scope, orderId))
    const paying = { orderId, paymentId }
    // Known before the first call, and the same in every run: what nobody was told of is found by
    // it, and taken back.
    const idempotencyKey = `${flow.id}:authorise`
    const asked = { amount, method, idempotencyKey, reference: orderId, intendedAt: startedAt }
    let held: Decided<Seen>
    try {
      held = await flow.external(
        'authorise',
        () => ask((provider) => provider.authorise(asked)).then(seen),
        patient,
      )
    } catch {
      // Nobody could say. At most an amount is held: the pieces need not wait for that.
      await flow.step('given-up', (scope) => giveUp(scope, paying))
      return { status: await clear(flow, paying, asked) }
    }
    return { status: await settle(flow, paying, held) }
  },
})

/** Everything behind the first answer of the provider. Returns how it ended. */
async function settle(flow: Flow, paying: Paying, first: Decided<Seen>): Promise<string> {
  let held = first
  for (let turn = 1; turn <= turnsMax && waits(held); turn++) {
    const { value } = held
    await flow.step(`wait-${turn}`, (scope) => note(scope, paying, value))
    const moved = await flow.waitForSignal(`decision-${turn}`, paymentMoved, { timeout: patience })
    if (moved?.what !== 'provider') {
      return letGo(flow, { ...paying, seen: value, reason: moved ? 'withdrawn' : 'too_late' })
    }
    held = await flow.external(
      `look-${turn}`,
      () => ask((provider) => provider.retrieve(value.id)).then(seen),
      persistent,
    )
  }
  if (held.outcome === 'declined') return decline(flow, paying, held.reason)
  const { value } = held
  if (value.status === 'declined') return decline(flow, paying, 'authentication_failed')
  if (value.status === 'authorised') return collect(flow, paying, value)
  return letGo(flow, { ...paying, seen: value, reason: 'too_late' })
}

function waits(held: Decided<Seen>): held is { readonly outcome: 'ok'; readonly value: Seen } {
  if (held.outcome !== 'ok') return false
  return held.value.status === 'action_required' || held.value.status === 'pending'
}

/** Takes what is held, once the order is known to be still open. */
async function collect(flow: Flow, paying: Paying, held: Seen): Promise<string> {
  const open = await flow.step('authorised', async (scope) => {
    await book(scope, paying.paymentId, held)
    return (await scope.data.unrestricted.order.lock(paying.orderId)).status === 'open'
  })
  if (!open) return letGo(flow, { ...paying, seen: held, reason: 'withdrawn' })
  const taken = await flow.external(
    'capture',
    ({ idempotencyKey }) => take(held.id, idempotencyKey),
    persistent,
  )
  if (taken.outcome === 'ok' && taken.value.status === 'captured') {
    return flow.step('confirm', (scope) => confirm(scope, paying, taken.value))
  }
  return letGo(flow, { ...paying, seen: held, reason: 'declined' })
}

/** A refusal may come from a provider that has forgotten the key: what stands there counts. */
async function take(paymentId: string, idempotencyKey: string): Promise<Decided<Seen>> {
  const taken = await ask((provider) => provider.capture({ paymentId, idempotencyKey }))
  if (taken.outcome === 'ok') return seen(taken)
  return seen(await ask((provider) => provider.retrieve(paymentId)))
}

interface LettingGo extends Paying {
  readonly seen: Seen
  readonly reason: 'declined' | 'too_late' | 'withdrawn'
}

/** Releases the amount at the provider, then what the order held. */
async function letGo(flow: Flow, { seen: held, reason, ...paying }: LettingGo): Promise<string> {
  const left = await flow.external(
    'let-go',
    ({ idempotencyKey }) => drop(held.id, idempotencyKey),
    persistent,
  )
  return flow.step('released', async (scope) => {
    if (left.outcome === 'declined') {
      await report(scope, `Not released: ${left.message}`, paying.paymentId)
      await release(scope, paying.orderId, reason)
      return reason
    }
    const payment = await book(scope, paying.paymentId, left.value)
    await release(scope, paying.orderId, reason)
    // It was captured by somebody else, or by a call that was taken for lost.
    await returnUnwanted(scope, payment)
    return reason
  })
}

/** Releases what is held. Where that is refused, what stands there counts. */
async function drop(paymentId: string, idempotencyKey: string): Promise<Decided<Seen>> {
  const gone = await ask((provider) => provider.cancel({ paymentId, idempotencyKey }))
  if (gone.outcome === 'ok') return seen(gone)
  return seen(await ask((provider) => provider.retrieve(paymentId)))
}

async function decline(flow: Flow, paying: Paying, reason: string): Promise<string> {
  return flow.step('declined', async (scope) => {
    await scope.data.unrestricted.payment.update(paying.paymentId, {
      ...{ status: 'declined', declined: reason, nextAction: null },
    })
    await release(scope, paying.orderId, 'declined')
    return 'declined'
  })
}

async function begin({ data }: Scope, orderId: string) {
  const { name } = await payments()
  const { data: found } = await data.unrestricted.payment.find({ filter: { orderId }, limit: 1 })
  const [payment] = found
  if (!payment) throw new Error(`The order ${orderId} has no payment.`)
  await data.unrestricted.payment.update(payment.id, { provider: name })
  return { paymentId: payment.id, amount: payment.amount }
}

async function note(scope: Scope, { paymentId }: Paying, held: Seen): Promise<void> {
  await book(scope, paymentId, held)
}

async function giveUp(scope: Scope, { orderId, paymentId }: Paying): Promise<void> {
  await report(scope, 'The provider could not be reached: the order was given up.', paymentId)
  await release(scope, orderId, 'too_late')
}

/** Takes back whatever is held for an order that was given up, and writes down what was not. */
async function clear(flow: Flow, paying: Paying, asked: Authorisation): Promise<string> {
  const left = await flow
    .external(
      'clear',
      () => ask((provider) => provider.withdraw(asked)).then(seenIfAny),
      persistent,
    )
    .catch((error: unknown) => notCleared(error instanceof Error ? error.message : String(error)))
  return flow.step('cleared', async (scope) => {
    if (left.outcome === 'declined') {
      await report(scope, `Not released: ${left.message}`, paying.paymentId)
    } else if (left.value !== null) {
      await returnUnwanted(scope, await book(scope, paying.paymentId, left.value))
    }
    return 'given up'
  })
}

function notCleared(message: string): Decided<null> {
  return { outcome: 'declined', reason: 'unknown', message }
}

function seenIfAny(decided: Decided<Payment | undefined>): Decided<Seen | null> {
  if (decided.outcome === 'declined') return decided
  return decided.value ? seen({ outcome: 'ok', value: decided.value }) : { ...decided, value: null }
}

/**
 * The order is paid. In the same transaction: the books, the order, the fact. Where its buyer has
 * taken it back while the money was on its way, it goes straight back.
 */
async function confirm(scope: Scope, { orderId, paymentId }: Paying, taken: Seen) {
  const payment = await book(scope, paymentId, taken)
  const { status } = await scope.data.unrestricted.order.lock(orderId)
  if (status !== 'open') {
    await returnUnwanted(scope, payment)
    return 'withdrawn'
  }
  await scope.data.unrestricted.order.update(orderId, { status: 'paid' })
  scope.emit(orderPaid, { orderId, total: payment.amount })
  return 'paid'
}
