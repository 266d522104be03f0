/** Owns the HTTP server: node:http, strict, limited, draining, never ended by a request. */

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { present } from '../base/assert.ts'
import { Failure } from '../base/failure.ts'
import { type Limits, limits } from '../base/limits.ts'
import { Passing } from '../base/loop/passing.ts'
import type { Handler } from './message.ts'
import { type Connection, Connections } from './server/connections.ts'
import { Exchange, type ExchangeContext, type LogEntry } from './server/exchange.ts'
import { noticeFront } from './server/front.ts'
import { failureOfParseError, type ParseError, refuse } from './server/refusal.ts'
import { asksForSocket, type LinkHandler, plainRequests, Upgrades } from './socket/upgrades.ts'

export type { LogEntry } from './server/exchange.ts'

// Not imported: an import reads every name of node:http at once, and to some of them belongs a
// second client of HTTP, which would take a tenth of the start and seven megabytes of memory.
const { createServer } = process.getBuiltinModule('node:http')

/** How a server is made. */
export interface HttpServerOptions {
  readonly handler: Handler
  readonly log: (entry: LogEntry) => void
  /** How many proxies of ours in front add to `X-Forwarded-*`. Default 0: none is believed. */
  readonly trustedProxies?: number
  /** Where the world reaches it: what does not fit is written down. Default: nobody knows. */
  readonly publicUrl?: string | undefined
  /** What is done with WebSockets. Default: nobody speaks WebSocket here. */
  readonly sockets?: LinkHandler
  /** Replaces single limits of base/limits.ts. */
  readonly limits?: Partial<Limits>
}

/** Where a server listens: an address, or a listening socket inherited from the supervisor. */
export type ListenAddress =
  | { readonly host: string; readonly port: number }
  | { readonly fd: number }

/** The address that a server got. */
export interface BoundAddress {
  readonly host: string
  readonly port: number
}

const sweepMs = 1_000
const drainSweepMs = 250

/** Serves a Handler over HTTP/1.1. */
export class HttpServer {
  readonly #server: Server
  readonly #limits: Limits
  readonly #context: ExchangeContext
  readonly #connections = new Connections()
  readonly #upgrades: Upgrades | undefined
  readonly #exchanges = new Passing<Exchange>()
  #sweepCount = 0
  #sweeper: NodeJS.Timeout | undefined
  #draining = false
  #whenEmpty: (() => void) | undefined

  constructor(options: HttpServerOptions) {
    const caps = Object.freeze({ ...limits, ...options.limits })
    this.#limits = caps
    const { trustedProxies = 0, publicUrl } = options
    this.#context = {
      handler: options.sockets ? plainRequests(options.handler) : options.handler,
      limits: caps,
      trustedProxies,
      log: options.log,
      notice: noticeFront({ trustedProxies, publicUrl }, options.log),
      draining: () => this.#draining,
    }
    const { sockets } = options
    this.#upgrades = sockets && new Upgrades(sockets, this.#context)
    this.#server = createServer({
      // A wish to speak something else is passed over, and the request answered as it is.
      shouldUpgradeCallback: (message) => sockets !== undefined && asksForSocket(message),
      insecureHTTPParser: false,
      // Checked with the rest of the head, so that the answer is a problem.
      requireHostHeader: false,
      maxHeaderSize: caps.headerBytesMax + caps.addressBytesMax,
      headersTimeout: caps.headerTimeoutMs,
      requestTimeout: caps.requestTimeoutMs,
      keepAliveTimeout: caps.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(sweepMs, caps.headerTimeoutMs / 2),
      noDelay: true,
    })
    // One more than allowed is kept, so that too many are refused instead of silently dropped.
    this.#server.maxHeadersCount = caps.headerCountMax + 1
    // Without any progress on a socket, in either direction.
    this.#server.timeout = caps.keepAliveTimeoutMs
    this.#server
      .on('connection', this.#onConnection)
      .on('request', this.#onRequest)
      .on('checkContinue', this.#onRequest)
      .on('checkExpectation', this.#onRequest)
      .on('connect', this.#onConnect)
      .on('upgrade', this.#onUpgrade)
      .on('clientError', this.#onClientError)
  }

  /** Begins to listen. Rejects with the system's error where the address is taken. */
  async listen(address: ListenAddress): Promise<BoundAddress> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(address, () => {
        this.#server.off('error', reject)
        this.#server.on('error', (cause) => {
          this.#context.log({ level: 'error', message: 'The listening socket failed.', cause })
        })
        resolve()
      })
    })
    this.#sweeper = setInterval(this.#sweep, sweepMs).unref()
    const bound: AddressInfo | string | null = this.#server.address()
    return typeof bound === 'object'
      ? { host: present(bound, 'address').address, port: present(bound, 'address').port }
      : { host: bound, port: 0 }
  }

  /**
   * Stops accepting and lets everything end by itself: requests under way are answered, further
   * ones on open connections too, each with `Connection: close`; connections that stay idle end
   * late. Resolves when none is left, or after `drainTimeoutMs` when the rest has been cut.
   */
  async drain(): Promise<void> {
    this.#draining = true
    // Not http.Server.close(): that would end idle connections at once, under requests in flight.
    if (this.#server.listening) NetServer.prototype.close.call(this.#server)
    for (const exchange of this.#exchanges) exchange.stop()
    this.#upgrades?.stop()
    if (this.#connections.count > 0) {
      const quietSweepsMax = Math.ceil(this.#limits.drainIdleMs / drainSweepMs)
      const sweeper = setInterval(() => this.#connections.sweep(quietSweepsMax), drainSweepMs)
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#whenEmpty = resolve
      const timer = setTimeout(resolve, this.#limits.drainTimeoutMs)
      await promise
      clearInterval(sweeper)
      clearTimeout(timer)
    }
    await this.close()
  }

  /** Stops at once: open connections are cut. */
  async close(): Promise<void> {
    clearInterval(this.#sweeper)
    this.#server.close()
    this.#connections.destroy()
    this.#server.closeAllConnections()
  }

  /** Open connections, for health and tests. */
  get connectionCount(): number {
    return this.#connections.count
  }

  readonly #onConnection = (socket: Socket): void => {
    if (this.#connections.count >= this.#limits.connectionsMax) {
      const detail = 'All connections are taken; try again shortly.'
      const failure = new Failure('overloaded', { detail, retryAfterSeconds: 1 })
      refuse(socket, failure, this.#limits.unreadBodyWaitMs)
      return
    }
    this.#connections.add(socket, () => {
      if (this.#connections.count === 0) this.#whenEmpty?.()
    })
  }

  readonly #onRequest = (message: IncomingMessage, response: ServerResponse): void => {
    const connection = this.#connections.of(message.socket)
    // Refused when it connected, or behind an answer that ends the connection: never run, because
    // nobody could be told how it ended.
    if (connection === undefined || connection.closing) return
    const exchange = new Exchange(
      { message, response, connection },
      this.#context,
      this.#sweepCount,
    )
    const place = this.#exchanges.enter(exchange)
    connection.busy += 1
    // It closes once: another listener for once would be made and taken away for nothing.
    response.on('close', () => {
      this.#exchanges.leave(place)
      this.#onDone(exchange, connection)
    })
    if (connection.busy > this.#limits.pipelinedRequestsMax) {
      connection.closing = true
      exchange.fail(new Failure('overloaded', { retryAfterSeconds: 1 }))
    } else exchange.run()
  }

  #onDone(exchange: Exchange, connection: Connection): void {
    exchange.end()
    connection.busy -= 1
    if (connection.closing && connection.busy === 0) connection.socket.destroySoon()
  }

  readonly #onConnect = (_message: IncomingMessage, socket: Duplex): void => {
    const detail = 'This server is no proxy.'
    refuse(socket as Socket, new Failure('method_not_allowed', { detail }), 0)
  }

  readonly #onUpgrade = (message: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const connection = this.#connections.of(socket as Socket)
    if (connection === undefined || connection.closing || connection.busy > 0) {
      socket.destroy()
      return
    }
    // Busy for as long as it is open: it is never idle, and the server waits for its end.
    connection.busy += 1
    this.#upgrades?.open(message, socket, head)
  }

  readonly #onClientError = (error: ParseError, socket: Duplex): void => {
    const connection = this.#connections.of(socket as Socket)
    const failure = failureOfParseError(error)
    if (failure === undefined || connection === undefined) {
      socket.destroy()
      return
    }
    // Node reports each further packet on a broken connection again.
    if (connection.closing) return
    connection.closing = true
    const broken = Iterator.from(this.#exchanges).find(
      (one) => !one.message.complete && one.message.socket === socket,
    )
    if (broken !== undefined) broken.fail(failure)
    else if (connection.busy === 0)
      refuse(connection.socket, failure, this.#limits.unreadBodyWaitMs)
  }

  // One timer for all deadlines: a timer per request costs more than the look at the oldest.
  readonly #sweep = (): void => {
    this.#sweepCount += 1
    const overdue = this.#sweepCount - Math.ceil(this.#limits.requestTimeoutMs / sweepMs) - 1
    for (const exchange of this.#exchanges) {
      if (exchange.startedSweep > overdue || exchange.answered) continue
      exchange.fail(new Failure('deadline_exceeded'))
    }
  }
}
