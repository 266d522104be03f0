/** Owns open WebSockets as doors see them: texts in and out, how much waits, and their end. */

import type { IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'
import { limits } from '../../base/limits.ts'

/** One side of a WebSocket. */
export interface Link {
  /** Bytes that wait because the client has not read them. */
  readonly queuedBytes: number
  /** What both sides have agreed to speak; empty where nothing was named. */
  readonly protocol: string
  /** Sends a text frame. It waits in memory where the client reads slowly. */
  send(text: string): void
  /** Asks for a sign of life, so that nobody takes the silence for an end. */
  ping(): void
  /** Says good-bye with a code of RFC 6455 and a short reason; the client may answer. */
  close(code: number, reason: string): void
  /** Cuts the connection. */
  destroy(): void
}

/** What a door does with an open WebSocket. Nothing of it may throw. */
export interface LinkEvents {
  text(text: string): void
  /** The client asked for a sign of life and has got it. */
  pinged(): void
  /** Nothing waits any more, after something has. */
  drained(): void
  /** The server stops: the link is to be closed. */
  stop(): void
  /** It is closed, whoever has done it. Called once. */
  closed(): void
}

// The part of `ws` that is used: the package comes without types.
interface Socket {
  readonly bufferedAmount: number
  readonly protocol: string
  send(text: string): void
  ping(): void
  close(code: number, reason: string): void
  terminate(): void
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): void
  on(event: 'close' | 'ping', listener: () => void): void
  on(event: 'error', listener: (cause: Error) => void): void
}

interface Acceptor {
  handleUpgrade(
    message: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    opened: (socket: Socket) => void,
  ): void
}

interface Library {
  readonly WebSocketServer: new (options: object) => Acceptor
}

/** A connection that asks to speak WebSocket. */
export interface Upgrade {
  readonly message: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

const acceptors = new Map<string | undefined, Acceptor>()

/** Read when the first WebSocket comes: an app without one does not load it. */
function acceptorOf(protocol: string | undefined): Acceptor {
  const { WebSocketServer } = createRequire(import.meta.url)('ws') as Library
  return new WebSocketServer({
    noServer: true,
    // Without this the library takes the first that the client offers.
    ...(protocol === undefined
      ? {}
      : { handleProtocols: (offered: Set<string>) => offered.has(protocol) && protocol }),
    clientTracking: false,
    // A message that grows a thousandfold as it is unpacked is somebody's attack.
    perMessageDeflate: false,
    maxPayload: limits.liveFrameBytesMax,
  })
}

/**
 * Answers the handshake; a wrong one is refused with 400 by the library itself. `protocol`: what is
 * spoken, where the client has to offer it by name; `Link.protocol` says whether it did.
 */
export function openLink(
  { message, socket, head, protocol }: Upgrade & { readonly protocol?: string | undefined },
  opened: (link: Link) => LinkEvents,
): void {
  const acceptor = acceptors.get(protocol) ?? acceptorOf(protocol)
  acceptors.set(protocol, acceptor)
  acceptor.handleUpgrade(message, socket, head, (webSocket) => {
    const events = opened(new OpenLink(webSocket))
    webSocket.on('message', (data, isBinary) => {
      if (isBinary) webSocket.close(closeCodes.notText, 'Send text frames.')
      else events.text(data.toString('utf8'))
    })
    webSocket.on('ping', () => events.pinged())
    // A frame that is not well formed: the library has said so, and ends the connection.
    webSocket.on('error', () => undefined)
    webSocket.on('close', () => events.closed())
    socket.on('drain', () => events.drained())
  })
}

/** Codes of RFC 6455, and our own from 4400 on: those of HTTP with 4000 added. */
export const closeCodes = Object.freeze({
  goingAway: 1001,
  notText: 1003,
  malformed: 4400,
  signedOut: 4401,
  stalled: 4408,
  tooMany: 4429,
})

class OpenLink implements Link {
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.#socket = socket
  }

  get queuedBytes(): number {
    return this.#socket.bufferedAmount
  }

  get protocol(): string {
    return this.#socket.protocol
  }

  send(text: string): void {
    this.#socket.send(text)
  }

  ping(): void {
    this.#socket.ping()
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  destroy(): void {
    this.#socket.terminate()
  }
}
