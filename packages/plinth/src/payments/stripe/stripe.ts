/** Owns Stripe as a payment provider: PaymentIntents, captured by hand, keyed, looked up. */

import type Stripe from 'stripe'
import { Failure } from '../../base/failure.ts'
import { systemClock } from '../../base/time.ts'
import type { PaymentProvider, RefundOrder } from '../provider.ts'
import { authorise } from './authorise.ts'
import { find, isOld, retrieve } from './lookup.ts'
import { refundWith } from './refund.ts'
import { cancel, capture } from './settlement.ts'
import { eventOf, referenceName } from './state.ts'
import { verify } from './verify.ts'
import { withdraw } from './withdraw.ts'

/** How Stripe is reached. */
export interface StripeOptions {
  /** `sk_live_…`, `sk_test_…` or a restricted key that may write payments and refunds. */
  readonly secretKey: string
  /** The signing secrets of the webhook endpoint, `whsec_…`; two while one replaces another. */
  readonly webhookSecrets: readonly string[]
  /** Where customers come back after 3-D Secure by redirection. Default: no redirections. */
  readonly returnUrl?: string
  /** A call is given up after so many milliseconds: its outcome is unknown. Default 20,000. */
  readonly timeoutMs?: number
  /** Another host than Stripe's own, for tests: `http://127.0.0.1:4242`. */
  readonly host?: string
}

/**
 * Stripe, on the package `stripe` (version 23), which has to be installed beside Plinth.
 *
 * A payment is made without money moving, and then confirmed. Whatever gets lost in between, the
 * payment itself says what happened: it can be confirmed only once.
 *
 * @example
 * const payments = stripePayments({ secretKey, webhookSecrets: [secret] })
 */
export function stripePayments(options: StripeOptions): PaymentProvider {
  let loading: Promise<Stripe> | undefined
  const client = (): Promise<Stripe> => {
    loading ??= load(options)
    return loading
  }
  return Object.freeze({
    name: 'stripe',
    authorise: async (order) => authorise(await client(), order, options.returnUrl),
    capture: async (order) => capture(await client(), order),
    refund: async (order: RefundOrder) => refundWith(await client(), order, isOld(order)),
    cancel: async (order) => cancel(await client(), order),
    withdraw: async (order) => withdraw(await client(), order, options.returnUrl),
    retrieve: async (paymentId) => retrieve(await client(), paymentId),
    find: async (reference) => find(await client(), referenceName, reference),
    verifyWebhook: async (body, headers, nowMs = systemClock.now()) =>
      eventOf(
        await verify(await client(), { body, headers, nowMs, secrets: options.webhookSecrets }),
      ),
  } satisfies PaymentProvider)
}

async function load({ secretKey, host, timeoutMs = 20_000 }: StripeOptions): Promise<Stripe> {
  const { default: Sdk } = await import('stripe').catch((cause: unknown) => {
    throw new Failure('configuration_invalid', {
      detail: 'Payments by Stripe need its package: npm install stripe@23',
      cause,
    })
  })
  if (secretKey.trim() === '') {
    const detail = 'Payments by Stripe need a secret key, such as sk_test_…: give one.'
    throw new Failure('configuration_invalid', { detail })
  }
  const address = host === undefined ? undefined : new URL(host)
  return new Sdk(secretKey, {
    ...(address && {
      host: address.hostname,
      port: address.port,
      protocol: address.protocol === 'http:' ? 'http' : 'https',
    }),
    timeout: timeoutMs,
    // Repeating is the business of the step that calls: it outlives this process.
    maxNetworkRetries: 0,
    telemetry: false,
  })
}
