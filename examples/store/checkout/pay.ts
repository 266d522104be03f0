/** Owns collecting the price of an order: a durable sequence, each call to the provider keyed. */

import { id, text, type WorkflowScope } from 'plinth'
import { book, report } from './books.ts'
import { orderPaid, paymentMoved } from './events.ts'
import { type CheckoutModels, checkout, type Scope } from './kit.ts'
import { ask, type Decided, payments, type Seen, seen } from './provider.ts'
import { release } from './reserve.ts'

/** The id of the workflow that collects the price of an order. */
export function payId(orderId: string): string {
  return `pay-${orderId}`
}

/** How long a customer may take, for 3-D Secure and the like. */
const patience = 'PT30M'

/** How often a customer may come back without having finished. */
const turnsMax = 5

/** So long the provider is asked again while nobody knows what happened: for about a day. */
export const persistent = {
  retry: { attemptsMax: 40, delayMs: 500, factor: 2, delayMsMax: 3_600_000 },
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
    let held: Decided<Seen>
    try {
      held = await flow.external(
        'authorise',
        ({ idempotencyKey }) =>
          ask((provider) => {
            const order = { amount, method, idempotencyKey, reference: orderId }
            return provider.authorise({ ...order, intendedAt: startedAt })
          }).then(seen),
        persistent,
      )
    } catch {
      // For a day nobody could say. At most an amount is held, and a hold runs out by itself.
      await flow.step('given-up', (scope) => giveUp(scope, paying))
      return { status: 'given up' }
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
    ({ idempotencyKey }) =>
      ask((provider) => provider.capture({ paymentId: held.id, idempotencyKey })).then(seen),
    persistent,
  )
  if (taken.outcome === 'declined') {
    return letGo(flow, { ...paying, seen: held, reason: 'declined' })
  }
  return flow.step('confirm', (scope) => confirm(scope, paying, taken.value))
}

interface LettingGo extends Paying {
  readonly seen: Seen
  readonly reason: 'declined' | 'too_late' | 'withdrawn'
}

/** Releases the amount at the provider, then what the order held. */
async function letGo(flow: Flow, { seen: held, reason, ...paying }: LettingGo): Promise<string> {
  const gone = await flow.external(
    'let-go',
    ({ idempotencyKey }) =>
      ask((provider) => provider.cancel({ paymentId: held.id, idempotencyKey })).then(seen),
    persistent,
  )
  return flow.step('released', async (scope) => {
    if (gone.outcome === 'ok') await book(scope, paying.paymentId, gone.value)
    else await report(scope, `Not released: ${gone.message}`, paying.paymentId)
    await release(scope, paying.orderId, reason)
    return reason
  })
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

/** The order is paid. In the same transaction: the books, the order, the fact. */
async function confirm(scope: Scope, { orderId, paymentId }: Paying, taken: Seen) {
  const { amount } = await book(scope, paymentId, taken)
  await scope.data.unrestricted.order.update(orderId, { status: 'paid' })
  scope.emit(orderPaid, { orderId, total: amount })
  return 'paid'
}
