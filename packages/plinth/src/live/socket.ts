/** Owns followed reads over WebSocket: many on one connection, by ids that its client chose. */

import { Failure } from '../base/failure.ts'
import { parseJson } from '../base/json.ts'
import { limits } from '../base/limits.ts'
import type { Call, Credential } from '../engine/call.ts'
import type { Live } from '../engine/live/live.ts'
import { endMessage, type LiveListener, type LiveMessage } from '../engine/live/message.ts'
import { corsPolicy } from '../http/origin/cors.ts'
import { socketCaller } from '../http/origin/socket.ts'
import { Line } from '../http/socket/line.ts'
import { closeCodes, type Link, type LinkEvents } from '../http/socket/link.ts'
import type { LinkHandler } from '../http/socket/upgrades.ts'
import { Rota } from '../http/stream/rota.ts'
import { type ClientMessage, readMessage } from './client-message.ts'

/** What the door of WebSockets is made of. */
export interface SocketDoorOptions {
  readonly live: Live
  /** Origins of other sites whose pages may connect. Default none. */
  readonly origins?: readonly string[]
}

/** Makes the door of WebSockets. */
export function createSockets({ live, origins = [] }: SocketDoorOptions): LinkHandler {
  const policy = corsPolicy(origins)
  const rota = new Rota<Line>((line) => line.beat())
  return (request) => {
    const { credential } = socketCaller(request, policy)
    const { remoteAddress, trace } = request
    const agent = request.header('user-agent')
    const asking = { credential, remoteAddress, traceId: trace.traceId, agent }
    return (link) => new Conversation({ live, link, asking, rota })
  }
}

interface Asking {
  readonly credential: Credential['credential']
  readonly remoteAddress: string
  readonly traceId: string
  readonly agent: string | undefined
}

interface ConversationParts {
  readonly live: Live
  readonly link: Link
  readonly asking: Asking
  readonly rota: Rota<Line>
}

/** One connection and all that is followed on it. */
class Conversation implements LinkEvents {
  readonly #live: Live
  readonly #line: Line
  readonly #threads = new Map<string, Thread>()
  #asking: Asking
  /** One after the other: a storm of wishes is one statement at a time. */
  #work: Promise<void> = Promise.resolve()

  constructor({ live, link, asking, rota }: ConversationParts) {
    this.#live = live
    this.#asking = asking
    this.#line = new Line({ link, rota, codes: closeCodes, ended: () => this.#ended() })
  }

  text(text: string): void {
    if (!this.#line.takes()) return
    let message: ClientMessage
    try {
      message = readMessage(parseJson(text))
    } catch (cause) {
      const detail = cause instanceof Failure ? cause.detail : 'This is no message.'
      this.#line.end(closeCodes.malformed, detail)
      return
    }
    this.#take(message)
  }

  pinged(): void {
    this.#line.takes()
  }

  #take(message: ClientMessage): void {
    switch (message.type) {
      case 'ping':
        this.send('{"type":"pong"}')
        return
      case 'authenticate':
        this.#authenticate(message.token)
        return
      case 'unsubscribe':
        this.#threads.get(message.id)?.close()
        this.#threads.delete(message.id)
        return
      case 'publish':
        this.#act(message.id, (room) => room.publish?.(message.data))
        return
      case 'presence':
        this.#act(message.id, (room) => room.update?.(message.state))
        return
      case 'join':
        this.#join(message)
        return
      case 'subscribe':
        this.#subscribe(message)
    }
  }

  #join({ id, channel, params, state }: Join): void {
    const { credential, ...asking } = this.#asking
    const call: Call = { ...asking, as: { credential }, operation: channel }
    this.#begin(id, (thread) => {
      return this.#live.channels.join(call, { params, state, listener: thread })
    })
  }

  /** Does something in a room; what is wrong with it ends nothing. */
  #act(id: string, act: (room: Followed) => Promise<void> | undefined): void {
    const thread = this.#threads.get(id)
    this.#next(async () => {
      const failure = await thread?.act(act)
      if (!failure) return
      const { members } = endMessage(failure)
      this.send(textOf(id, { type: 'refused', members }))
    })
  }

  #authenticate(token: string): void {
    this.#asking = { ...this.#asking, credential: { from: 'bearer', token } }
    const asking = this.#asking
    this.#next(async () => {
      try {
        const { credential, ...rest } = asking
        await this.#live.check({ ...rest, as: { credential }, operation: 'live' })
        this.send('{"type":"authenticated"}')
      } catch (cause) {
        this.#refused(cause)
      }
    })
  }

  /** A token that is not good ends it all: what would follow was meant for somebody else. */
  #refused(cause: unknown): void {
    const { detail } = cause instanceof Failure ? cause : new Failure('internal', { cause })
    this.#line.end(closeCodes.signedOut, detail)
  }

  #subscribe({ id, read, isEvent, query, record, key, after }: Subscribe): void {
    const { credential, ...asking } = this.#asking
    const call: Call = {
      ...{ ...asking, as: { credential }, operation: read },
      ...(query === undefined ? {} : { query }),
      ...(record === undefined ? {} : { id: record }),
      ...(key === undefined ? {} : { key }),
    }
    this.#begin(id, (thread) =>
      isEvent
        ? this.#live.events.follow(call, { listener: thread, after })
        : this.#live.follow(call, { listener: thread, after }),
    )
  }

  #begin(id: string, follow: (thread: Thread) => Promise<Followed>): void {
    if (this.#threads.size >= limits.liveSubscriptionsPerConnection || this.#threads.has(id)) {
      const taken = 'This id is taken: unsubscribe it first.'
      const full = `At most ${limits.liveSubscriptionsPerConnection} subscriptions on a connection.`
      const detail = this.#threads.has(id) ? taken : full
      this.send(textOf(id, endMessage(new Failure('rate_limited', { detail }))))
      return
    }
    const thread = new Thread(id, this)
    this.#threads.set(id, thread)
    this.#next(() => thread.begin(() => follow(thread)))
  }

  #next(work: () => Promise<void>): void {
    this.#work = this.#work.then(() => (this.#line.isOver ? undefined : work()))
  }

  /** Sends a text; false: the client is behind. */
  send(text: string): boolean {
    return this.#line.send(text)
  }

  /** What one of its subscriptions was told last. */
  ended(thread: Thread, message: LiveMessage): void {
    if (this.#threads.get(thread.id) === thread) this.#threads.delete(thread.id)
    if (!message.members.startsWith('"code":"invalid_credentials"')) return
    this.#line.end(closeCodes.signedOut, 'The session has ended: sign in again.')
  }

  drained(): void {
    this.#line.drained()
    for (const thread of this.#threads.values()) thread.ready()
  }

  stop(): void {
    this.#line.stop()
  }

  closed(): void {
    this.#line.closed()
  }

  #ended(): void {
    for (const thread of this.#threads.values()) thread.close()
    this.#threads.clear()
  }
}

type Subscribe = ClientMessage & { readonly type: 'subscribe' }

type Join = ClientMessage & { readonly type: 'join' }

/** What is followed, or where somebody is. */
interface Followed {
  publish?(data: unknown): Promise<void>
  update?(state: unknown): Promise<void>
  ready(): void
  close(): void
}

type Follow = () => Promise<Followed>

/** One followed read, or event, of a connection. */
class Thread implements LiveListener {
  readonly id: string
  readonly #conversation: Conversation
  #followed: Followed | undefined
  #closed = false

  constructor(id: string, conversation: Conversation) {
    this.id = id
    this.#conversation = conversation
  }

  async begin(follow: Follow): Promise<void> {
    if (this.#closed) return
    try {
      const followed = await follow()
      this.#followed = followed
      if (this.#closed) followed.close()
    } catch (cause) {
      this.take(endMessage(cause instanceof Failure ? cause : new Failure('internal', { cause })))
    }
  }

  /** Does something with what was begun; resolves with why not. */
  async act(act: (room: Followed) => Promise<void> | undefined): Promise<Failure | undefined> {
    try {
      if (this.#followed) await act(this.#followed)
      return undefined
    } catch (cause) {
      return cause instanceof Failure ? cause : new Failure('internal', { cause })
    }
  }

  take(message: LiveMessage): boolean {
    if (this.#closed) return true
    const kept = this.#conversation.send(textOf(this.id, message))
    if (message.type === 'end') {
      this.#closed = true
      this.#conversation.ended(this, message)
    }
    return kept
  }

  ready(): void {
    this.#followed?.ready()
  }

  close(): void {
    this.#closed = true
    this.#followed?.close()
  }
}

function textOf(id: string, { type, cursor, members }: LiveMessage): string {
  const head = `{"type":"${type}","id":${JSON.stringify(id)}`
  if (type === 'end' || type === 'refused') return `${head},"problem":{${members}}}`
  const place = cursor === undefined ? '' : `,"cursor":"${cursor}"`
  return `${head}${place}${members === '' ? '' : `,${members}`}}`
}
