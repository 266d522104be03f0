/** Owns what a payment provider is: five calls with stable keys, and webhooks that are verified. */

import type { Money } from '../kinds/kinds.ts'

/**
 * Where a payment stands at the provider.
 *
 * - `action_required`: the customer has to do something, such as 3-D Secure; see `nextAction`
 * - `pending`: the provider has not decided yet; its webhook tells
 * - `authorised`: the amount is held, nothing has moved
 * - `captured`: money has moved; what was given back stands in `refunded`
 * - `cancelled`: the hold is released
 * - `declined`: the last attempt was refused
 */
export type PaymentStatus =
  | 'action_required'
  | 'pending'
  | 'authorised'
  | 'captured'
  | 'cancelled'
  | 'declined'

/** A payment as the provider knows it. */
export interface Payment {
  /** The provider's id. */
  readonly id: string
  /** What the payment is for, in our words: the id of an order. */
  readonly reference: string
  readonly status: PaymentStatus
  /** What was asked for. */
  readonly amount: Money
  /** Captured so far, in minor units of the same currency. */
  readonly captured: number
  /** Given back so far, in minor units. */
  readonly refunded: number
  /** For `action_required`: what the customer's browser needs (a client secret, or an address). */
  readonly nextAction: string | undefined
}

/** Money on its way back. */
export interface Refund {
  /** The provider's id. */
  readonly id: string
  /** The provider's id of the payment. */
  readonly paymentId: string
  readonly amount: Money
  /** `pending`: the provider's webhook tells the end. */
  readonly status: 'pending' | 'done' | 'failed'
}

/**
 * Why a call was refused. In every case nothing has happened, and the same call will be refused
 * again.
 *
 * - `card_declined`, `insufficient_funds`, `card_expired`: the customer needs another way to pay
 * - `authentication_failed`: 3-D Secure did not succeed
 * - `too_much`: more than was authorised (capture) or captured (refund)
 * - `wrong_state`: the payment cannot do that any more, such as a capture after a cancellation
 * - `not_found`: the provider knows no such payment
 * - `refused`: the provider does not accept the call: its message says why
 */
export type DeclineReason =
  | 'card_declined'
  | 'insufficient_funds'
  | 'card_expired'
  | 'authentication_failed'
  | 'too_much'
  | 'wrong_state'
  | 'not_found'
  | 'refused'

/**
 * How a call to a provider ended. There are three ways, not two:
 *
 * - `ok`: it happened, as `value` says
 * - `declined`: it did not happen, and will not
 * - `unknown`: it may have happened. Repeat it with the same key, or `retrieve`; never start anew
 */
export type Outcome<T> =
  | { readonly outcome: 'ok'; readonly value: T }
  | { readonly outcome: 'declined'; readonly reason: DeclineReason; readonly message: string }
  | { readonly outcome: 'unknown'; readonly message: string; readonly retryAfterMs?: number }

/** What every call that changes something carries. */
export interface Keyed {
  /**
   * The same for every repetition of one intention, and for no other. At most 200 characters.
   * A workflow step is handed one.
   */
  readonly idempotencyKey: string
  /**
   * When the intention was first recorded, RFC 3339. Providers forget keys, most of them after a
   * day; a repetition that is older looks for what happened before it starts anew.
   */
  readonly intendedAt?: string
}

/** A new payment. */
export interface Authorisation extends Keyed {
  readonly amount: Money
  /** What the payment is for, in our words: the id of an order. At most 200 characters. */
  readonly reference: string
  /** The provider's token for the customer's way to pay. Never a card number. */
  readonly method: string
  /** `now` captures at once. Default `later`: the amount is held until `capture`. */
  readonly capture?: 'now' | 'later'
  /** Shown on the customer's statement, where the provider does that. */
  readonly description?: string
}

/** Moving the money of an authorised payment. */
export interface Capture extends Keyed {
  readonly paymentId: string
  /** Default: all of it. Where less is captured, the rest is released: one capture a payment. */
  readonly amount?: Money
}

/** Giving captured money back. */
export interface RefundOrder extends Keyed {
  readonly paymentId: string
  /** Any part of what was captured and not yet refunded. */
  readonly amount: Money
  readonly reference?: string
}

/** Releasing an authorised payment. */
export interface Cancellation extends Keyed {
  readonly paymentId: string
}

/** What a webhook tells. */
export type PaymentEventType =
  | 'payment.action_required'
  | 'payment.authorised'
  | 'payment.captured'
  | 'payment.cancelled'
  | 'payment.declined'
  | 'payment.refunded'
  | 'refund.failed'
  | 'payment.disputed'

/** A verified message of the provider. It says what the provider knew when it was written. */
export interface PaymentEvent {
  /** The same for every delivery of one message. */
  readonly id: string
  /** `other`: something that this interface does not speak of; `name` is the provider's word. */
  readonly type: PaymentEventType | 'other'
  readonly name: string
  /** RFC 3339. */
  readonly at: string
  /** Undefined for `other`, and where the provider does not send it: `retrieve` it then. */
  readonly payment: Payment | undefined
  /** The provider's id of the payment, where the message is about one. */
  readonly paymentId: string | undefined
}

/** The headers of a request, names in lower case. */
export type WebhookHeaders = Readonly<Record<string, string | undefined>>

/**
 * A payment provider. Calls never throw for what a provider does: they end as `ok`, `declined` or
 * `unknown`. They throw `configuration_invalid` where the provider does not know us.
 */
export interface PaymentProvider {
  /** Lower-case, stands in our books: `stripe`, `sandbox`. */
  readonly name: string
  /** Holds an amount, or takes it at once. */
  authorise(order: Authorisation): Promise<Outcome<Payment>>
  /** Takes what is held. */
  capture(order: Capture): Promise<Outcome<Payment>>
  /** Gives back, in part or in full. */
  refund(order: RefundOrder): Promise<Outcome<Refund>>
  /** Releases what is held. */
  cancel(order: Cancellation): Promise<Outcome<Payment>>
  /**
   * Takes back an authorisation whose end nobody knows: give it the very same order. Afterwards
   * nothing is held under its key, and nothing will be. Answers how the payment stands:
   * `cancelled`, or `captured` where money has moved before (refund it then); undefined where
   * there is none. Never rests on what a provider finds late.
   */
  withdraw(order: Authorisation): Promise<Outcome<Payment | undefined>>
  /** Asks how a payment stands. */
  retrieve(paymentId: string): Promise<Outcome<Payment>>
  /** Finds the payments of a reference, newest first; may miss those of the last minute. */
  find(reference: string): Promise<Outcome<readonly Payment[]>>
  /**
   * Checks that a message is the provider's and recent, and reads it. Fails with
   * `invalid_credentials` where it is not, and with `malformed_body` where it cannot be read.
   *
   * @param body The bytes as they came: a body that was parsed and printed again does not verify.
   * @param nowMs Milliseconds since 1970. Default: the machine's clock.
   */
  verifyWebhook(body: Uint8Array, headers: WebhookHeaders, nowMs?: number): Promise<PaymentEvent>
}
