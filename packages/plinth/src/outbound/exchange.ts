/** Owns one exchange with an address that others have chosen: judged before a byte is written. */

import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import type { Socket } from 'node:net'
import { limits } from '../base/limits.ts'
import { monotonicMs } from '../base/time.ts'
import { judgeEnd, type OutboundPolicy, type Target, TargetRefused, targetOf } from './target.ts'

// As in the server: an import would make more than is asked for.
const http = process.getBuiltinModule('node:http')
const https = process.getBuiltinModule('node:https')

/** What is sent, to whom it may go, and until when. */
export interface Calling {
  readonly given: Sent
  readonly policy: OutboundPolicy
  readonly stop: AbortSignal
  /** By the monotonic clock. */
  readonly endMs: number
}

/** A request as it leaves. */
export interface Sent {
  readonly method: 'GET' | 'POST'
  readonly url: string
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/**
 * Sends a request to an address that somebody else has chosen, and returns the head of what it
 * answers. The name is resolved once and the connection goes to the judged addresses, one after
 * the other until one takes it; what the socket says about its other end is judged again before a
 * byte is written. Redirects are answers like any other, and nothing is decompressed.
 *
 * @throws TargetRefused, and whatever a connection fails with.
 */
export async function exchangeWith(calling: Calling): Promise<IncomingMessage> {
  const { given, policy, stop } = calling
  return firstThatTakes(calling, await until(targetOf(given.url, policy), stop))
}

const connectMsMin = 500

/**
 * Goes through the addresses in their order. The next one is tried only where no byte of the
 * message has left: so a message arrives at most once, wherever it arrives.
 */
async function firstThatTakes(calling: Calling, target: Target): Promise<IncomingMessage> {
  let failure: unknown
  for (const [index, address] of target.addresses.entries()) {
    const left = target.addresses.length - index
    const shareMs = Math.max(connectMsMin, (calling.endMs - monotonicMs()) / left)
    const connectMs = Math.min(limits.outboundConnectTimeoutMs, shareMs)
    const progress = { connected: false }
    try {
      return await exchange({ ...calling, target, address, connectMs, progress })
    } catch (error) {
      failure = error
      if (progress.connected || calling.stop.aborted || error instanceof TargetRefused) break
    }
  }
  throw failure
}

interface Exchange extends Calling {
  readonly target: Target
  readonly address: string
  readonly connectMs: number
  readonly progress: { connected: boolean }
}

function exchange(exchanging: Exchange): Promise<IncomingMessage> {
  const { given, stop, target, address } = exchanging
  const { url, port } = target
  const secure = url.protocol === 'https:'
  const options: RequestOptions = {
    method: given.method,
    host: address,
    port,
    path: `${url.pathname}${url.search}`,
    headers: {
      ...given.headers,
      host: url.host,
      'accept-encoding': 'identity',
      ...(given.method === 'GET' ? {} : { 'content-length': String(given.body.length) }),
      connection: 'close',
    },
    // A socket of its own: none is shared between addresses that different people chose.
    agent: false,
    maxHeaderSize: limits.headerBytesMax,
    signal: stop,
    insecureHTTPParser: false,
  }
  const name = url.hostname.startsWith('[') ? address : url.hostname
  const request = secure
    ? https.request({ ...options, servername: name === address ? '' : name })
    : http.request(options)
  return new Promise((resolve, reject) => {
    request.on('error', reject).on('response', resolve)
    request.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve(response)
    })
    request.on('socket', (socket: Socket) => watch(socket, { ...exchanging, request, secure }))
    request.end(given.body)
  })
}

interface Watched extends Exchange {
  readonly request: ClientRequest
  readonly secure: boolean
}

/** Judges where the socket really ended up, and gives up connecting early. */
function watch(socket: Socket, { request, policy, secure, connectMs, progress }: Watched): void {
  const slow = setTimeout(() => {
    request.destroy(Object.assign(new Error('slow'), { code: 'connecting took too long' }))
  }, connectMs)
  socket.once(secure ? 'secureConnect' : 'connect', () => {
    progress.connected = true
    clearTimeout(slow)
  })
  socket.once('close', () => clearTimeout(slow))
  socket.once('connect', () => {
    const refused = judgeEnd(socket.remoteAddress ?? '', policy)
    if (refused !== undefined) request.destroy(refused)
  })
}

function until<T>(work: Promise<T>, stop: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(stop.reason as Error)
    stop.addEventListener('abort', end, { once: true })
    work.then(resolve, reject).finally(() => stop.removeEventListener('abort', end))
  })
}

/** The code of what a connection failed with. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no reason given'
}
