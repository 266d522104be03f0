/** Owns what the double of Stripe takes: addresses and parameters as the SDK's types name them. */

import type Stripe from 'stripe'

/** A request as the double saw it. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly key: string | undefined
  readonly params: URLSearchParams
}

type Intents = Stripe.PaymentIntentCreateParams &
  Stripe.PaymentIntentConfirmParams &
  Stripe.PaymentIntentCaptureParams &
  Stripe.PaymentIntentSearchParams

interface Door {
  readonly method: 'GET' | 'POST'
  readonly path: RegExp
  /** What must be there. */
  readonly needs: readonly string[]
  /** What may be there. */
  readonly takes: readonly string[]
}

const one = String.raw`^/v1/payment_intents/pi_\w+`
const amount = /^[1-9]\d{0,7}$/

function door<P>(
  method: Door['method'],
  path: string | RegExp,
  params: {
    readonly needs?: readonly (keyof P & string)[]
    readonly takes?: readonly (keyof P & string)[]
  },
): Door {
  return { method, path: new RegExp(path), needs: params.needs ?? [], takes: params.takes ?? [] }
}

// The order counts: what is sought is no id.
const doors: readonly Door[] = [
  door<Stripe.PaymentIntentCreateParams>('POST', '^/v1/payment_intents$', {
    needs: ['amount', 'currency'],
    takes: [
      ...(['payment_method', 'capture_method', 'metadata', 'description', 'expand'] as const),
      'automatic_payment_methods',
    ],
  }),
  door<Stripe.PaymentIntentSearchParams>('GET', '^/v1/payment_intents/search$', {
    needs: ['query'],
    takes: ['limit', 'page', 'expand'],
  }),
  door<Stripe.PaymentIntentRetrieveParams>('GET', `${one}$`, { takes: ['expand'] }),
  door<Stripe.PaymentIntentConfirmParams>('POST', `${one}/confirm$`, {
    takes: ['return_url', 'expand'],
  }),
  door<Stripe.PaymentIntentCaptureParams>('POST', `${one}/capture$`, {
    takes: ['amount_to_capture', 'expand'],
  }),
  door<Stripe.PaymentIntentCancelParams>('POST', `${one}/cancel$`, { takes: ['expand'] }),
  door<Stripe.RefundCreateParams>('POST', '^/v1/refunds$', {
    needs: ['payment_intent'],
    takes: ['amount', 'metadata', 'reason', 'expand'],
  }),
  door<Stripe.RefundListParams>('GET', '^/v1/refunds$', {
    takes: ['payment_intent', 'limit', 'starting_after', 'expand'],
  }),
]

const shapes: Readonly<Partial<Record<keyof Intents, RegExp>>> = {
  ...{ amount, amount_to_capture: amount },
  currency: /^[a-z]{3}$/,
  capture_method: /^(?:automatic|automatic_async|manual)$/,
  limit: /^(?:[1-9]\d?|100)$/,
  return_url: /^https?:\/\//,
}

/** What is wrong with a request, as Stripe says it; undefined where it may begin. */
export interface Problem extends Readonly<Record<string, unknown>> {
  readonly status: number
  readonly message: string
}

/** Judges a request before anything is done. */
export function asked({ method, path, params }: Seen): Problem | undefined {
  const found = doors.find((one) => one.method === method && one.path.test(path))
  if (!found) {
    return { status: 404, message: `Unrecognized request URL (${method}: ${path}).` }
  }
  const names = [...params.keys()].map((name) => name.replace(/\[.*$/, ''))
  const missing = found.needs.find((name) => !names.includes(name))
  if (missing !== undefined) return bad('parameter_missing', missing, 'Missing required param')
  const foreign = names.find((name) => ![...found.needs, ...found.takes].includes(name))
  if (foreign !== undefined) return bad('parameter_unknown', foreign, 'Received unknown parameter')
  const [name] = [...params].find(([name, value]) => !fits(name, value)) ?? []
  return name === undefined ? undefined : bad('parameter_invalid', name, 'Invalid value')
}

// https://docs.stripe.com/api/metadata: 40 characters of a name, 500 of a value.
function fits(name: string, value: string): boolean {
  const inner = /^metadata\[(.*)\]$/.exec(name)?.[1]
  if (inner !== undefined) return inner.length <= 40 && value.length <= 500
  return shapes[name as keyof Intents]?.test(value) ?? true
}

function bad(code: string, param: string, message: string): Problem {
  return { status: 400, code, param, message: `${message}: ${param}` }
}
