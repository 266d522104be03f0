/** Owns the client of an app: the whole of it, from an address and the type of a declaration. */

import type { Models } from '../define/infer.ts'
import { actionsAt, type ErasedAction, named } from './actions/actions.ts'
import { operationOf } from './actions/operation.ts'
import { authClient } from './auth/auth.ts'
import { memoryStorage, type SessionMode, sessionsIn } from './auth/sessions.ts'
import type { AnyFailure } from './call/failure.ts'
import type { ChangeOptions, Fetch } from './call/request.ts'
import type { Calling } from './call/result.ts'
import { opener, type Send, type Sending, sender } from './call/send.ts'
import { type Plurals, pluralOf } from './data/addresses.ts'
import { runBatch } from './data/batch.ts'
import { modelClient } from './data/models.ts'
import { enterRoom } from './live/channel.ts'
import { follow } from './live/follow.ts'
import type { SocketLike } from './live/line.ts'
import { listener } from './live/listen.ts'
import { sharedSocket } from './live/socket.ts'
import type { Operation } from './typed/actions.ts'
import type { AuthClient } from './typed/auth.ts'
import type { Step, StepAnswers, Steps } from './typed/batch.ts'
import type { ChannelName, Room, RoomFollower, RoomParams } from './typed/channels.ts'
import type { ActionsClient, ActionsOf, DataClient, ModelsOf } from './typed/client.ts'
import type { EventFollower, EventName, HeardGap } from './typed/events.ts'

/** What a client is made with. */
export interface ClientOptions {
  /** Where the app is: `https://shop.example`. In a page of the app itself: `''`. */
  readonly url: string
  /**
   * Where the session is kept. Default: a token in memory. In a page of the app's own origin
   * `'cookie'` is safer: no script can read it.
   */
  readonly session?: SessionMode
  /** Sent with every call. */
  readonly headers?: Readonly<Record<string, string>>
  /** Of all tries of a call together. Default 30,000. */
  readonly timeoutMs?: number
  /** How often a call is sent, at most. 1: never again. Default 5. */
  readonly triesMax?: number
  /**
   * Asked where a call takes a fresh proof of who the user is: show them a form, call
   * `auth.stepUp` or `auth.stepUpByPasskey`, and answer true. The call is then made again. Calls
   * that meet meanwhile share one question.
   */
  readonly onStepUp?: (asked: {
    readonly failure: AnyFailure
    readonly auth: AuthClient
  }) => Promise<boolean>
  /** Plurals that English does not form, as the models declare them: `{ person: 'people' }`. */
  readonly plurals?: Plurals
  /** In place of the platform's own. */
  readonly fetch?: Fetch
  /**
   * How what is followed comes. `socket`: all of it over one WebSocket, which the platform has to
   * have; over streams where a proxy lets none through. `stream`: each over a connection of its
   * own. Default `socket`; with `fetch` or `headers` of your own `stream`, as they tell a socket
   * nothing. Channels always need a socket.
   */
  readonly live?: 'socket' | 'stream'
}

/** A client. `S` are the models of the app, `A` the actions that it names. */
export interface Client<S extends Models, A> {
  /** Models: reads and writes. */
  readonly data: DataClient<S, A>
  /** Actions, by kit and name. Those `on` a model stand at `data.<model>.actions`. */
  readonly actions: ActionsClient<A>
  readonly auth: AuthClient
  /**
   * Follows an event, by the type of its declaration; nothing of the server is imported. After a
   * disconnect nothing is missed, for as long as the events are kept. Returns how to stop.
   *
   * @example
   * import type { placed } from '../server/shop.ts'
   * const stop = client.follow<typeof placed>('shop.placed', { next: ({ data }) => show(data) })
   */
  follow<E>(
    event: EventName<E>,
    follower: EventFollower<E>,
    options?: { readonly after?: string },
  ): () => void
  /**
   * Comes into a room of a channel, by the type of its declaration: who is there, and what they
   * say. After a disconnect one comes in again by oneself. Needs a platform with WebSocket.
   *
   * @example
   * import type { room } from '../server/chat.ts'
   * const red = client.channel<typeof room>('chat.room', { team: 'red' }, {
   *   message: ({ text }, { who }) => show(who, text),
   *   present: (members) => list(members),
   * })
   * red.publish({ text: 'hello' })
   */
  channel<C>(channel: ChannelName<C>, params: RoomParams<C>, follower: RoomFollower<C>): Room<C>
  /**
   * Several writes in one transaction, all or none. A later step refers to the record of an
   * earlier one by its `id`.
   *
   * @example
   * const [order] = await client.batch(({ order, line }) => {
   *   const made = order.create({ number: 'N-77' })
   *   return [made, line.create({ orderId: made.id, position: 1 })]
   * }).orThrow()
   */
  batch<const T extends readonly Step<unknown>[]>(
    build: (steps: Steps<S>) => T,
    options?: ChangeOptions,
  ): Calling<StepAnswers<T>>
  /** A call or workflow that is answered later, by its id: after a reload, say. */
  operation(id: string): Operation<unknown, string>
}

/**
 * Makes the client of an app. Nothing of the app is loaded: its type alone says what there is.
 *
 * @example
 * import type app from '../server/app.ts'
 * const client = createClient<typeof app>({ url: 'https://shop.example' })
 * const result = await client.data.product.find({ filter: { stock: { gt: 0 } } })
 * if (result.ok) show(result.value.data)
 */
export function createClient<T>(options: ClientOptions): Client<ModelsOf<T>, ActionsOf<T>> {
  const sessions = sessionsIn(options.session ?? memoryStorage())
  // Looked up with each call: tests and tools put another one in its place.
  const fetch: Fetch = options.fetch ?? ((url, request) => globalThis.fetch(url, request))
  let asking: Promise<boolean> | undefined
  const sending: Sending = {
    url: options.url.replace(/\/+$/, ''),
    ...{ fetch, sessions, headers: options.headers ?? {} },
    ...{ timeoutMs: options.timeoutMs ?? 30_000, triesMax: options.triesMax ?? 5 },
    async stepUp(failure) {
      asking ??= (options.onStepUp ?? refuse)({ failure, auth }).finally(() => {
        asking = undefined
      })
      return asking
    },
  }
  const send: Send = sender(sending)
  const { watch, token } = sessions
  const socket = sharedSocket({ connect: connecting(options), token, watch })
  const own = options.fetch || options.headers ? 'stream' : 'socket'
  const streams = (options.live ?? own) === 'stream'
  const listen = listener({ open: opener(sending), socket, streams })
  const live = { listen, watch, stepUp: sending.stepUp }
  const auth = authClient(send, sessions)
  const at = (name: string) => `/api/${options.plurals?.[name] ?? pluralOf(name)}`
  const client: ErasedClient = {
    auth,
    data: named((name) => ({
      ...modelClient(send, { name, address: at(name) }, live),
      actions: actionsAt(send, at(name)),
    })),
    actions: named((kit) => actionsAt(send, `/api/${kit}`)),
    follow: (event, { next, gap, ...rest }, { after } = {}) => {
      const told = (name: string, message: unknown, cursor: string): void => {
        if (name === 'event') next((message as { readonly event: never }).event, cursor)
        else if (name === 'gap') gap?.(message as HeardGap)
      }
      const asked = { method: 'GET', path: `/api/events/${event}`, repeat: 'safe' } as const
      const wish = () => ({ type: 'subscribe', event })
      return follow(live, { asked, wish, after }, { ...rest, told, next() {} })
    },
    channel: (channel, params, follower) => enterRoom(live, { channel, params, follower }),
    batch: (build, more) => runBatch(send, build, more),
    operation: (id) => operationOf(send, id),
  }
  return Object.freeze(client) as unknown as Client<ModelsOf<T>, ActionsOf<T>>
}

interface Platform {
  readonly WebSocket?: new (url: string) => SocketLike
  readonly location?: { readonly href: string }
}

/** How a socket to the app is opened; undefined: not at all. */
function connecting({ url }: ClientOptions): (() => SocketLike) | undefined {
  const { WebSocket, location } = globalThis as Platform
  if (!WebSocket) return undefined
  return () => {
    const address = new URL(`${url.replace(/\/+$/, '')}/api/live`, location?.href)
    return new WebSocket(address.href.replace(/^http/, 'ws'))
  }
}

interface ErasedClient {
  readonly auth: AuthClient
  follow(
    event: string,
    follower: EventFollower<never>,
    options?: { readonly after?: string },
  ): () => void
  channel(channel: string, params: unknown, follower: RoomFollower<never>): Room<never>
  readonly data: Readonly<Record<string, object>>
  readonly actions: Readonly<Record<string, Readonly<Record<string, ErasedAction>>>>
  batch(
    build: (steps: never) => readonly unknown[],
    options?: ChangeOptions,
  ): Calling<readonly unknown[]>
  operation(id: string): Operation<unknown, string>
}

async function refuse(): Promise<boolean> {
  return false
}
