/** Owns a small double of Stripe's API: intents, refunds, keys that replay, and faults. */

import type { ServerResponse } from 'node:http'
import { type Arrived, Loopback } from '../../proof/loopback.ts'
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
  readonly #door = new Loopback((arrived, response) => this.#serve(arrived, response))
  searchable = 0

  /** Where it listens. */
  get host(): string {
    return this.#door.url
  }

  start(): Promise<void> {
    return this.#door.start()
  }

  stop(): Promise<void> {
    return this.#door.stop()
  }

  /** Makes one call go wrong. */
  fail(fault: Fault): void {
    this.#faults.push(fault)
  }

  /** Ends what was ordered to go wrong. */
  behave(): void {
    this.#faults.length = 0
  }

  /** As some minutes later: its search knows what there is now, and nothing newer. */
  index(): void {
    this.searchable = this.intents.size
  }

  /** As a day later. */
  forgetKeys(): void {
    this.#keys.clear()
    this.index()
  }

  /** Minor units that have moved, less what went back. */
  get moved(): number {
    const captured = [...this.intents.values()].reduce((sum, one) => sum + one.amount_received, 0)
    return captured - this.refunds.reduce((sum, one) => sum + one.amount, 0)
  }

  #serve({ method, path, headers, body }: Arrived, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(path, 'http://stripe')
    const post = method === 'POST'
    const params = post ? new URLSearchParams(Buffer.from(body).toString()) : searchParams
    const key = headers['idempotency-key'] as string | undefined
    const seen = { method, path: pathname, key: post ? key : undefined, params }
    this.seen.push(seen)
    if (headers.authorization !== 'Bearer sk_test_right') {
      send(response, { status: 401, body: error('invalid_request_error', { message: 'No key' }) })
      return
    }
    this.#answer(seen, response)
  }

  #answer(seen: Seen, response: ServerResponse): void {
    const kept = seen.key === undefined ? undefined : this.#keys.get(seen.key)
    if (kept) {
      if (this.#take(seen.path, 'drop')) response.destroy()
      else send(response, kept, { 'idempotent-replayed': 'true' })
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

  #take(path: string, only?: Fault['how']): Fault | undefined {
    const place = this.#faults.findIndex(
      (fault) => fault.path.test(path) && (only ?? fault.how) === fault.how,
    )
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
