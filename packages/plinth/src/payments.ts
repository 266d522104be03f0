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
export {
  type SandboxPayments,
  type SandboxPaymentsOptions,
  sandboxPayments,
} from './payments/sandbox/client.ts'
export type { Fault, FaultKind } from './payments/sandbox/faults.ts'
export {
  type Sandbox,
  type SandboxAddress,
  type SandboxOptions,
  startSandbox,
} from './payments/sandbox/start.ts'
export type { ChargesSummary, Moved } from './payments/sandbox/summary.ts'
export { type StripeOptions, stripePayments } from './payments/stripe/stripe.ts'
