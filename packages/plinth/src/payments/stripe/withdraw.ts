/** Owns taking back a payment at Stripe of which nobody knows how far it came: by its key. */

import type Stripe from 'stripe'
import { ok, orderProblem } from '../outcome.ts'
import type { Authorisation, Outcome, Payment } from '../provider.ts'
import { make } from './authorise.ts'
import { find, isOld, retrieve } from './lookup.ts'
import { cancelUnder } from './settlement.ts'
import { keyName } from './state.ts'

/**
 * Asks for the payment under its own key: Stripe answers with the one that was made, or makes one
 * that moves nothing. Then it is cancelled, so that no confirmation under way can hold anything.
 * Stripe's search has no part in it, which misses what is new.
 */
export async function withdraw(
  stripe: Stripe,
  order: Authorisation,
  returnUrl: string | undefined,
): Promise<Outcome<Payment | undefined>> {
  const problem = orderProblem(order)
  if (problem) return problem
  if (isOld(order)) return withdrawOld(stripe, order)
  const made = await make(stripe, order, returnUrl)
  return made.outcome === 'ok' ? release(stripe, made.value, order.idempotencyKey) : made
}

/** The key may be forgotten; by now the search knows everything that was made under it. */
async function withdrawOld(
  stripe: Stripe,
  { idempotencyKey }: Authorisation,
): Promise<Outcome<Payment | undefined>> {
  const found = await find(stripe, keyName, idempotencyKey)
  if (found.outcome !== 'ok') return found
  let standing: Payment | undefined
  for (const { id, status } of found.value) {
    if (status === 'cancelled') continue
    const gone = await release(stripe, id, idempotencyKey)
    if (gone.outcome !== 'ok') return gone
    if (standing?.status !== 'captured') standing = gone.value
  }
  return ok(standing ?? found.value[0])
}

async function release(stripe: Stripe, id: string, key: string): Promise<Outcome<Payment>> {
  const gone = await cancelUnder(stripe, { paymentId: id, idempotencyKey: `${key}:withdraw:${id}` })
  // What cannot be cancelled has moved already: whoever asked is told how it stands.
  return gone.outcome === 'declined' && gone.reason === 'wrong_state' ? retrieve(stripe, id) : gone
}
