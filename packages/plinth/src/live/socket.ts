/** Owns followed reads over WebSocket: many on one connection, by ids that its client chose. */

import { Failure } from '../base/failure.ts'
import { parseJson } from '../base/json.ts'
import { limits } from '../base/limits.ts'
import type { Call, Credential } from '../engine/call.ts'
import type { Live } from '../engine/live/live.ts'
import { endMessage, type LiveListener, type LiveMessage } from '../engine/live/message.ts'
import { corsPolicy } from '../http/origin/cors.ts'
import { socketCaller } from '../http/origin/socket.ts'
import type { Line } from '../http/socket/line.ts'
import { closeCodes, type Link } from '../http/socket/link.ts'
import { Talk } from '../http/socket/talk.ts'
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
    return (link) => new Conversation({ live, link, asking, rota }).talk
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
class Conversation {
  readonly talk: Talk<ClientMessage, Thread>
  readonly #live: Live
  #asking: Asking

  constructor({ live, link, asking, rota }: ConversationParts) {
    this.#live = live
    this.#asking = asking
    this.talk = new Talk({
      ...{ link, rota, codes: closeCodes },
      read: (text) => readMessage(parseJson(text)),
      take: (message) => this.#take(message),
    })
  }

  #take(message: ClientMessage): void {
    switch (message.type) {
      case 'ping':
        this.talk.send('{"type":"pong"}')
        return
      case 'authenticate':
        this.#authenticate(message.token)
        return
      case 'unsubscribe':
        this.talk.close(message.id)
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
    const thread = this.talk.thread(id)
    this.talk.next(async () => {
      const failure = await thread?.act(act)
      if (!failure) return
      const { members } = endMessage(failure)
      this.talk.send(textOf(id, { type: 'refused', members }))
    })
  }

  #authenticate(token: string): void {
    this.#asking = { ...this.#asking, credential: { from: 'bearer', token } }
    const asking = this.#asking
    this.talk.next(async () => {
      try {
        const { credential, ...rest } = asking
        await this.#live.check({ ...rest, as: { credential }, operation: 'live' })
        this.talk.send('{"type":"authenticated"}')
      } catch (cause) {
        this.#refused(cause)
      }
    })
  }

  /** A token that is not good ends it all: what would follow was meant for somebody else. */
  #refused(cause: unknown): void {
    const { detail } = cause instanceof Failure ? cause : new Failure('internal', { cause })
    this.talk.end(closeCodes.signedOut, detail)
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
    const isTaken = this.talk.thread(id) !== undefined
    if (this.talk.size >= limits.liveSubscriptionsPerConnection || isTaken) {
      const taken = 'This id is taken: unsubscribe it first.'
      const full = `At most ${limits.liveSubscriptionsPerConnection} subscriptions on a connection.`
      const detail = isTaken ? taken : full
      this.talk.send(textOf(id, endMessage(new Failure('rate_limited', { detail }))))
      return
    }
    const thread = new Thread(id, this)
    this.talk.add(thread)
    this.talk.next(() => thread.begin(() => follow(thread)))
  }

  /** What one of its subscriptions was told last. */
  ended(thread: Thread, message: LiveMessage): void {
    this.talk.forget(thread)
    if (!message.members.startsWith('"code":"invalid_credentials"')) return
    this.talk.end(closeCodes.signedOut, 'The session has ended: sign in again.')
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
    const kept = this.#conversation.talk.send(textOf(this.id, message))
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
