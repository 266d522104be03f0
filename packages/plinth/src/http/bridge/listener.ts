/** Owns the bridge to libraries that speak node:http: a checked request in, a plain answer out. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { HttpResponse } from '../message.ts'

// As in the server: an import would make more than is asked for.
const { IncomingMessage: Message, ServerResponse: Response } = process.getBuiltinModule('node:http')

/** A library's handler of requests. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => unknown

/** A request as the library is to see it. Nothing of what the client sent gets there by itself. */
export interface BridgedRequest {
  readonly method: string
  /** Path and query, as sent. */
  readonly target: string
  /** Where the library believes to be, such as `https://shop.example`: never what `Host` says. */
  readonly origin: string
  /** By lower-case name. `host`, and what tells where a body ends, are set by the bridge. */
  readonly headers: Readonly<Record<string, string>>
  /** Read in full before, under the limits of the server. */
  readonly body: Uint8Array
  readonly remoteAddress: string
}

const own = new Set(['host', 'content-length', 'transfer-encoding', 'connection', 'expect'])

/**
 * Asks a library's listener without a socket. What the server limits stays limited: the body has
 * been read, and the answer is sent by the server. The library cannot stream.
 */
export function askListener(listener: NodeListener, asked: BridgedRequest): Promise<HttpResponse> {
  const message = messageOf(asked)
  return new Promise((resolve, reject) => {
    const response = new Response(message)
    const chunks: Buffer[] = []
    const keep = (chunk: unknown): void => {
      if (typeof chunk === 'string') chunks.push(Buffer.from(chunk))
      else if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk))
    }
    // Set on the one answer: it has no socket, and what would be written to one is kept here.
    Object.defineProperties(response, {
      write: {
        value(chunk: unknown) {
          keep(chunk)
          return true
        },
      },
      end: {
        value(chunk: unknown) {
          keep(chunk)
          resolve(answerOf(response, Buffer.concat(chunks)))
          return response
        },
      },
    })
    try {
      Promise.resolve(listener(message, response)).catch(reject)
    } catch (error) {
      reject(error)
    }
  })
}

function messageOf(asked: BridgedRequest): IncomingMessage {
  const { protocol, host } = new URL(asked.origin)
  const socket = new Socket()
  Object.defineProperties(socket, {
    encrypted: { value: protocol === 'https:' },
    remoteAddress: { value: asked.remoteAddress },
  })
  const message = new Message(socket)
  message.method = asked.method
  message.url = asked.target
  message.httpVersion = '1.1'
  const given = Object.entries(asked.headers).filter(([name]) => !own.has(name))
  Object.assign(message.headers, Object.fromEntries(given), { host })
  if (asked.body.length > 0) message.headers['content-length'] = String(asked.body.length)
  message.push(asked.body.length > 0 ? Buffer.from(asked.body) : null)
  if (asked.body.length > 0) message.push(null)
  message.complete = true
  return message
}

function answerOf(response: ServerResponse, body: Buffer): HttpResponse {
  const headers: Record<string, string | readonly string[]> = {}
  for (const [name, value] of Object.entries(response.getHeaders())) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value : String(value)
  }
  return { status: response.statusCode, headers, body: body.length === 0 ? null : body }
}
