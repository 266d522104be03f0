/** Owns the contract between server and doors: a plain request in, a plain response out. */

import type { Trace } from './trace.ts'

/** A request as a door sees it: already validated, in one normal form, with a bounded body. */
export interface HttpRequest {
  /** `GET`, `POST`, `PUT`, `PATCH`, `DELETE`, `OPTIONS`, `QUERY`. `HEAD` arrives as `GET`. */
  readonly method: string
  /** The address before `?`, percent-encoded as sent. Starts with `/`; only `/` ends with it. */
  readonly path: string
  /** The path's parts, percent-decoded; none is empty, `.`, `..`, or holds `/`, `\` or controls. */
  readonly segments: readonly string[]
  /** What follows `?`, as sent, without the `?`. Empty where there is none. */
  readonly search: string
  /** `https` only where a trusted proxy said so or the socket is encrypted. */
  readonly scheme: 'http' | 'https'
  /** Host name with its port where it has one, lower case. */
  readonly host: string
  /** The client's IP address in canonical text, past the configured number of trusted proxies. */
  readonly remoteAddress: string
  /** The trace this request belongs to: the caller's `traceparent` or a new one. */
  readonly trace: Trace
  /** Aborts when the client goes away before the response. Created on first use. */
  readonly signal: AbortSignal
  /**
   * A header's value by its lower-case name; list headers that came in several lines are joined by
   * `, `. Throws Failure `malformed_header` where a header that must be single came twice.
   */
  header(name: string): string | undefined
  /** All headers by lower-case name, as sent; what came in several lines is joined by `, `. */
  headers(): Readonly<Record<string, string>>
  /**
   * The whole body; empty where there is none. Read once, later calls return the same bytes.
   * Failures: `body_too_large`, `request_timeout` (slower than the floor), `malformed_request`.
   */
  body(): Promise<Uint8Array>
}

/** Response headers by lower-case name; a list becomes several lines (`set-cookie`). */
export type HttpHeaders = Readonly<Record<string, string | readonly string[]>>

/**
 * What a door answers. The server adds `content-length`, `date`, `connection` and the security
 * headers of http/headers.ts that the response does not set itself.
 */
export interface HttpResponse {
  readonly status: number
  readonly headers: HttpHeaders
  readonly body: string | Uint8Array | null
  /**
   * Given where the body has no end yet: called once with what it is written to, after the head.
   * Called as well where the client has gone by then; its `onClose` tells so at once.
   */
  readonly stream?: (sink: StreamSink) => void
}

/** What the body of a response is written to, piece by piece. */
export interface StreamSink {
  /** Bytes that wait because the client has not read them. */
  readonly queuedBytes: number
  /** Writes a piece. It waits in memory where the client reads slowly: look at `queuedBytes`. */
  write(piece: Uint8Array): void
  /** Ends the response once all pieces have left. */
  end(): void
  /** Cuts the connection. */
  destroy(): void
  /** Called whenever nothing waits any more, after something has. */
  onDrain(drained: () => void): void
  /** Called once, when the client has gone or all was sent. */
  onClose(closed: () => void): void
  /** Called once, when the server stops: the stream is to end by itself, soon. */
  onStop(stopping: () => void): void
}

/** Answers a request. What it throws is answered too: a Failure as its problem, the rest as 500. */
export type Handler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>
