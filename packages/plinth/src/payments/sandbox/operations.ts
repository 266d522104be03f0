/** Owns what the sandbox does with money: each operation once for its key, with its message. */

import { hex, randomBytes } from '../../base/ids.ts'
import { instantText } from '../../base/time.ts'
import type { DeclineReason, Payment, PaymentEventType, Refund } from '../provider.ts'
import type { Book, Row } from './book.ts'

/** What the sandbox answers. */
export interface Answer {
  readonly status: number
  readonly body: string
}

/** A call that changes something. */
export interface Order {
  readonly operation: 'authorise' | 'capture' | 'refund' | 'cancel' | 'authenticate' | 'withdraw'
  /** For `withdraw`: that of the authorisation which is taken back. */
  readonly key: string
  /** For all but `authorise` and `withdraw`. */
  readonly paymentId: string | undefined
  readonly input: Readonly<Record<string, unknown>>
}

/** What refuses an order before anything is looked at. */
export interface Refusal {
  readonly reason: DeclineReason
  readonly message: string
}

/** Does an order, inside the caller's transaction. Returns the answer and the message's id. */
export function perform(
  book: Book,
  order: Order,
  refusal?: Refusal,
): { readonly answer: Answer; readonly eventId: string | undefined } {
  try {
    if (refusal) throw refused(refusal.message, refusal.reason)
    const { body, eventId } = operations[order.operation](book, order)
    return { answer: { status: 200, body: JSON.stringify(body) }, eventId }
  } catch (error) {
    if (!isRefusal(error)) throw error
    const body = JSON.stringify({ reason: error.reason, message: error.message })
    return { answer: { status: 402, body }, eventId: undefined }
  }
}

interface Done {
  readonly body: Payment | Refund | null
  readonly eventId: string | undefined
}

const operations: Readonly<Record<Order['operation'], (book: Book, order: Order) => Done>> = {
  authorise,
  capture,
  refund,
  cancel,
  authenticate,
  withdraw,
}

const cards: Readonly<Record<string, DeclineReason | 'authenticate' | undefined>> = {
  card_declined: 'card_declined',
  card_insufficient_funds: 'insufficient_funds',
  card_expired: 'card_expired',
  card_authenticate: 'authenticate',
}

function authorise(book: Book, { key, input }: Order): Done {
  const { reference, method, capture: when } = input
  const { amount, currency } = moneyIn(input.amount)
  if (typeof reference !== 'string' || typeof method !== 'string') throw refused('No reference.')
  if (!method.startsWith('card_')) throw refused(`There is no card "${method}": try card_ok.`)
  const trouble = cards[method]
  if (trouble !== undefined && trouble !== 'authenticate') {
    throw refused(`The card ${method} is refused.`, trouble)
  }
  const id = `pay_${hex(randomBytes(12))}`
  const status = trouble ? 'action_required' : when === 'now' ? 'captured' : 'authorised'
  const captured = status === 'captured' ? amount : 0
  const sql = 'insert into payment values (?, ?, ?, ?, ?, ?, ?, 0, ?)'
  book.run(sql, id, reference, method, currency, amount, status, captured, book.now())
  if (status !== 'action_required') move(book, { key, id, type: 'authorisation', amount })
  if (captured > 0) move(book, { key, id, type: 'capture', amount })
  return told(book, id, `payment.${status}`)
}

function authenticate(book: Book, order: Order): Done {
  const payment = mustBe(book, order, ['action_required'])
  const id = String(payment.id)
  const status = order.input.succeed === false ? 'declined' : 'authorised'
  book.run('update payment set status = ? where id = ?', status, id)
  if (status === 'authorised') {
    move(book, { key: order.key, id, type: 'authorisation', amount: Number(payment.amount) })
  }
  return told(book, id, `payment.${status}`)
}

function capture(book: Book, order: Order): Done {
  const payment = mustBe(book, order, ['authorised'])
  const id = String(payment.id)
  if (payment.method === 'card_capture_declined') {
    throw refused('The bank does not let the money go.', 'card_declined')
  }
  const amount = wanted(order, payment) ?? Number(payment.amount)
  if (amount > Number(payment.amount)) throw tooMuch('authorised')
  book.run("update payment set status = 'captured', captured = ? where id = ?", amount, id)
  move(book, { key: order.key, id, type: 'capture', amount })
  return told(book, id, 'payment.captured')
}

function refund(book: Book, order: Order): Done {
  const payment = mustBe(book, order, ['captured'])
  const id = String(payment.id)
  const amount = wanted(order, payment)
  if (amount === undefined) throw refused('Say how much is to go back.')
  if (amount > Number(payment.captured) - Number(payment.refunded)) throw tooMuch('captured')
  book.run('update payment set refunded = refunded + ? where id = ?', amount, id)
  const movement = move(book, { key: order.key, id, type: 'refund', amount })
  const { eventId } = told(book, id, 'payment.refunded')
  const money = { amount, currency: String(payment.currency) }
  return { body: { id: `ref_${movement}`, paymentId: id, amount: money, status: 'done' }, eventId }
}

function cancel(book: Book, order: Order): Done {
  const payment = mustBe(book, order, ['authorised', 'action_required', 'cancelled'])
  const id = String(payment.id)
  if (payment.status === 'cancelled') return { body: paymentOf(payment), eventId: undefined }
  book.run("update payment set status = 'cancelled' where id = ?", id)
  move(book, { key: order.key, id, type: 'cancellation', amount: 0 })
  return told(book, id, 'payment.cancelled')
}

/** Takes back what was authorised under the key, whether or not its caller was ever told. */
function withdraw(book: Book, order: Order): Done {
  const row = authorisedUnder(book, order.key)
  if (!row) return { body: null, eventId: undefined }
  if (row.status === 'authorised' || row.status === 'action_required') {
    return cancel(book, { ...order, paymentId: String(row.id) })
  }
  return { body: paymentOf(row), eventId: undefined }
}

function authorisedUnder(book: Book, key: string): Row | undefined {
  return book.row(
    `select p.* from payment p where p.id in (
       select json_extract(body, '$.id') from request where key = ?1 and status = 200
       union select payment from movement where key = ?1 and type = 'authorisation')
     order by p.status in ('authorised', 'action_required') desc limit 1`,
    key,
  )
}

/** A payment as the interface has it. */
export function paymentOf(row: Row): Payment {
  const status = String(row.status) as Payment['status']
  const { id, reference, amount, currency, captured, refunded } = row
  return {
    id: String(id),
    reference: String(reference),
    status,
    amount: { amount: Number(amount), currency: String(currency) },
    captured: Number(captured),
    refunded: Number(refunded),
    nextAction: status === 'action_required' ? `/payments/${id}/authenticate` : undefined,
  }
}

function mustBe(book: Book, { paymentId = '' }: Order, states: readonly string[]): Row {
  const payment = book.row('select * from payment where id = ?', paymentId)
  if (!payment) throw refused(`There is no payment ${paymentId}.`, 'not_found')
  if (states.includes(String(payment.status))) return payment
  throw refused(`The payment is ${payment.status}, not ${states.join(' or ')}.`, 'wrong_state')
}

function wanted({ input }: Order, payment: Row): number | undefined {
  if (input.amount === undefined) return undefined
  const { amount, currency } = moneyIn(input.amount)
  if (currency !== payment.currency) throw refused(`The payment is in ${payment.currency}.`)
  return amount
}

function moneyIn(given: unknown): { readonly amount: number; readonly currency: string } {
  const { amount, currency } = (given ?? {}) as { amount?: unknown; currency?: unknown }
  const whole = typeof amount === 'number' && Number.isSafeInteger(amount) && amount > 0
  if (whole && typeof currency === 'string' && /^[A-Z]{3}$/.test(currency)) {
    return { amount, currency }
  }
  throw refused('Give an amount such as {"amount": 1250, "currency": "GBP"}.')
}

interface Movement {
  readonly key: string
  readonly id: string
  readonly type: 'authorisation' | 'capture' | 'refund' | 'cancellation'
  readonly amount: number
}

function move(book: Book, { key, id, type, amount }: Movement): number {
  const sql = `insert into movement (key, payment, type, amount, at) values (?, ?, ?, ?, ?)
    returning id`
  return Number(book.row(sql, key, id, type, amount, book.now())?.id)
}

function told(book: Book, id: string, type: string): Done {
  const row = book.row('select * from payment where id = ?', id)
  const payment = paymentOf(row ?? {})
  const eventId = `evt_${hex(randomBytes(12))}`
  const at = book.now()
  const event = { type: type as PaymentEventType, at: instantText(at), data: payment }
  book.run('insert into event values (?, ?, ?)', eventId, JSON.stringify(event), at)
  return { body: payment, eventId }
}

/** What is thrown where nothing is to happen. */
function refused(message: string, reason: DeclineReason = 'refused'): Error & Refusal {
  return Object.assign(new Error(message), { reason })
}

function isRefusal(error: unknown): error is Error & Refusal {
  return error instanceof Error && 'reason' in error
}

function tooMuch(of: string): Error {
  return refused(`That is more than was ${of}.`, 'too_much')
}
