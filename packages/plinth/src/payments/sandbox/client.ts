/** Owns the sandbox as a payment provider: its HTTP in the words of the interface. */

import { Failure } from '../../base/failure.ts'
import { instantText, systemClock } from '../../base/time.ts'
import type { WebhookRequest } from '../../define/logic/specs.ts'
import { standardWebhook } from '../../webhooks/verify.ts'
import { declined, notKnown, ok, orderProblem, unknown } from '../outcome.ts'
import type {
  DeclineReason,
  Outcome,
  Payment,
  PaymentEvent,
  PaymentProvider,
  Refund,
  WebhookHeaders,
} from '../provider.ts'
import type { Fault } from './faults.ts'
import type { SandboxAddress } from './start.ts'
import type { ChargesSummary } from './summary.ts'

/** How long the sandbox may take. */
export interface SandboxPaymentsOptions {
  /** A call is given up after so many milliseconds: its outcome is unknown. Default 10,000. */
  readonly timeoutMs?: number
}

/** The sandbox as a provider, and what only a sandbox can do. */
export interface SandboxPayments extends PaymentProvider {
  /** What moved, for counting. */
  charges(): Promise<ChargesSummary>
  /** Makes it misbehave. */
  misbehave(...faults: readonly Fault[]): Promise<void>
  /** Ends all misbehaviour that was ordered. */
  behave(): Promise<void>
  /** Does what a customer does for 3-D Secure. */
  authenticate(paymentId: string, succeed?: boolean): Promise<Outcome<Payment>>
  /** Sets its clock, milliseconds since 1970: its messages carry the time. */
  setClock(nowMs: number): Promise<void>
  /** Says where its webhooks go; an empty text ends them. */
  setWebhookUrl(url: string): Promise<void>
  /** Sends its messages again, all or one. Returns how many. */
  resend(eventId?: string): Promise<number>
}

interface Ask {
  readonly method: string
  readonly path: string
  readonly key?: string
  readonly body?: unknown
}

/**
 * The sandbox as a payment provider. Its cards: `card_ok`, `card_declined`, `card_expired`,
 * `card_insufficient_funds`, `card_authenticate` and `card_capture_declined`.
 *
 * @example const payments = sandboxPayments(await startSandbox({ file: '.plinth/sandbox.db' }))
 */
export function sandboxPayments(
  address: SandboxAddress,
  { timeoutMs = 10_000 }: SandboxPaymentsOptions = {},
): SandboxPayments {
  const ask = <T>(asked: Ask) => outcomeOf<T>(address, timeoutMs, asked)
  const tell = async <T>(asked: Ask): Promise<T> => {
    const outcome = await ask<T>(asked)
    if (outcome.outcome === 'ok') return outcome.value
    throw new Failure('unavailable', { detail: `The sandbox: ${outcome.message}` })
  }
  const pay = <T>(path: string, order: { idempotencyKey: string; intendedAt?: string }) => {
    const { idempotencyKey: key, intendedAt, ...body } = order
    const problem = orderProblem(order)
    return problem ? Promise.resolve(problem) : ask<T>({ method: 'POST', path, key, body })
  }
  return Object.freeze({
    name: 'sandbox',
    authorise: (order) => pay<Payment>('/payments', order),
    capture: ({ paymentId, ...order }) => pay<Payment>(`${at(paymentId)}/capture`, order),
    refund: ({ paymentId, ...order }) => pay<Refund>(`${at(paymentId)}/refunds`, order),
    cancel: ({ paymentId, ...order }) => pay<Payment>(`${at(paymentId)}/cancel`, order),
    withdraw: async (order) => {
      const gone = await pay<Payment | null>('/withdrawals', order)
      return gone.outcome === 'ok' ? ok(gone.value ?? undefined) : gone
    },
    retrieve: (paymentId) => ask<Payment>({ method: 'GET', path: at(paymentId) }),
    find: (reference) =>
      ask<readonly Payment[]>({
        method: 'GET',
        path: `/payments?reference=${encodeURIComponent(reference)}`,
      }),
    verifyWebhook: async (body, headers, nowMs = systemClock.now()) =>
      readEvent(address.secret, { body, headers: sent(headers), receivedAt: instantText(nowMs) }),
    charges: () => tell<ChargesSummary>({ method: 'GET', path: '/charges' }),
    async misbehave(...faults: readonly Fault[]) {
      await tell({ method: 'POST', path: '/faults', body: faults })
    },
    async behave() {
      await tell({ method: 'DELETE', path: '/faults' })
    },
    authenticate: (paymentId, succeed = true) =>
      ask<Payment>({
        method: 'POST',
        path: `${at(paymentId)}/authenticate`,
        key: `authenticate:${paymentId}`,
        body: { succeed },
      }),
    async setClock(nowMs: number) {
      await tell({ method: 'PUT', path: '/clock', body: { now: new Date(nowMs).toISOString() } })
    },
    async setWebhookUrl(url: string) {
      await tell({ method: 'PUT', path: '/endpoint', body: { url } })
    },
    async resend(event?: string) {
      const body = event === undefined ? {} : { event }
      return (await tell<{ sent: number }>({ method: 'POST', path: '/resend', body })).sent
    },
  } satisfies SandboxPayments)
}

function at(paymentId: string): string {
  return `/payments/${encodeURIComponent(paymentId)}`
}

async function outcomeOf<T>(
  { url, key }: SandboxAddress,
  timeoutMs: number,
  asked: Ask,
): Promise<Outcome<T>> {
  try {
    const response = await fetch(`${url}${asked.path}`, {
      method: asked.method,
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        ...(asked.key === undefined ? {} : { 'idempotency-key': asked.key }),
      },
      ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    const body = (await response.json()) as unknown
    return read<T>(response.status, body)
  } catch (error) {
    if (error instanceof Failure) throw error
    return unknown(error instanceof Error ? error.message : String(error))
  }
}

function read<T>(status: number, body: unknown): Outcome<T> {
  if (status === 200) return ok(body as T)
  const { message = 'No reason was given.', reason = 'refused' } = body as {
    message?: string
    reason?: DeclineReason
  }
  if (status === 401) throw notKnown('The sandbox', message)
  if (status >= 500) return unknown(message)
  return declined(status === 404 ? 'not_found' : reason, message)
}

/** The headers that were sent. */
function sent(headers: WebhookHeaders): WebhookRequest['headers'] {
  const named = Object.entries(headers)
  return Object.fromEntries(named.filter((each): each is [string, string] => each[1] !== undefined))
}

async function readEvent(secret: string, request: WebhookRequest): Promise<PaymentEvent> {
  const message = await standardWebhook({ secret })(request)
  if (message === undefined) {
    throw new Failure('invalid_credentials', {
      detail: 'The webhook is too old or too new, or it is not signed with our secret.',
    })
  }
  const { id } = message
  const {
    type,
    at: moment,
    data: payment,
  } = message.data as {
    readonly type: PaymentEvent['type']
    readonly at: string
    readonly data: Payment
  }
  return Object.freeze({ id, type, name: type, at: moment, payment, paymentId: payment.id })
}
