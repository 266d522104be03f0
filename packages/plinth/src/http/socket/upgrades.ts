/** Owns the WebSockets of a server: who may open one, their count in its connections, their end. */

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Failure } from '../../base/failure.ts'
import type { Handler, HttpRequest } from '../message.ts'
import { failureOf } from '../problem.ts'
import type { ExchangeContext } from '../server/exchange.ts'
import { refuse } from '../server/refusal.ts'
import { ServerRequest } from '../server/request.ts'
import { type Link, type LinkEvents, openLink } from './link.ts'

// As in the server: an import would make more than is asked for.
const { ServerResponse: Response } = process.getBuiltinModule('node:http')

/** Says what is done with a WebSocket that a request opens. Throws the Failure that refuses it. */
export type LinkHandler = (request: HttpRequest) => (link: Link) => LinkEvents

/**
 * The addresses that speak WebSocket, with the name of what is spoken where the client has to offer
 * one; elsewhere the wish is passed over, as HTTP says.
 */
export const socketPaths: ReadonlyMap<string, string | undefined> = new Map([
  ['/api/live', undefined],
  ['/api/graphql', 'graphql-transport-ws'],
])

/** True for a request that asks to speak WebSocket where that is spoken. */
export function asksForSocket(message: IncomingMessage): boolean {
  return socketPaths.has(pathOf(message)) && message.headers.upgrade?.toLowerCase() === 'websocket'
}

/**
 * Answers a plain request where nothing but WebSocket is spoken, as a proxy makes of it that drops
 * the wish: 426 with what to ask for (RFC 9110, 15.5.22). All others go to the handler.
 */
export function plainRequests(handler: Handler): Handler {
  return (request) => {
    if (request.path !== '/api/live') return handler(request)
    const detail =
      'Open this address as a WebSocket, or ask for one read at its own as text/event-stream.'
    throw new Failure('upgrade_required', { detail, headers: { upgrade: 'websocket' } })
  }
}

function pathOf({ url }: IncomingMessage): string {
  return url?.split('?', 1)[0] ?? ''
}

/** The open WebSockets of one server. */
export class Upgrades {
  readonly #handler: LinkHandler
  readonly #context: ExchangeContext
  readonly #open = new Set<LinkEvents>()

  constructor(handler: LinkHandler, context: ExchangeContext) {
    this.#handler = handler
    this.#context = context
  }

  /** Opens a WebSocket, or answers why not. */
  open(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    try {
      // Nothing is answered through it: a WebSocket has no response.
      const response = new Response(message)
      const request = new ServerRequest(message, response, this.#context)
      if (this.#context.draining()) throw new Failure('overloaded', { retryAfterSeconds: 1 })
      const opened = this.#handler(request)
      const protocol = socketPaths.get(request.path)
      openLink({ message, socket, head, protocol }, (link) => this.#follow(opened(link)))
    } catch (thrown) {
      const failure = failureOf(thrown)
      if (failure.code === 'internal') {
        const { cause } = failure
        this.#context.log({ level: 'error', message: 'A WebSocket was not opened.', cause })
      }
      refuse(socket as Socket, failure, this.#context.limits.unreadBodyWaitMs)
    }
  }

  #follow(events: LinkEvents): LinkEvents {
    this.#open.add(events)
    return {
      text: (text) => events.text(text),
      pinged: () => events.pinged(),
      drained: () => events.drained(),
      stop: () => events.stop(),
      closed: () => {
        this.#open.delete(events)
        events.closed()
      },
    }
  }

  /** Tells all of them that the server stops. */
  stop(): void {
    for (const events of this.#open) events.stop()
  }
}
