/** Owns which payment provider the store uses, and how a step asks it. */

import { resolve } from 'node:path'
import { Failure } from 'plinth'
import {
  type Outcome,
  type Payment,
  type PaymentEvent,
  type PaymentProvider,
  type Sandbox,
  type SandboxPayments,
  sandboxPayments,
  startSandbox,
  stripePayments,
  type WebhookHeaders,
} from 'plinth/payments'

/** What a provider has decided: `unknown` never leaves this file. */
export type Decided<T> =
  | { readonly outcome: 'ok'; readonly value: T }
  | { readonly outcome: 'declined'; readonly reason: string; readonly message: string }

/** So long the provider is asked again while nobody knows what happened: for about a day. */
export const persistent = {
  retry: { attemptsMax: 40, delayMs: 500, factor: 2, delayMsMax: 3_600_000 },
  timeoutMs: 60_000,
} as const

/** A payment as steps keep it: JSON. */
export interface Seen {
  readonly id: string
  readonly status: Payment['status']
  readonly amount: number
  readonly currency: string
  readonly captured: number
  readonly refunded: number
  readonly nextAction: string | null
}

/** What a provider has decided about a payment, as steps keep it. */
export function seen(decided: Decided<Payment>): Decided<Seen> {
  if (decided.outcome === 'declined') return decided
  const { id, status, amount, captured, refunded, nextAction = null } = decided.value
  return { outcome: 'ok', value: { id, status, ...amount, captured, refunded, nextAction } }
}

let current: Promise<PaymentProvider> | undefined

/**
 * The store's provider: Stripe where `STRIPE_SECRET_KEY` is set, otherwise the sandbox at
 * `STORE_SANDBOX_URL`, otherwise one that is started here. In production only the first.
 */
export function payments(): Promise<PaymentProvider> {
  current ??= chosen(process.env).catch((error: unknown) => {
    current = undefined
    throw error
  })
  return current
}

/** Uses another provider: for tests. */
export function usePayments(provider: PaymentProvider): void {
  current = Promise.resolve(provider)
}

/**
 * Asks the provider. Where nobody knows what happened it fails with `unavailable`, so that the step
 * is repeated with the same key.
 */
export async function ask<T>(
  call: (provider: PaymentProvider) => Promise<Outcome<T>>,
): Promise<Decided<T>> {
  const asked = current
  const outcome = await call(await payments())
  if (outcome.outcome !== 'unknown') return outcome
  // A sandbox that somebody else had started may be gone: look again.
  if (own && current === asked) current = undefined
  throw new Failure('unavailable', { detail: `The payment provider: ${outcome.message}` })
}

/**
 * Checks and reads a message of the provider. Where the app's clock was moved, the store's own
 * sandbox follows it: what it signed before that is judged by the machine's time.
 */
export async function readMessage(
  body: Uint8Array,
  headers: WebhookHeaders,
  nowMs: number,
): Promise<PaymentEvent> {
  const provider = await payments()
  try {
    return await provider.verifyWebhook(body, headers, nowMs)
  } catch (error) {
    if (!own) throw error
    await own.setClock(nowMs)
    return own.verifyWebhook(body, headers)
  }
}

/** The sandbox that was started here. */
let own: (SandboxPayments & Pick<Sandbox, 'stop'>) | undefined

/** Ends the sandbox that was started here: for tests. */
export async function endOwnSandbox(): Promise<void> {
  await own?.stop()
}

type Environment = Readonly<Record<string, string | undefined>>

async function chosen(environment: Environment): Promise<PaymentProvider> {
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRETS: secrets = '' } = environment
  if (secretKey) return stripePayments({ secretKey, webhookSecrets: secrets.split(/[\s,]+/) })
  const {
    STORE_SANDBOX_URL: url,
    STORE_SANDBOX_KEY: key,
    STORE_SANDBOX_SECRET: secret,
  } = environment
  if (url && key && secret) return sandboxPayments({ url, key, secret })
  if (environment.NODE_ENV === 'production') {
    throw new Failure('configuration_invalid', {
      detail: 'Set STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRETS: no sandbox in production.',
    })
  }
  const sandbox = await startSandbox({
    file: sandboxFile(environment),
    webhookUrl: webhookUrl(environment),
  })
  own = { ...sandboxPayments(sandbox), stop: () => sandbox.stop() }
  void sandbox.gone.then(() => {
    current = undefined
    own = undefined
  })
  return own
}

/** Where the store's own sandbox keeps its book: with the other data of this machine. */
export function sandboxFile({ PLINTH_DATA = '.plinth' }: Environment): string {
  return resolve(import.meta.dirname, '..', PLINTH_DATA, 'sandbox.db')
}

/** Where the provider's messages go. */
export function webhookUrl({ PLINTH_URL, PORT = '3000' }: Environment): string {
  return `${PLINTH_URL ?? `http://127.0.0.1:${PORT}`}/webhooks/checkout/payments`
}
