/** Owns a small double of Stripe's API: intents, refunds, keys that replay, and faults. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answers, error, type Intent, type Refunded, type Seen } from './double-answers.ts'

/** What goes wrong with the next call of a kind. */
export interface Fault {
  readonly path: RegExp
  /** `error`: 500; `drop`: the connection ends; `limit`: 429; `busy`: 409. */
  readonly how: 'error' | 'drop' | 'limit' | 'busy'
  /** When: before anything was done, or after all of it. */
  readonly when: 'before' | 'after'
}

interface Kept {
  readonly status: number
  readonly body: string
}

/** Stripe, on loopback. */
export class StripeDouble {
  readonly intents = new Map<string, Intent>()
  readonly refunds: Refunded[] = []
  readonly seen: Seen[] = []
  readonly #keys = new Map<string, Kept>()
  readonly #faults: Fault[] = []
  readonly #server = createServer((request, response) => void this.#serve(request, response))

  /** Where it listens. */
  get host(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve)
    })
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => {
      this.#server.close(resolve)
    })
  }

  /** Makes one call go wrong. */
  fail(fault: Fault): void {
    this.#faults.push(fault)
  }

  /** As a day later. */
  forgetKeys(): void {
    this.#keys.clear()
  }

  /** Minor units that have moved, less what went back. */
  get moved(): number {
    const captured = [...this.intents.values()].reduce((sum, one) => sum + one.amount_received, 0)
    return captured - this.refunds.reduce((sum, one) => sum + one.amount, 0)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stripe')
    const post = request.method === 'POST'
    const params = post ? new URLSearchParams(Buffer.concat(chunks).toString()) : searchParams
    const key = request.headers['idempotency-key'] as string | undefined
    const seen = {
      method: request.method ?? '',
      path: pathname,
      key: post ? key : undefined,
      params,
    }
    this.seen.push(seen)
    if (request.headers.authorization !== 'Bearer sk_test_right') {
      send(response, { status: 401, body: error('invalid_request_error', { message: 'No key' }) })
      return
    }
    this.#answer(seen, response)
  }

  #answer(seen: Seen, response: ServerResponse): void {
    const kept = seen.key === undefined ? undefined : this.#keys.get(seen.key)
    if (kept) {
      send(response, kept, { 'idempotent-replayed': 'true' })
      return
    }
    const fault = this.#take(seen.path)
    if (fault?.when === 'before' && fault.how !== 'error') {
      spoil(response, fault)
      return
    }
    // Stripe keeps what a call came to once it has begun: a 500 as well.
    const before = fault?.when === 'before'
    const done = before ? broken : answers(this, seen)
    const said = fault?.how === 'error' ? broken : done
    if (seen.key !== undefined) this.#keys.set(seen.key, said)
    if (fault?.how === 'drop') spoil(response, fault)
    else send(response, said)
  }

  #take(path: string): Fault | undefined {
    const place = this.#faults.findIndex((fault) => fault.path.test(path))
    return place === -1 ? undefined : this.#faults.splice(place, 1)[0]
  }
}

const broken: Kept = { status: 500, body: error('api_error', { message: 'Something went wrong' }) }

function spoil(response: ServerResponse, { how }: Fault): void {
  if (how === 'drop') response.destroy()
  const limited = error('invalid_request_error', { message: 'Slow down', code: 'rate_limit' })
  if (how === 'limit') send(response, { status: 429, body: limited }, { 'retry-after': '2' })
  const busy = error('idempotency_error', { message: 'At work', code: 'idempotency_key_in_use' })
  if (how === 'busy') send(response, { status: 409, body: busy })
}

function send(response: ServerResponse, { status, body }: Kept, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(body)
}
