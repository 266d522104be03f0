/** Owns the reading of a head: single headers single, sizes bounded, framing unambiguous. */

import type { IncomingMessage } from 'node:http'
import { Failure } from '../../base/failure.ts'
import type { Limits } from '../../base/limits.ts'
import { type Trace, traceFrom } from '../trace.ts'
import { readHost } from './origin.ts'

/** What the head says about the message. */
export interface Head {
  readonly host: string
  /** 0 without a body, Infinity where only its end will tell. */
  readonly bodyBytes: number
}

// Headers that are lists by their definition: several lines mean one list. All others are single.
const listHeaders = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'access-control-request-headers',
  'cache-control',
  'connection',
  'forwarded',
  'if-match',
  'if-none-match',
  'prefer',
  'te',
  'tracestate',
  'upgrade',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
])

/** The trace of a request, also of one too broken to be read further. */
export function traceOf(message: IncomingMessage): Trace {
  const first = message.rawHeaders.findIndex((name) => name.toLowerCase() === 'traceparent')
  return traceFrom(first === -1 ? undefined : message.rawHeaders[first + 1])
}

/** A header by its lower-case name. Never builds an object from names that a client chose. */
export function findHeader(rawHeaders: readonly string[], name: string): string | undefined {
  let found: string | undefined
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const sent = rawHeaders[index] ?? ''
    if (sent.length !== name.length || (sent !== name && sent.toLowerCase() !== name)) continue
    const value = rawHeaders[index + 1] ?? ''
    if (found === undefined) found = value
    else if (listHeaders.has(name)) found = `${found}, ${value}`
    else throw twice(name)
  }
  return found
}

/** All headers by lower-case name; those of several lines joined. */
export function allHeaders(rawHeaders: readonly string[]): Readonly<Record<string, string>> {
  const all: Record<string, string> = Object.create(null)
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    const value = rawHeaders[index + 1] ?? ''
    all[name] = name in all ? `${all[name]}, ${value}` : value
  }
  return all
}

/** Checks count, size and the headers that decide where a message ends and whom it is for. */
export function checkHead(message: IncomingMessage, caps: Limits): Head {
  const { rawHeaders } = message
  let byteCount = 0
  for (const text of rawHeaders) byteCount += text.length + 2
  if (rawHeaders.length > caps.headerCountMax * 2 || byteCount > caps.headerBytesMax) {
    throw new Failure('headers_too_large', {
      detail: `At most ${caps.headerCountMax} headers of ${caps.headerBytesMax} bytes in all.`,
    })
  }
  const encoding = findHeader(rawHeaders, 'transfer-encoding')
  if (encoding !== undefined && (encoding !== 'chunked' || message.httpVersionMinor === 0)) {
    throw new Failure('malformed_request', {
      detail: 'The only transfer encoding is `chunked`, and only in HTTP/1.1.',
    })
  }
  const length = findHeader(rawHeaders, 'content-length')
  if (encoding !== undefined && length !== undefined) {
    throw new Failure('malformed_request', {
      detail: 'A request has a content length or a transfer encoding, never both.',
    })
  }
  const bodyBytes = encoding === undefined ? Number(length ?? 0) : Number.POSITIVE_INFINITY
  const host = findHeader(rawHeaders, 'host')
  const hostless = host === undefined && message.httpVersionMinor === 0
  return { host: hostless ? 'localhost' : readHost(host ?? ''), bodyBytes }
}

function twice(name: string): Failure {
  return new Failure('malformed_header', {
    detail: `The header ${name} came more than once; send it once.`,
  })
}
