/** Owns GraphQL over WebSocket by `graphql-transport-ws`: many operations, each by its id. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { Clock } from '../../base/time.ts'
import type { Call, Credential } from '../../engine/call.ts'
import type { CorsPolicy } from '../../http/origin/cors.ts'
import { socketCaller } from '../../http/origin/socket.ts'
import { failureOf } from '../../http/problem.ts'
import type { Line } from '../../http/socket/line.ts'
import { closeCodes as common, type Link } from '../../http/socket/link.ts'
import { Talk } from '../../http/socket/talk.ts'
import type { LinkHandler } from '../../http/socket/upgrades.ts'
import { Rota } from '../../http/stream/rota.ts'
import type { Asking } from '../request/read-request.ts'
import type { Executor } from '../run/execute.ts'
import type { Following, ResultSink } from '../run/follow.ts'
import { answerText, type GraphqlRequest } from '../run/request.ts'
import { type ClientMessage, readMessage } from './client-message.ts'

/** What the door of WebSockets is made of. */
export interface ResultSocketOptions {
  readonly executor: () => Promise<Executor>
  /** Fails where the credential of a call is not good. Counts as a call. */
  readonly check: (call: Call) => Promise<void>
  readonly clock: Clock
  readonly policy: CorsPolicy
}

/** The codes of the protocol; the rest are those of RFC 6455. */
const closeCodes = Object.freeze({
  goingAway: common.goingAway,
  // The protocol's 4408 means that nobody has said connection_init.
  stalled: 1008,
  malformed: 4400,
  notReady: 4401,
  forbidden: 4403,
  wrongProtocol: 4406,
  notBegun: 4408,
  taken: 4409,
  tooMany: 4429,
})

/** Makes the door of WebSockets at `/api/graphql`. */
export function createResultSockets(options: ResultSocketOptions): LinkHandler {
  const rota = new Rota<Line>((line) => line.beat())
  return (request) => {
    const { credential } = socketCaller(request, options.policy)
    const { remoteAddress, trace } = request
    const agent = request.header('user-agent')
    const asking = { as: { credential }, remoteAddress, traceId: trace.traceId, agent }
    return (link) => new Conversation({ options, link, asking, rota }).talk
  }
}

interface ConversationParts {
  readonly options: ResultSocketOptions
  readonly link: Link
  readonly asking: GraphqlRequest['call'] & { readonly as: Credential }
  readonly rota: Rota<Line>
}

/** One connection and all operations on it. */
class Conversation {
  readonly talk: Talk<ClientMessage, Thread>
  readonly #options: ResultSocketOptions
  readonly #timer: NodeJS.Timeout
  #asking: ConversationParts['asking']
  #state: 'new' | 'asked' | 'ready' = 'new'

  constructor({ options, link, asking, rota }: ConversationParts) {
    this.#options = options
    this.#asking = asking
    this.talk = new Talk({
      ...{ link, rota, codes: closeCodes, read: readMessage },
      take: (message) => this.#take(message),
      ended: () => clearTimeout(this.#timer),
    })
    this.#timer = setTimeout(() => {
      this.talk.end(closeCodes.notBegun, 'Connection initialisation timeout')
    }, limits.liveInitWaitMs).unref()
    if (link.protocol === '') {
      this.talk.end(closeCodes.wrongProtocol, 'Subprotocol not acceptable: graphql-transport-ws')
    }
  }

  #take(message: ClientMessage): void {
    switch (message.type) {
      case 'connection_init':
        this.#begin(message.token)
        return
      case 'ping':
        this.talk.send('{"type":"pong"}')
        return
      case 'complete':
        this.talk.close(message.id)
        return
      case 'subscribe':
        this.#subscribe(message.id, message.asking)
    }
  }

  #begin(token: string | undefined): void {
    if (this.#state !== 'new') {
      this.talk.end(closeCodes.tooMany, 'Too many initialisation requests')
      return
    }
    this.#state = 'asked'
    clearTimeout(this.#timer)
    if (token !== undefined) {
      this.#asking = { ...this.#asking, as: { credential: { from: 'bearer', token } } }
    }
    this.talk.next(async () => {
      try {
        const { credential } = this.#asking.as
        if (credential) await this.#options.check({ ...this.#asking, operation: 'live' })
        this.#state = 'ready'
        this.talk.send('{"type":"connection_ack"}')
      } catch (thrown) {
        this.talk.end(closeCodes.forbidden, failureOf(thrown).detail)
      }
    })
  }

  #subscribe(id: string, asking: Asking): void {
    if (this.#state !== 'ready') {
      this.talk.end(closeCodes.notReady, 'Unauthorized: wait for connection_ack')
      return
    }
    if (this.talk.thread(id)) {
      this.talk.end(closeCodes.taken, `Subscriber for ${id} already exists`)
      return
    }
    const deadlineMs = this.#options.clock.now() + limits.requestTimeoutMs
    const request = { ...asking, demandOwnSite: noCookies, call: { ...this.#asking, deadlineMs } }
    const thread = new Thread(id, this, request)
    const full = this.talk.size >= limits.liveSubscriptionsPerConnection
    if (!full) this.talk.add(thread)
    this.talk.next(async () => {
      const executor = await this.#options.executor()
      if (full) thread.refuse(executor, new Failure('rate_limited', { detail: tooMany }))
      else await thread.begin(executor)
    })
  }

  /** One of its operations is done. */
  done(thread: Thread, failure?: Failure): void {
    this.talk.forget(thread)
    if (failure?.code !== 'invalid_credentials') return
    this.talk.end(closeCodes.forbidden, 'The session has ended: sign in again.')
  }
}

const tooMany = `At most ${limits.liveSubscriptionsPerConnection} operations on a connection.`

/** There is no response that a cookie could come with. */
function noCookies(): void {
  const detail = 'A WebSocket sets no cookie: sign in by an ordinary request.'
  throw new Failure('csrf_refused', { detail })
}

/** One operation of a connection. */
class Thread implements ResultSink {
  readonly id: string
  readonly #conversation: Conversation
  readonly #request: GraphqlRequest
  readonly #head: string
  #following: Following | undefined
  #closed = false

  constructor(id: string, conversation: Conversation, request: GraphqlRequest) {
    this.id = id
    this.#conversation = conversation
    this.#request = request
    this.#head = `{"id":${JSON.stringify(id)},"type":`
  }

  /** Resolves once the operation is under way: its answer may come later. */
  async begin(executor: Executor): Promise<void> {
    if (this.#closed) return
    try {
      const { following, answer } = await executor.stream(this.#request, { sink: this })
      this.#following = following
      if (this.#closed) following?.close()
      void answer?.then(
        (known) => this.#answered(known),
        (thrown) => this.refuse(executor, thrown),
      )
    } catch (thrown) {
      this.refuse(executor, thrown)
    }
  }

  #answered(answer: Awaited<ReturnType<Executor['execute']>>): void {
    if (answer.data === undefined) {
      this.fail(answer.errors)
      return
    }
    this.next(answerText(answer))
    this.#end(`${this.#head}"complete"}`)
  }

  /** Tells a failure of its own. */
  refuse(executor: Executor, thrown: unknown): void {
    this.fail([executor.told(thrown, this.#request.call.traceId)])
  }

  next(text: string): boolean {
    if (this.#closed) return true
    return this.#conversation.talk.send(`${this.#head}"next","payload":${text}}`)
  }

  fail(errors: Parameters<ResultSink['fail']>[0], failure?: Failure): void {
    this.#end(`${this.#head}"error","payload":${JSON.stringify(errors)}}`, failure)
  }

  #end(text: string, failure?: Failure): void {
    if (this.#closed) return
    this.#closed = true
    this.#conversation.talk.send(text)
    this.#conversation.done(this, failure)
  }

  ready(): void {
    this.#following?.ready()
  }

  close(): void {
    this.#closed = true
    this.#following?.close()
  }
}
