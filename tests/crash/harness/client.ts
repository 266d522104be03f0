/** Owns a client of a run: it asks, and asks again under the same key until it knows the answer. */

import { Agent, type IncomingMessage, request } from 'node:http'
import type { Outcome } from '../check/history.ts'
import { pause } from './processes.ts'
import type { Recorder } from './recorder.ts'

/** One thing to ask for. */
export interface Ask {
  readonly op: string
  /** Such as `/api/orders/checkout`. */
  readonly path: string
  readonly method?: 'GET' | 'POST' | 'PATCH'
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** What the history keeps of it. Default: the body. */
  readonly request?: unknown
}

/** What came of it. */
export interface Answered extends Response {
  readonly id: string
  readonly outcome: Outcome
}

/** How a client asks. */
export interface ClientOptions {
  readonly number: number
  /** Where it asks; another node each time where there are several. */
  readonly bases: readonly string[]
  readonly recorder: Recorder
  readonly token: string | undefined
  /** True: it asks no more for what it has not heard about. */
  readonly stopped: () => boolean
}

interface Response {
  /** 0: the connection broke. */
  readonly status: number
  readonly body: unknown
  /** The version of the record, where there is one. */
  readonly etag?: string | undefined
}

const patienceMs = 60_000
// What says that nothing was decided: ask again with the same key.
const undecided = new Set([0, 408, 409, 425, 429, 500, 502, 503, 504])

/** A client with one connection. */
export class Client {
  readonly #options: ClientOptions
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  #count = 0

  constructor(options: ClientOptions) {
    this.#options = options
  }

  /** The id of its next operation, which is its idempotency key too. */
  nextId(): string {
    return `c${this.#options.number}-${this.#count + 1}`
  }

  /**
   * Asks until the answer is known, or the patience ends. An answer that refuses decides only
   * where no earlier attempt may still have its effect.
   */
  async ask(ask: Ask): Promise<Answered> {
    const { recorder, number: client } = this.#options
    this.#count += 1
    const id = `c${client}-${this.#count}`
    const { op, body } = ask
    recorder.note({ client, id, op, phase: 'invoke', request: ask.request ?? body })
    const endMs = performance.now() + patienceMs
    for (let attempt = 1; ; attempt++) {
      const response = await this.#send(ask, id, attempt)
      const ended = outcomeOf(response, attempt)
      recorder.note({ client, id, op, phase: ended, response })
      if (ended !== 'unknown') return { id, outcome: ended, ...response }
      const refused = response.status >= 400 && !isUndecided(response)
      const over = performance.now() > endMs || this.#options.stopped()
      if (refused || over) return { id, outcome: ended, ...response }
      await pause(Math.min(250, 5 * 2 ** attempt))
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  #send(ask: Ask, id: string, attempt: number): Promise<Response> {
    const { bases, token } = this.#options
    // A repeat goes to another node, where there is one.
    const base = bases[(this.#count + attempt) % bases.length] ?? ''
    const text = ask.body === undefined ? undefined : JSON.stringify(ask.body)
    return new Promise((resolve) => {
      const broken = (): void => resolve({ status: 0, body: undefined })
      const sent = request(`${base}${ask.path}`, {
        method: ask.method ?? 'POST',
        agent: this.#agent,
        timeout: 10_000,
        headers: {
          ...(ask.method === 'GET' ? {} : { 'idempotency-key': id }),
          ...(text === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...ask.headers,
        },
      })
      sent.on('error', broken)
      sent.on('timeout', () => sent.destroy())
      sent.on('response', (response) => read(response, resolve))
      sent.end(text)
    })
  }
}

/** Reads the whole answer: one that breaks off in the middle is no answer. */
function read(response: IncomingMessage, resolve: (response: Response) => void): void {
  const chunks: Buffer[] = []
  const broken = (): void => resolve({ status: 0, body: undefined })
  response.on('data', (chunk: Buffer) => chunks.push(chunk))
  response.on('error', broken)
  response.on('aborted', broken)
  response.on('end', () => {
    const text = Buffer.concat(chunks).toString()
    const json = /json/.test(response.headers['content-type'] ?? '')
    const { etag } = response.headers
    const body = json && text ? JSON.parse(text) : text
    resolve({ status: response.statusCode ?? 0, body, ...(etag === undefined ? {} : { etag }) })
  })
}

function outcomeOf({ status, body }: Response, attempt: number): Outcome {
  if (status >= 200 && status < 300) return 'ok'
  if (isUndecided({ status, body })) return 'unknown'
  return attempt === 1 ? 'fail' : 'unknown'
}

/** Nothing was decided, or nobody knows: worth asking again. */
function isUndecided({ status, body }: Response): boolean {
  return undecided.has(status) && !isDeclared(body)
}

/** A conflict that the app itself declared is an answer; that a call is under way is none. */
function isDeclared(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || !('code' in body)) return false
  return !transient.has(String(body.code))
}

const transient = new Set([
  ...['in_progress', 'unavailable', 'overloaded', 'deadline_exceeded', 'rate_limited'],
  ...['internal', 'conflict', 'request_timeout'],
])
