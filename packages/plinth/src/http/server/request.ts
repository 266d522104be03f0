/** Owns the server's side of HttpRequest: one parsed, checked view of a node:http message. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { Failure } from '../../base/failure.ts'
import type { Limits } from '../../base/limits.ts'
import type { HttpRequest } from '../message.ts'
import type { Trace } from '../trace.ts'
import { readBody } from './body.ts'
import { allHeaders, checkHead, findHeader, traceOf } from './head.ts'
import { clientAddress, readHost, schemeOf, trustedEntry } from './origin.ts'
import { readTarget, type Target } from './target.ts'

/** How the server reads requests. */
export interface RequestOptions {
  readonly limits: Limits
  readonly trustedProxies: number
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'])

/** The view of one request that doors get. */
export class ServerRequest implements HttpRequest {
  readonly method: string
  readonly path: string
  readonly segments: readonly string[]
  readonly search: string
  readonly scheme: 'http' | 'https'
  readonly host: string
  /** What the head announces: 0 without a body, Infinity where only its end will tell. */
  readonly bodyBytes: number
  readonly #message: IncomingMessage
  readonly #response: ServerResponse
  readonly #options: RequestOptions
  #body: Promise<Uint8Array> | undefined
  #trace: Trace | undefined
  #abort: AbortController | undefined

  /** Checks everything but the body. Throws the Failure that answers a bad request. */
  constructor(message: IncomingMessage, response: ServerResponse, options: RequestOptions) {
    this.#message = message
    this.#response = response
    this.#options = options
    const { host: sentHost, bodyBytes } = checkHead(message, options.limits)
    this.bodyBytes = bodyBytes
    if (!methods.has(message.method ?? '')) throw unknownMethod()
    const target = checkedTarget(message, sentHost, options)
    this.method = message.method === 'HEAD' ? 'GET' : (message.method ?? 'GET')
    this.path = target.path
    this.segments = target.segments
    this.search = target.search
    const forwarded = options.trustedProxies > 0
    this.scheme = schemeOf(message, forwarded ? this.#forwarded('x-forwarded-proto') : undefined)
    const outerHost = forwarded ? this.#forwarded('x-forwarded-host') : undefined
    this.host = outerHost === undefined ? sentHost : readHost(outerHost)
  }

  get remoteAddress(): string {
    const { trustedProxies } = this.#options
    const list = trustedProxies > 0 ? this.header('x-forwarded-for') : undefined
    return clientAddress(this.#message, list, trustedProxies)
  }

  get trace(): Trace {
    this.#trace ??= traceOf(this.#message)
    return this.#trace
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController()
      this.#abort = abort
      this.#response.once('close', () => {
        if (!this.#response.writableFinished) abort.abort()
      })
    }
    return this.#abort.signal
  }

  header(name: string): string | undefined {
    return findHeader(this.#message.rawHeaders, name)
  }

  headers(): Readonly<Record<string, string>> {
    return allHeaders(this.#message.rawHeaders)
  }

  body(): Promise<Uint8Array> {
    if (this.#body === undefined) {
      const caps = this.#options.limits
      const waits = this.bodyBytes > 0 && findHeader(this.#message.rawHeaders, 'expect')
      if (waits && this.bodyBytes <= caps.bodyBytesMax) this.#response.writeContinue()
      this.#body = readBody(this.#message, this.bodyBytes, caps)
    }
    return this.#body
  }

  #forwarded(name: string): string | undefined {
    return trustedEntry(this.header(name), this.#options.trustedProxies)
  }
}

function checkedTarget(message: IncomingMessage, host: string, options: RequestOptions): Target {
  const target = message.url ?? ''
  if (target.length > options.limits.addressBytesMax) {
    throw new Failure('address_too_long', {
      detail: `The address may have at most ${options.limits.addressBytesMax} bytes.`,
    })
  }
  return readTarget(target, host)
}

function unknownMethod(): Failure {
  return new Failure('method_not_allowed', {
    detail: `The methods are ${[...methods].join(', ')}.`,
    headers: { allow: [...methods].join(', ') },
  })
}
