/** Owns the first half of a payment at Stripe: making it, and confirming it once. */

import type Stripe from 'stripe'
import { declined, ok, orderProblem, unknown } from '../outcome.ts'
import type { Authorisation, Outcome, Payment } from '../provider.ts'
import { toStripe } from './amounts.ts'
import { type Attempt, attempt } from './attempt.ts'
import { expanded, find, isOld, settle } from './lookup.ts'
import { keyName, paymentOf, referenceName } from './state.ts'

/**
 * Makes a payment without money moving, then confirms it. What gets lost in between is found again:
 * the payment itself says what happened, and can be confirmed only once.
 */
export async function authorise(
  stripe: Stripe,
  order: Authorisation,
  returnUrl: string | undefined,
): Promise<Outcome<Payment>> {
  const problem = orderProblem(order)
  if (problem) return problem
  const { idempotencyKey: key } = order
  if (isOld(order)) {
    const earlier = await find(stripe, keyName, key)
    if (earlier.outcome !== 'ok') return earlier
    const standing = earlier.value.find(({ status }) => status !== 'pending') ?? earlier.value[0]
    if (standing && standing.status !== 'pending') return settled(standing, cardDeclined)
    // Made and perhaps under way: a second one beside it could charge twice.
    if (standing) return confirm(stripe, standing.id, { key, returnUrl })
  }
  const made = await make(stripe, order, returnUrl)
  return made.outcome === 'ok' ? confirm(stripe, made.value, { key, returnUrl }) : made
}

/** The id of the intent that is made under the order's key: the same in every repetition. */
export async function make(
  stripe: Stripe,
  order: Authorisation,
  returnUrl: string | undefined,
): Promise<Outcome<string>> {
  const params = intentParams(order, returnUrl !== undefined)
  if (!params) return declined('refused', 'Stripe cannot say this amount exactly.')
  const { idempotencyKey: key } = order
  const once = (suffix: string) =>
    attempt(() => stripe.paymentIntents.create(params, { idempotencyKey: `${key}${suffix}` }))
  let made = await once('')
  // An intent that is only made moves no money: one more does no harm.
  if (!made.done && made.outcome.outcome === 'unknown' && made.replayed) made = await once(':2')
  return made.done ? ok(made.value.id) : made.outcome
}

function intentParams(
  order: Authorisation,
  redirects: boolean,
): Stripe.PaymentIntentCreateParams | undefined {
  const amount = toStripe(order.amount)
  if (amount === undefined) return undefined
  return {
    amount,
    currency: order.amount.currency.toLowerCase(),
    payment_method: order.method,
    capture_method: order.capture === 'now' ? 'automatic' : 'manual',
    metadata: { [referenceName]: order.reference, [keyName]: order.idempotencyKey },
    ...(order.description === undefined ? {} : { description: order.description }),
    automatic_payment_methods: {
      enabled: true,
      allow_redirects: redirects ? 'always' : 'never',
    },
  }
}

async function confirm(
  stripe: Stripe,
  id: string,
  { key, returnUrl }: { readonly key: string; readonly returnUrl: string | undefined },
): Promise<Outcome<Payment>> {
  const params = { ...expanded, ...(returnUrl === undefined ? {} : { return_url: returnUrl }) }
  const once = (suffix: string) =>
    attempt(() =>
      stripe.paymentIntents.confirm(id, params, { idempotencyKey: `${key}:confirm${suffix}` }),
    )
  const first = await conclude(stripe, id, await once(''))
  if (first) return first
  // Stripe answers this key from its memory for ever, and the payment was not confirmed: it can
  // be confirmed once, so that another key cannot charge twice.
  const second = await once(':2')
  return (await conclude(stripe, id, second)) ?? unknown('Stripe has not confirmed the payment.')
}

/** What a confirmation came to; undefined where only another key can bring it about. */
async function conclude(
  stripe: Stripe,
  id: string,
  made: Attempt<Stripe.PaymentIntent>,
): Promise<Outcome<Payment> | undefined> {
  if (made.done) return ok(paymentOf(made.value))
  const { outcome, replayed, intent } = made
  const standing = await settle(stripe, id, made)
  if (standing === undefined) return outcome
  if (standing.status !== 'pending') return settled(standing, outcome)
  if (outcome.outcome === 'unknown') return replayed ? undefined : outcome
  // Confirmed before, and its bank has not decided yet: neither a no, nor to be asked for again.
  return intent?.status === 'requires_payment_method' ? outcome : ok(standing)
}

function settled(standing: Payment, outcome: Outcome<Payment>): Outcome<Payment> {
  if (standing.status !== 'declined') return ok(standing)
  return outcome.outcome === 'declined' ? outcome : cardDeclined
}

const cardDeclined = declined('card_declined', 'The card was declined.')
