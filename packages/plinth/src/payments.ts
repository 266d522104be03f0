/** Owns the payments entry point: the interface of providers, and those that come with Plinth. */

export type {
  Authorisation,
  Cancellation,
  Capture,
  DeclineReason,
  Keyed,
  Outcome,
  Payment,
  PaymentEvent,
  PaymentEventType,
  PaymentProvider,
  PaymentStatus,
  Refund,
  RefundOrder,
  WebhookHeaders,
} from './payments/provider.ts'
export { type StripeOptions, stripePayments } from './payments/stripe/stripe.ts'
