/** Owns what the double of Stripe answers: the states of intents, and refunds. */

import type Stripe from 'stripe'
import { asked, type Seen } from './double-params.ts'

/** What the double knows. */
export interface World {
  readonly intents: Map<string, Intent>
  readonly refunds: Refunded[]
  /** So many of the first intents are known to the search: it is late, as Stripe's is. */
  readonly searchable: number
}

type Charge = Pick<
  Stripe.Charge,
  | 'id'
  | 'object'
  | 'amount'
  | 'amount_captured'
  | 'amount_refunded'
  | 'captured'
  | 'currency'
  | 'metadata'
  | 'payment_intent'
>

/** A PaymentIntent as Stripe's types have it, as far as the adapter reads it. */
export interface Intent
  extends Pick<
    Stripe.PaymentIntent,
    | 'id'
    | 'object'
    | 'amount'
    | 'amount_received'
    | 'capture_method'
    | 'client_secret'
    | 'currency'
    | 'metadata'
    | 'next_action'
    | 'status'
  > {
  /** The token of the way to pay: it decides what becomes of the intent. */
  readonly payment_method: string
  /** May lead its customer elsewhere: then it is confirmed with a place to come back to. */
  readonly redirects: boolean
  last_payment_error: Pick<Stripe.PaymentIntent.LastPaymentError, 'code' | 'type'> | null
  latest_charge: Charge | null
}

/** A Refund, as far as the adapter reads it. */
export type Refunded = Pick<
  Stripe.Refund,
  'id' | 'object' | 'payment_intent' | 'amount' | 'currency' | 'status' | 'metadata'
>

/** What is answered, and whether Stripe keeps it for the key: not where it never began. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly begun: boolean
}

/** Does what a request asks for. */
export function answers(stripe: World, seen: Seen): Answer {
  const problem = asked(seen)
  if (problem) return refuse(problem.status, problem)
  const { method, path, params } = seen
  if (path === '/v1/refunds')
    return method === 'POST' ? refund(stripe, params) : list(stripe, params)
  if (path === '/v1/payment_intents') return create(stripe, params)
  if (path === '/v1/payment_intents/search') return search(stripe, params)
  const [, id = '', verb] = /^\/v1\/payment_intents\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? []
  const intent = stripe.intents.get(id)
  if (!intent) return missing()
  const answer = verb === undefined ? undefined : act(intent, verb, params)
  return answer ?? fine(shown(intent, params, 'latest_charge'))
}

/** Undefined where all went well. */
function act(intent: Intent, verb: string, params: URLSearchParams): Answer | undefined {
  if (verb === 'confirm') return confirm(intent, params)
  return verb === 'capture' ? capture(intent, params) : cancel(intent)
}

/** A charge is an id, unless it was asked for by name. */
function shown(intent: Intent, params: URLSearchParams, name?: string): object {
  const { latest_charge: charge, redirects: _redirects, ...rest } = intent
  const wanted = name !== undefined && [...params.values()].includes(name)
  return { ...rest, latest_charge: wanted ? charge : (charge?.id ?? null) }
}

function create(stripe: World, params: URLSearchParams): Answer {
  const intent: Intent = {
    id: `pi_${stripe.intents.size + 1}`,
    object: 'payment_intent',
    amount: Number(params.get('amount')),
    currency: params.get('currency') ?? '',
    metadata: metadata(params),
    payment_method: params.get('payment_method') ?? '',
    capture_method: params.get('capture_method') === 'manual' ? 'manual' : 'automatic',
    redirects: params.get('automatic_payment_methods[allow_redirects]') !== 'never',
    client_secret: 'pi_secret',
    status: 'requires_confirmation',
    amount_received: 0,
    last_payment_error: null,
    next_action: null,
    latest_charge: null,
  }
  stripe.intents.set(intent.id, intent)
  return fine(shown(intent, params))
}

function confirm(intent: Intent, params: URLSearchParams): Answer | undefined {
  if (intent.status !== 'requires_confirmation') return unexpected(intent)
  const back = params.get('return_url')
  if (intent.redirects && back === null) {
    return refuse(400, { param: 'return_url', message: 'You must provide a `return_url`.' })
  }
  const { payment_method: method } = intent
  if (method === 'pm_processing') {
    intent.status = 'processing'
    return undefined
  }
  if (method === 'pm_authenticate') {
    intent.status = 'requires_action'
    const url = 'https://hooks.stripe.test/authenticate'
    const leads = { type: 'redirect_to_url', redirect_to_url: { return_url: back, url } }
    const here = { type: 'use_stripe_sdk', use_stripe_sdk: {} }
    intent.next_action = back === null ? here : leads
    return undefined
  }
  return method.startsWith('pm_declined') ? declined(intent, method) : holds(intent)
}

function declined(intent: Intent, method: string): Answer {
  intent.status = 'requires_payment_method'
  intent.last_payment_error = { code: 'card_declined', type: 'card_error' }
  const decline_code = method.slice('pm_declined_'.length)
  const told = { code: 'card_declined', decline_code, message: 'Your card was declined.' }
  return {
    status: 402,
    body: error('card_error', { ...told, payment_intent: plain(intent) }),
    begun,
  }
}

function holds(intent: Intent): undefined {
  const now = intent.capture_method === 'automatic'
  const { id, amount, currency, metadata } = intent
  intent.status = now ? 'succeeded' : 'requires_capture'
  intent.amount_received = now ? amount : 0
  intent.latest_charge = {
    ...{ id: `ch_${id}`, object: 'charge', amount, currency, metadata, payment_intent: id },
    ...{ captured: now, amount_captured: intent.amount_received, amount_refunded: 0 },
  }
}

function capture(intent: Intent, params: URLSearchParams): Answer | undefined {
  if (intent.status !== 'requires_capture') return unexpected(intent)
  const amount = Number(params.get('amount_to_capture') ?? intent.amount)
  if (amount > intent.amount) {
    const message = 'The requested capture amount is greater than the authorized amount.'
    return refuse(400, { param: 'amount_to_capture', code: 'amount_too_large', message })
  }
  intent.status = 'succeeded'
  intent.amount_received = amount
  if (intent.latest_charge) Object.assign(intent.latest_charge, { captured: true })
  if (intent.latest_charge) intent.latest_charge.amount_captured = amount
  return undefined
}

const over: readonly string[] = ['succeeded', 'canceled', 'processing']

function cancel(intent: Intent): Answer | undefined {
  if (over.includes(intent.status)) return unexpected(intent)
  intent.status = 'canceled'
  return undefined
}

function refund(stripe: World, params: URLSearchParams): Answer {
  const intent = stripe.intents.get(params.get('payment_intent') ?? '')
  if (!intent) return missing()
  const amount = Number(params.get('amount'))
  const charge = intent.latest_charge
  if (charge && charge.amount_refunded === intent.amount_received) {
    const message = `Charge ${charge.id} has already been refunded.`
    return refuse(400, { code: 'charge_already_refunded', message })
  }
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
    status: intent.payment_method === 'pm_slow_refund' ? 'pending' : 'succeeded',
    metadata: metadata(params),
  }
  stripe.refunds.push(made)
  return fine(made)
}

/** Newest first, a page at a time, as all lists of Stripe's. */
function list(stripe: World, params: URLSearchParams): Answer {
  const of = params.get('payment_intent')
  const all = stripe.refunds.filter((one) => one.payment_intent === of).reverse()
  const behind = params.get('starting_after')
  const rest = behind === null ? all : all.slice(all.findIndex(({ id }) => id === behind) + 1)
  const data = rest.slice(0, Number(params.get('limit') ?? 10))
  return fine({ object: 'list', url: '/v1/refunds', has_more: data.length < rest.length, data })
}

function search(stripe: World, params: URLSearchParams): Answer {
  const [, name = '', word] =
    /^metadata\['(\w+)'\]:'((?:[^'\\]|\\['\\])*)'$/.exec(params.get('query') ?? '') ?? []
  if (word === undefined) return refuse(400, { param: 'query', message: 'Cannot parse the query' })
  const sought = word.replaceAll(/\\(['\\])/g, '$1')
  const known = [...stripe.intents.values()].slice(0, stripe.searchable)
  const found = known.filter((one) => one.metadata[name] === sought).reverse()
  const data = found.map((one) => shown(one, params, 'data.latest_charge'))
  return fine({ object: 'search_result', has_more: false, next_page: null, data })
}

function metadata(params: URLSearchParams): Record<string, string> {
  const entries = [...params].flatMap(([name, value]) => {
    const inner = /^metadata\[(\w+)\]$/.exec(name)?.[1]
    return inner === undefined ? [] : [[inner, value] as const]
  })
  return Object.fromEntries(entries)
}

function plain(intent: Intent): object {
  return shown(intent, new URLSearchParams())
}

function unexpected(intent: Intent): Answer {
  const code = 'payment_intent_unexpected_state'
  const told = { code, message: `It is ${intent.status}`, payment_intent: plain(intent) }
  return { status: 400, body: error('invalid_request_error', told), begun }
}

function missing(): Answer {
  return refuse(404, { code: 'resource_missing', message: 'No such payment_intent' })
}

const begun = true

function refuse(status: number, { status: _status, ...more }: Refusal): Answer {
  return { status, body: error('invalid_request_error', more), begun: false }
}

type Refusal = { readonly status?: number; readonly message: string } & Readonly<
  Record<string, unknown>
>

function fine(body: object): Answer {
  return { status: 200, body: JSON.stringify(body), begun }
}

/** The body of an error, as Stripe writes it. */
export function error(type: Stripe.RawErrorType, more: object): string {
  return JSON.stringify({ error: { type, ...more } })
}
