/** Owns the check of Stripe's webhooks. */

import type Stripe from 'stripe'
import { Failure } from '../../base/failure.ts'

const toleranceSeconds = 300

/** A request that says it comes from Stripe. */
export interface Received {
  readonly body: Uint8Array
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly nowMs: number
  readonly secrets: readonly string[]
}

/**
 * Checks the signature, with any of the secrets, and the age; reads the message. Fails with
 * `configuration_invalid` where there is no secret to check it with.
 */
export async function verify(stripe: Stripe, received: Received): Promise<Stripe.Event> {
  const { body, headers, nowMs, secrets } = received
  if (!secrets.some((secret) => secret.trim() !== '')) {
    throw new Failure('configuration_invalid', {
      detail: 'Stripe’s webhooks cannot be verified: give the signing secret of their endpoint.',
    })
  }
  const signature = headers['stripe-signature'] ?? ''
  const text = new TextDecoder().decode(body)
  let cause: unknown
  for (const secret of secrets) {
    try {
      const { webhooks } = stripe
      return webhooks.constructEvent(text, signature, secret, toleranceSeconds, undefined, nowMs)
    } catch (error) {
      // It is read only where the signature is right.
      if (error instanceof SyntaxError) {
        throw new Failure('malformed_body', { detail: 'The webhook is no JSON.', cause: error })
      }
      cause = error
    }
  }
  throw new Failure('invalid_credentials', {
    detail: 'The webhook is not signed with our secret, or too old.',
    cause,
  })
}
