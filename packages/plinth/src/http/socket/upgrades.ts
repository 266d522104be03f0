/** Owns the WebSockets of a server: who may open one, their count in its connections, their end. */

import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Failure } from '../../base/failure.ts'
import type { HttpRequest } from '../message.ts'
import { failureOf } from '../problem.ts'
import type { ExchangeContext } from '../server/exchange.ts'
import { refuse } from '../server/refusal.ts'
import { ServerRequest } from '../server/request.ts'
import { type Link, type LinkEvents, openLink } from './link.ts'

/** Says what is done with a WebSocket that a request opens. Throws the Failure that refuses it. */
export type LinkHandler = (request: HttpRequest) => (link: Link) => LinkEvents

/** The one address that speaks WebSocket; elsewhere the wish is passed over, as HTTP says. */
export const socketPath = '/api/live'

/** True for a request that asks to speak WebSocket where that is spoken. */
export function asksForSocket(message: IncomingMessage): boolean {
  const path = message.url?.split('?', 1)[0]
  return path === socketPath && message.headers.upgrade?.toLowerCase() === 'websocket'
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
      const response = new ServerResponse(message)
      const request = new ServerRequest(message, response, this.#context)
      if (this.#context.draining()) throw new Failure('overloaded', { retryAfterSeconds: 1 })
      const opened = this.#handler(request)
      openLink({ message, socket, head }, (link) => this.#follow(opened(link)))
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
