/** Owns a small double of Stripe's API: intents, refunds, keys that replay, and faults. */

import type { ServerResponse } from 'node:http'
import Stripe from 'stripe'
import { type Arrived, Loopback } from '../../proof/loopback.ts'
import { type Answer, answers, error, type Intent, type Refunded } from './double-answers.ts'
import type { Seen } from './double-params.ts'

/** What goes wrong with the next call of a kind. */
export interface Fault {
  readonly path: RegExp
  /**
   * `error`: 500; `drop`: the connection ends; `limit`: 429, `slow`: the same as a 400, as the SDK
   * knows it; `busy`: 409.
   */
  readonly how: 'error' | 'drop' | 'limit' | 'slow' | 'busy'
  /** When: before anything was done, or after all of it. */
  readonly when: 'before' | 'after'
}

interface Kept extends Pick<Answer, 'status' | 'body'> {
  /** What it was the answer to: one key is for one request. */
  readonly asked: string
}

const keyCharactersMax = 255
const form = 'application/x-www-form-urlencoded'

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
    // What the adapter reads has the form of the version that its types were written for.
    const { 'stripe-version': version, 'content-type': type } = headers
    if (version !== Stripe.API_VERSION || (post && type !== form)) {
      const message = `Version ${version}, ${type}`
      send(response, { status: 400, body: error('invalid_request_error', { message }) })
      return
    }
    this.#answer(seen, response)
  }

  #answer(seen: Seen, response: ServerResponse): void {
    const { key } = seen
    const asked = `${seen.method} ${seen.path} ${seen.params}`
    const kept = key === undefined ? undefined : this.#keys.get(key)
    if (kept && kept.asked !== asked) {
      const message = 'Keys for idempotent requests can only be used with the same parameters'
      send(response, { status: 400, body: error('idempotency_error', { message }) })
      return
    }
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
    const done = before ? broken : this.#do(seen)
    const said = fault?.how === 'error' ? broken : done
    if (key !== undefined && said.begun) this.#keys.set(key, { ...said, asked })
    if (fault?.how === 'drop') spoil(response, fault)
    else send(response, said)
  }

  #do(seen: Seen): Answer {
    if ((seen.key ?? '').length <= keyCharactersMax) return answers(this, seen)
    const body = error('invalid_request_error', { message: 'The key is too long' })
    return { status: 400, body, begun: false }
  }

  #take(path: string, only?: Fault['how']): Fault | undefined {
    const place = this.#faults.findIndex(
      (fault) => fault.path.test(path) && (only ?? fault.how) === fault.how,
    )
    return place === -1 ? undefined : this.#faults.splice(place, 1)[0]
  }
}

const broken: Answer = {
  status: 500,
  body: error('api_error', { message: 'Something went wrong' }),
  begun: true,
}

function spoil(response: ServerResponse, { how }: Fault): void {
  if (how === 'drop') response.destroy()
  const limited = error('invalid_request_error', { message: 'Slow down', code: 'rate_limit' })
  if (how === 'limit') send(response, { status: 429, body: limited }, { 'retry-after': '2' })
  if (how === 'slow') send(response, { status: 400, body: limited })
  const busy = error('idempotency_error', { message: 'At work', code: 'idempotency_key_in_use' })
  if (how === 'busy') send(response, { status: 409, body: busy })
}

function send(response: ServerResponse, { status, body }: Omit<Kept, 'asked'>, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(body)
}
