/** Owns the writing of a response: one flat header list, one write, and an end to slow readers. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { apiHeaders } from '../headers.ts'
import type { HttpHeaders, HttpResponse } from '../message.ts'

/** How a response is sent. */
export interface SendOptions {
  readonly scheme: 'http' | 'https'
  /** True to end the connection after this response. */
  readonly close: boolean
}

type FlatHeaders = (string | string[])[]

const defaults = {
  http: Object.entries(apiHeaders('http')),
  https: Object.entries(apiHeaders('https')),
}

// The server's own business: framing belongs to whoever counts the bytes.
const framing = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive'])

/**
 * Writes the head and hands back the body to end with. Throws, with nothing sent, where a header's
 * name or value could split the response.
 */
export function writeHead(
  response: ServerResponse,
  answer: HttpResponse,
  options: SendOptions,
): string | Uint8Array {
  const body = answer.body ?? ''
  const headers = flatten(answer.headers, options.scheme)
  // The length of a stream is not known: it goes out in chunks.
  if (answer.status !== 204 && answer.status !== 304 && answer.stream === undefined) {
    headers.push('content-length', String(byteLength(body)))
  }
  if (options.close) headers.push('connection', 'close')
  response.writeHead(answer.status, headers as string[])
  return body
}

function flatten(headers: HttpHeaders, scheme: 'http' | 'https'): FlatHeaders {
  const flat: FlatHeaders = []
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (value === undefined || framing.has(name)) continue
    if (typeof value === 'string') flat.push(name, value)
    else for (const line of value) flat.push(name, line)
  }
  for (const [name, value] of defaults[scheme]) {
    if (headers[name] === undefined) flat.push(name, value as string)
  }
  return flat
}

function byteLength(body: string | Uint8Array): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength
}

/** What is done about the part of a request's body that nobody read. */
export interface UnreadLimits {
  readonly unreadBodyBytesMax: number
  readonly unreadBodyWaitMs: number
}

/**
 * Sends a response while the client may still be sending: the answer leaves first, then some of the
 * rest is thrown away before the connection ends. Ending at once would reset the connection, and
 * the client could lose the answer that says why.
 */
export function sendEarly(
  { message, response }: { message: IncomingMessage; response: ServerResponse },
  body: string | Uint8Array,
  caps: UnreadLimits,
): void {
  let thrownAway = 0
  const finish = (): void => {
    clearTimeout(timer)
    message.off('data', count).off('end', finish).off('close', finish)
    response.end()
  }
  const count = (chunk: Buffer): void => {
    thrownAway += chunk.length
    if (thrownAway > caps.unreadBodyBytesMax) finish()
  }
  const timer = setTimeout(finish, caps.unreadBodyWaitMs)
  message.on('data', count).on('end', finish).on('close', finish)
  if (response.req.method === 'HEAD' || body.length === 0) response.flushHeaders()
  else response.write(body)
  message.resume()
}
