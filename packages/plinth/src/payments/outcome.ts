/** Owns the three ways in which a call to a provider ends, and the checks before it is made. */

import { Failure } from '../base/failure.ts'
import { isCurrency } from '../kinds/kinds.ts'
import type { DeclineReason, Outcome } from './provider.ts'

const wordCharactersMax = 200

/** It happened. */
export function ok<T>(value: T): Outcome<T> {
  return Object.freeze({ outcome: 'ok', value })
}

/** It did not happen, and will not. */
export function declined(reason: DeclineReason, message: string): Outcome<never> {
  return Object.freeze({ outcome: 'declined', reason, message })
}

/** It may have happened. */
export function unknown(message: string, retryAfterMs?: number): Outcome<never> {
  const after = retryAfterMs === undefined ? {} : { retryAfterMs }
  return Object.freeze({ outcome: 'unknown', message, ...after })
}

/** What a provider could not be asked; undefined where all is well. */
export function orderProblem(order: {
  readonly idempotencyKey: string
  readonly reference?: string
  readonly amount?: { readonly amount: number; readonly currency: string }
}): Outcome<never> | undefined {
  const { idempotencyKey, reference, amount } = order
  if (!isWord(idempotencyKey)) {
    return declined('refused', 'An idempotency key has 1 to 200 printable characters.')
  }
  if (reference !== undefined && !isWord(reference)) {
    return declined('refused', 'A reference has 1 to 200 printable characters.')
  }
  if (amount === undefined) return undefined
  if (!Number.isSafeInteger(amount.amount) || amount.amount < 1) {
    return declined('refused', 'An amount is a whole number of minor units of at least 1.')
  }
  return isCurrency(amount.currency)
    ? undefined
    : declined('refused', `${amount.currency} is no ISO 4217 currency.`)
}

/** The provider does not know us: nothing can be done before somebody mends it. */
export function notKnown(provider: string, cause: unknown): Failure {
  return new Failure('configuration_invalid', {
    detail: `${provider} does not accept our key. Set the right one and start again.`,
    cause,
  })
}

function isWord(text: string): boolean {
  return text.length <= wordCharactersMax && /^[\x20-\x7e]+$/.test(text)
}
