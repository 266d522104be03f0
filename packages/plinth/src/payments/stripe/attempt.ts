/** Owns one call to Stripe: the SDK's errors become outcomes, or failures where we are to blame. */

import type Stripe from 'stripe'
import { declined, notKnown, unknown } from '../outcome.ts'
import type { DeclineReason, Outcome } from '../provider.ts'

type StripeError = InstanceType<typeof Stripe.errors.StripeError>

/** A call that did not succeed. */
export interface Refusal {
  readonly outcome: Exclude<Outcome<never>, { readonly outcome: 'ok' }>
  /** True where Stripe answered from its memory: it will say the same to this key for ever. */
  readonly replayed: boolean
  /** The payment as it stood, where Stripe sends it along. */
  readonly intent: Stripe.PaymentIntent | undefined
}

/** What a call brought. */
export type Attempt<T> =
  | { readonly done: true; readonly value: T }
  | ({ readonly done: false } & Refusal)

/** Makes a call. Fails with `configuration_invalid` where Stripe does not accept our key. */
export async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { done: true, value: await work() }
  } catch (error) {
    if (!isStripeError(error)) throw error
    const { statusCode, headers, payment_intent: intent } = error
    if (statusCode === 401 || statusCode === 403) throw notKnown('Stripe', error)
    const replayed = headers?.['idempotent-replayed'] === 'true'
    return { done: false, outcome: outcomeOf(error), replayed, intent }
  }
}

function outcomeOf(error: StripeError): Refusal['outcome'] {
  const { message } = error
  return (
    isOpen(error) ? unknown(message, retryAfterMs(error)) : declined(reasonOf(error), message)
  ) as Refusal['outcome']
}

// Nothing was looked at, but may be later.
const laterCodes: ReadonlySet<string | undefined> = new Set(['lock_timeout', 'rate_limit'])

/** True where it may have happened all the same, or may happen yet. */
function isOpen({ statusCode, code, rawType }: StripeError): boolean {
  if (statusCode === undefined || statusCode < 400 || statusCode >= 500) return true
  // 409: the same key is still at work.
  if (statusCode === 409 || statusCode === 429 || laterCodes.has(code)) return true
  // The key was used before, for something else: what came of that nobody here knows.
  return rawType === 'idempotency_error'
}

const reasons: Readonly<Record<string, DeclineReason>> = {
  insufficient_funds: 'insufficient_funds',
  expired_card: 'card_expired',
  authentication_required: 'authentication_failed',
  payment_intent_authentication_failure: 'authentication_failed',
  resource_missing: 'not_found',
  payment_intent_unexpected_state: 'wrong_state',
  charge_already_captured: 'wrong_state',
  charge_expired_for_capture: 'wrong_state',
  charge_already_refunded: 'too_much',
  amount_too_large: 'too_much',
}

function reasonOf(error: StripeError): DeclineReason {
  const byBank = error.decline_code === undefined ? undefined : reasons[error.decline_code]
  const known = byBank ?? (error.code === undefined ? undefined : reasons[error.code])
  if (known) return known
  if (error.statusCode === 402) return 'card_declined'
  // Stripe has no code for a capture or a refund of too much: it names the parameter.
  return /^amount(?:_to_capture)?$/.test(error.param ?? '') ? 'too_much' : 'refused'
}

function retryAfterMs({ headers }: StripeError): number | undefined {
  const seconds = Number(headers?.['retry-after'])
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined
}

function isStripeError(error: unknown): error is StripeError {
  // By form: the SDK is loaded late, and may stand in more than one copy.
  return error instanceof Error && 'rawType' in error && 'type' in error && 'raw' in error
}
