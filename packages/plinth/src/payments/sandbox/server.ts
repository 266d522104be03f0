/** Owns the sandbox's HTTP: a payment provider on loopback, whose charges can be counted. */

import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { limits } from '../../base/limits.ts'
import { sleep } from '../../base/time.ts'
import type { Book } from './book.ts'
import { answerControl } from './control.ts'
import { failure, fine, type SandboxParts, type SandboxRequest } from './exchange.ts'
import { type FaultKind, takeFaults } from './faults.ts'
import { type Answer, type Order, paymentOf, perform } from './operations.ts'

/** The server; it does not listen yet. */
export function sandboxServer(parts: SandboxParts) {
  return createServer((request, response) => {
    serve(parts, request, response).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error)
      send(response, failure(500, message))
    })
  })
}

async function serve(
  parts: SandboxParts,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!isKnown(incoming, parts.key)) {
    incoming.resume()
    return send(response, failure(401, 'Send the sandbox key: Authorization: Bearer …'))
  }
  const request = await read(incoming)
  if (!request) return send(response, failure(400, 'The body is no JSON, or too large.'))
  const order = orderIn(request)
  if (order) return answerOrder(parts, order, response)
  send(response, answerRead(parts, request) ?? answerControl(parts, request))
}

function orderIn({ method, path, idempotencyKey, input }: SandboxRequest): Order | undefined {
  const [, paymentId, verb] = /^\/payments(?:\/(\w+)\/(\w+))?$/.exec(path) ?? []
  const withdraws = path === '/withdrawals'
  if (method !== 'POST' || !(withdraws || path.startsWith('/payments'))) return undefined
  const whole = withdraws ? 'withdraw' : 'authorise'
  const operation = paymentId === undefined ? whole : verbs[verb ?? '']
  if (operation === undefined) return undefined
  const given = typeof input === 'object' && input !== null ? input : {}
  return { operation, key: idempotencyKey ?? '', paymentId, input: { ...given } }
}

const verbs: Readonly<Record<string, Order['operation']>> = {
  capture: 'capture',
  refunds: 'refund',
  cancel: 'cancel',
  authenticate: 'authenticate',
}

async function answerOrder(
  parts: SandboxParts,
  order: Order,
  response: ServerResponse,
): Promise<void> {
  const { book, deliveries } = parts
  if (order.key === '') return send(response, failure(400, 'Send an Idempotency-Key.'))
  const faults = book.transaction(() => takeFaults(book, order, referenceOf(book, order)))
  if (faults.has('drop_before')) return drop(response)
  if (faults.has('error_before')) return send(response, failure(500, 'Told to fail before.'))
  const { answer, eventId } = book.transaction(() => once(parts, order, faults))
  if (eventId !== undefined && faults.has('webhook_first')) await deliveries.sendNow(eventId)
  deliveries.wake()
  const delayMs = faults.get('slow')
  if (delayMs !== undefined) await sleep(delayMs)
  if (faults.has('drop_after')) return drop(response)
  if (faults.has('error_after')) return send(response, failure(500, 'Told to fail after.'))
  send(response, answer)
}

/** Does an order once for its key: a repetition gets the first answer again. */
function once(
  { book, deliveries }: SandboxParts,
  order: Order,
  faults: ReadonlyMap<FaultKind, number>,
): { readonly answer: Answer; readonly eventId: string | undefined } {
  const withdraws = order.operation === 'withdraw'
  const fingerprint = fingerprintOf(order)
  const kept = book.row('select * from request where key = ?', order.key)
  if (kept && kept.fingerprint !== fingerprint) {
    const answer = failure(422, 'The key was used for another call.')
    return { answer, eventId: undefined }
  }
  if (kept && !withdraws) {
    const answer = { status: Number(kept.status), body: String(kept.body) }
    return { answer, eventId: undefined }
  }
  const refusal = faults.has('decline')
    ? ({ reason: 'card_declined', message: 'Told to decline.' } as const)
    : undefined
  const done = perform(book, order, refusal)
  const keeps = withdraws ? done.answer.body === 'null' : !faults.has('forget_key')
  if (keeps && !kept) {
    // What was taken back before it came is refused when it comes.
    const { status, body } = withdraws ? withdrawn : done.answer
    book.run('insert into request values (?, ?, ?, ?)', order.key, fingerprint, status, body)
  }
  if (done.eventId !== undefined && !faults.has('webhook_never')) {
    const copies = faults.has('webhook_twice') ? 2 : 1
    const delayMs = faults.has('webhook_first') ? 60_000 : (faults.get('webhook_late') ?? 0)
    deliveries.add(done.eventId, { copies, delayMs })
  }
  return done
}

const withdrawn: Answer = {
  status: 402,
  body: JSON.stringify({ reason: 'wrong_state', message: 'It was withdrawn.' }),
}

/** What a key stands for: a withdrawal and its authorisation are of one order. */
function fingerprintOf({ operation, paymentId, input }: Order): string {
  const of = operation === 'withdraw' ? 'authorise' : operation
  return createHash('sha256')
    .update(JSON.stringify([of, paymentId, sorted(input)]))
    .digest('hex')
}

function answerRead({ book }: SandboxParts, request: SandboxRequest): Answer | undefined {
  const { method, path, query } = request
  if (method !== 'GET' || !path.startsWith('/payments')) return undefined
  const id = /^\/payments\/(\w+)$/.exec(path)?.[1]
  if (id !== undefined) {
    const row = book.row('select * from payment where id = ?', id)
    return row ? fine(paymentOf(row)) : failure(404, `There is no payment ${id}.`)
  }
  const sql = 'select * from payment where reference = ? order by created desc, rowid desc'
  return fine(book.rows(sql, query.get('reference') ?? '').map(paymentOf))
}

function referenceOf(book: Book, { paymentId, input }: Order): string {
  if (paymentId === undefined) return String(input.reference ?? '')
  const row = book.row('select reference from payment where id = ?', paymentId)
  return String(row?.reference ?? '')
}

function sorted(input: Readonly<Record<string, unknown>>): unknown {
  return Object.entries(input).sort(([a], [b]) => (a < b ? -1 : 1))
}

function isKnown({ headers }: IncomingMessage, key: string): boolean {
  const given = createHash('sha256')
    .update(headers.authorization ?? '')
    .digest()
  return timingSafeEqual(given, createHash('sha256').update(`Bearer ${key}`).digest())
}

async function read(incoming: IncomingMessage): Promise<SandboxRequest | undefined> {
  const { pathname: path, searchParams: query } = new URL(incoming.url ?? '/', 'http://sandbox')
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > limits.bodyBytesMax) return undefined
    chunks.push(chunk)
  }
  const header = incoming.headers['idempotency-key']
  const idempotencyKey = typeof header === 'string' ? header : undefined
  const head = { method: incoming.method ?? 'GET', path, query, idempotencyKey }
  if (bytes === 0) return { ...head, input: undefined }
  try {
    return { ...head, input: JSON.parse(Buffer.concat(chunks).toString()) as unknown }
  } catch {
    return undefined
  }
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(body)
}

function drop(response: ServerResponse): void {
  response.destroy()
}
