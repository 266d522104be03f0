/** Owns what the double of Stripe answers: the states of intents, and refunds. */

/** A request as the double saw it. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly key: string | undefined
  readonly params: URLSearchParams
}

/** What the double knows. */
export interface World {
  readonly intents: Map<string, Intent>
  readonly refunds: Refunded[]
  /** So many of the first intents are known to the search: it is late, as Stripe's is. */
  readonly searchable: number
}

/** A PaymentIntent, as far as the adapter reads it. */
export interface Intent {
  readonly id: string
  readonly object: 'payment_intent'
  readonly amount: number
  readonly currency: string
  readonly metadata: Readonly<Record<string, string>>
  readonly method: string
  readonly manual: boolean
  readonly client_secret: string
  status: string
  amount_received: number
  last_payment_error: object | null
  next_action: object | null
  latest_charge: { object: 'charge'; amount_refunded: number } | null
}

/** A Refund. */
export interface Refunded {
  readonly id: string
  readonly object: 'refund'
  readonly payment_intent: string
  readonly amount: number
  readonly currency: string
  readonly status: string
  readonly metadata: Readonly<Record<string, string>>
}

type Answer = { readonly status: number; readonly body: string }

/** Does what a request asks for. */
export function answers(stripe: World, seen: Seen): Answer {
  const { method, path, params } = seen
  if (path === '/v1/refunds')
    return method === 'POST' ? refund(stripe, params) : list(stripe, params)
  if (path === '/v1/payment_intents') return create(stripe, params)
  if (path === '/v1/payment_intents/search') return search(stripe, params)
  const [, id = '', verb] = /^\/v1\/payment_intents\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? []
  const intent = stripe.intents.get(id)
  if (!intent) return refuse(404, { code: 'resource_missing', message: 'No such payment_intent' })
  if (verb === 'confirm') return confirm(intent)
  if (verb === 'capture') return capture(intent, params)
  if (verb === 'cancel') return cancel(intent)
  return fine(intent)
}

function create(stripe: World, params: URLSearchParams): Answer {
  const intent: Intent = {
    id: `pi_${stripe.intents.size + 1}`,
    object: 'payment_intent',
    amount: Number(params.get('amount')),
    currency: params.get('currency') ?? '',
    metadata: metadata(params),
    method: params.get('payment_method') ?? '',
    manual: params.get('capture_method') === 'manual',
    client_secret: 'pi_secret',
    status: 'requires_confirmation',
    amount_received: 0,
    last_payment_error: null,
    next_action: null,
    latest_charge: null,
  }
  stripe.intents.set(intent.id, intent)
  return fine(intent)
}

function confirm(intent: Intent): Answer {
  if (intent.status !== 'requires_confirmation') return unexpected(intent)
  if (intent.method === 'pm_authenticate') {
    intent.status = 'requires_action'
    return fine(intent)
  }
  if (intent.method.startsWith('pm_declined')) {
    intent.status = 'requires_payment_method'
    intent.last_payment_error = { code: 'card_declined' }
    const decline_code = intent.method.slice('pm_declined_'.length)
    const body = error('card_error', { code: 'card_declined', decline_code, message: 'Declined' })
    return { status: 402, body }
  }
  intent.status = intent.manual ? 'requires_capture' : 'succeeded'
  intent.amount_received = intent.manual ? 0 : intent.amount
  intent.latest_charge = { object: 'charge', amount_refunded: 0 }
  return fine(intent)
}

function capture(intent: Intent, params: URLSearchParams): Answer {
  if (intent.status !== 'requires_capture') return unexpected(intent)
  const amount = Number(params.get('amount_to_capture') ?? intent.amount)
  if (amount > intent.amount) {
    return refuse(400, { param: 'amount_to_capture', message: 'More than was authorised' })
  }
  intent.status = 'succeeded'
  intent.amount_received = amount
  return fine(intent)
}

function cancel(intent: Intent): Answer {
  if (intent.status === 'succeeded' || intent.status === 'canceled') return unexpected(intent)
  intent.status = 'canceled'
  return fine(intent)
}

function refund(stripe: World, params: URLSearchParams): Answer {
  const intent = stripe.intents.get(params.get('payment_intent') ?? '')
  if (!intent) return refuse(404, { code: 'resource_missing', message: 'No such payment_intent' })
  const amount = Number(params.get('amount'))
  const charge = intent.latest_charge
  if (!charge || charge.amount_refunded + amount > intent.amount_received) {
    return refuse(400, { param: 'amount', message: 'Greater than unrefunded amount' })
  }
  charge.amount_refunded += amount
  const made: Refunded = {
    id: `re_${stripe.refunds.length + 1}`,
    object: 'refund',
    payment_intent: intent.id,
    amount,
    currency: intent.currency,
    status: 'succeeded',
    metadata: metadata(params),
  }
  stripe.refunds.push(made)
  return fine(made)
}

function list(stripe: World, params: URLSearchParams): Answer {
  const of = params.get('payment_intent')
  const data = stripe.refunds.filter((one) => one.payment_intent === of)
  return fine({ object: 'list', url: '/v1/refunds', has_more: false, data })
}

function search(stripe: World, params: URLSearchParams): Answer {
  const [, name = '', word = ''] =
    /^metadata\['(\w+)'\]:'(.*)'$/.exec(params.get('query') ?? '') ?? []
  const known = [...stripe.intents.values()].slice(0, stripe.searchable)
  const data = known.filter((one) => one.metadata[name] === word).reverse()
  return fine({ object: 'search_result', has_more: false, data })
}

function metadata(params: URLSearchParams): Record<string, string> {
  const entries = [...params].flatMap(([name, value]) => {
    const inner = /^metadata\[(\w+)\]$/.exec(name)?.[1]
    return inner === undefined ? [] : [[inner, value] as const]
  })
  return Object.fromEntries(entries)
}

function unexpected(intent: Intent): Answer {
  const code = 'payment_intent_unexpected_state'
  return refuse(400, { code, message: `It is ${intent.status}`, payment_intent: intent })
}

function refuse(status: number, more: object): Answer {
  return { status, body: error('invalid_request_error', more) }
}

function fine(body: object): Answer {
  return { status: 200, body: JSON.stringify(body) }
}

/** The body of an error, as Stripe writes it. */
export function error(type: string, more: object): string {
  return JSON.stringify({ error: { type, ...more } })
}
