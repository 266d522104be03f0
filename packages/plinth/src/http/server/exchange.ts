/** Owns one exchange: a request, exactly one answer, whatever the handler does. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { isArmed, reach } from '../../base/failpoint.ts'
import type { Failure } from '../../base/failure.ts'
import type { Limits } from '../../base/limits.ts'
import type { Handler, HttpResponse } from '../message.ts'
import { failureOf, problemResponse } from '../problem.ts'
import type { Connection } from './connections.ts'
import { traceOf } from './head.ts'
import { peerOf } from './origin.ts'
import { ServerRequest } from './request.ts'
import { sendEarly, writeHead } from './send.ts'
import { closedSink, ResponseStream } from './stream.ts'

/** One line for the log. Never holds bodies, headers or query strings. */
export interface LogEntry {
  readonly level: 'error' | 'warning' | 'information'
  readonly message: string
  readonly traceId?: string
  readonly cause?: unknown
}

/** What every exchange of a server shares. */
export interface ExchangeContext {
  readonly handler: Handler
  readonly limits: Limits
  readonly trustedProxies: number
  readonly log: (entry: LogEntry) => void
  readonly draining: () => boolean
  /** Compares a request of a connection with what the server is told of its front. */
  readonly notice: (request: ServerRequest, peer: string) => void
}

/** A request and its answer. */
export class Exchange {
  readonly message: IncomingMessage
  /** The sweep in which it began, for the deadline. */
  readonly startedSweep: number
  readonly #response: ServerResponse
  readonly #connection: Connection
  readonly #context: ExchangeContext
  #request: ServerRequest | undefined
  #answered = false
  #streaming: ResponseStream | undefined
  #slowReader: NodeJS.Timeout | undefined

  constructor(
    pair: { message: IncomingMessage; response: ServerResponse; connection: Connection },
    context: ExchangeContext,
    startedSweep: number,
  ) {
    this.message = pair.message
    this.#response = pair.response
    this.#connection = pair.connection
    this.#context = context
    this.startedSweep = startedSweep
  }

  get answered(): boolean {
    return this.#answered
  }

  /** Runs the handler and answers. Never throws. */
  run(): void {
    try {
      this.#request = new ServerRequest(this.message, this.#response, this.#context)
      if (!this.#connection.looked) this.#look(this.#request)
      const answer = this.#context.handler(this.#request)
      if (answer instanceof Promise) answer.then(this.#answer, this.fail)
      else this.#answer(answer)
    } catch (thrown) {
      this.fail(thrown)
    }
  }

  #look(request: ServerRequest): void {
    this.#connection.looked = true
    this.#context.notice(request, peerOf(this.message))
  }

  /** Answers with a failure, unless an answer has left already. */
  readonly fail = (thrown: unknown): void => {
    const failure = failureOf(thrown)
    const trace = this.#request?.trace ?? traceOf(this.message)
    if (failure.code === 'internal' || (failure.status >= 500 && failure.cause !== undefined)) {
      const message = `The request failed: ${failure.code}.`
      const { traceId } = trace
      this.#context.log({ level: 'error', message, traceId, cause: failure.cause })
    }
    if (this.#answered) return
    // A request that was not understood leaves the place where the next one begins in doubt.
    if (this.#request === undefined || endsConnection(failure)) this.#connection.closing = true
    const instance = this.#request?.path
    this.#answer(problemResponse(failure, instance === undefined ? { trace } : { trace, instance }))
  }

  /** Ends what belongs to the exchange once its connection is done with it. */
  end(): void {
    this.#answered = true
    clearTimeout(this.#slowReader)
  }

  readonly #answer = (answer: HttpResponse): void => {
    if (this.#answered || this.#response.destroyed) {
      answer.stream?.(closedSink)
      return
    }
    try {
      this.#send(answer)
    } catch (thrown) {
      // Nothing has left: the head is checked as a whole before its first byte.
      if (this.#answered) throw thrown
      this.fail(thrown)
    }
  }

  #send(answer: HttpResponse): void {
    const unread = this.#unreadBytes()
    const { draining, limits: caps } = this.#context
    const last = this.#connection.busy <= 1 && (this.#connection.closing || draining())
    const close = last || unread > caps.bodyBytesMax
    const scheme = this.#request?.scheme ?? 'http'
    const body = writeHead(this.#response, answer, { scheme, close })
    this.#answered = true
    if (close) this.#connection.closing = true
    if (answer.stream) {
      this.#stream(answer.stream)
      return
    }
    if (close && unread > 0) {
      sendEarly({ message: this.message, response: this.#response }, body, caps)
      return
    }
    if (isArmed('reply.half')) return void this.#sendHalves(body)
    this.#response.end(body)
    if ((this.#response.socket?.writableLength ?? 0) > 0) this.#watchReader(body.length)
  }

  /** Hands the body over to whoever writes it. To HEAD nothing is written. */
  #stream(write: NonNullable<HttpResponse['stream']>): void {
    if (this.message.method === 'HEAD') {
      write(closedSink)
      this.#response.end()
      return
    }
    this.#response.flushHeaders()
    // It lasts, and there may be thousands: what was read of the request is not needed any more.
    this.#request = undefined
    this.message.rawHeaders = []
    this.message.headers = {}
    this.#streaming = new ResponseStream(this.#response)
    write(this.#streaming)
    if (this.#context.draining()) this.#streaming.stop()
  }

  /** Tells a body without an end that the server stops. */
  stop(): void {
    this.#streaming?.stop()
  }

  /** Only under test: what a client sees where we die in the middle of an answer. */
  async #sendHalves(body: string | Uint8Array): Promise<void> {
    const bytes = Buffer.from(body)
    const half = bytes.length >> 1
    await new Promise((resolve) => this.#response.write(bytes.subarray(0, half), resolve))
    await reach('reply.half', () => this.#connection.socket.destroy())
    this.#response.end(bytes.subarray(half))
  }

  /** How much of the body may still be under way. */
  #unreadBytes(): number {
    if (this.message.complete) return 0
    return this.#request?.bodyBytes ?? Number.POSITIVE_INFINITY
  }

  #watchReader(byteCount: number): void {
    const { bodyGraceMs, responseBytesPerSecondMin } = this.#context.limits
    const allowedMs = bodyGraceMs + (byteCount / responseBytesPerSecondMin) * 1000
    this.#slowReader = setTimeout(() => this.#connection.socket.destroy(), allowedMs)
  }
}

function endsConnection(failure: Failure): boolean {
  const { code } = failure
  return code === 'request_timeout' || code === 'body_too_large' || code === 'malformed_request'
}
