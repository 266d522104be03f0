/** Owns the types of the hooks: what a component gives, and what it gets. */

import type { ReactElement, ReactNode } from 'react'
import type { AnyFailure, CallFailure } from '../call/failure.ts'
import type { Calling, Result } from '../call/result.ts'
import type { Me } from '../typed/auth.ts'
import type {
  ChannelName,
  MessageGiven,
  MessageHeard,
  MessageSource,
  PresenceGiven,
  RoomMember,
  RoomParams,
} from '../typed/channels.ts'
import type { EventName, HeardEvent } from '../typed/events.ts'
import type { LiveValue } from '../typed/live.ts'

/** What a component knows of what it reads. */
export interface Seeing<T, C extends string = never> {
  /** The latest value; undefined before the first, and where it failed. */
  readonly value: T | undefined
  readonly failure: CallFailure<C> | undefined
  /** True until the first answer is there. */
  readonly loading: boolean
}

/** The same of a read that is followed. */
export interface Following<T, C extends string = never> extends Seeing<T, C> {
  /** True: the connection is lost, and what is shown may be old. It is made again by itself. */
  readonly away: boolean
}

/** The same, and how to ask again. */
export interface Query<T, C extends string = never> extends Seeing<T, C> {
  readonly refetch: () => Promise<Result<T, C>>
}

/** A read: `find`, `get` or `count` of a model, an action that is safe, `auth.me`. */
export type ReadOf<K, T, C extends string> = (client: K) => Calling<T, C>

/** Shows what a read will answer, before it does. */
export type Show<K> = <T, C extends string>(read: ReadOf<K, T, C>, change: (value: T) => T) => void

/** How an action is used. */
export interface ActionUse<K, G extends readonly unknown[]> {
  /**
   * Shows what will have changed, until the answer is there: taken back where it fails.
   *
   * @example
   * optimistic: (show, { product }) =>
   *   show(({ data }) => data.product.get(product), (one) => ({ ...one, stock: one.stock - 1 }))
   */
  readonly optimistic?: (show: Show<K>, ...given: G) => void
}

/** An action, as a component uses it. */
export interface ActionState<G extends readonly unknown[], T, C extends string> {
  /** Calls it. All that is shown is read again where it was done. */
  readonly run: (...given: G) => Promise<Result<T, C>>
  /** True while an answer is awaited. */
  readonly pending: boolean
  /** What the latest call answered. */
  readonly value: T | undefined
  readonly failure: CallFailure<C> | undefined
}

/** What a provider is given. */
export interface ProviderProperties<K> {
  readonly client: K
  readonly children?: ReactNode
}

/** What a component knows of something that comes by itself. */
export interface Feeding {
  /** Nothing more comes, until somebody else signs in. */
  readonly failure: AnyFailure | undefined
  /** True until it is connected for the first time. */
  readonly loading: boolean
  /** True: the connection is lost, and made again by itself. */
  readonly away: boolean
}

/** The events that came while a component was shown. */
export interface EventsUse<E> extends Feeding {
  /** The latest last. */
  readonly events: readonly HeardEvent<E>[]
}

/** Who is in a room. */
export interface PresenceUse<C> extends Feeding {
  readonly present: readonly RoomMember<C>[]
  /** Why what was said or shown last was not taken; undefined once something was heard again. */
  readonly refused: AnyFailure | undefined
  /** Says something else of oneself. */
  readonly show: (state: PresenceGiven<C>) => void
}

/** A room, as a component uses it. */
export interface ChannelUse<C> extends PresenceUse<C> {
  /** What was said while one was there, the latest last. */
  readonly messages: readonly { readonly data: MessageHeard<C>; readonly from: MessageSource }[]
  readonly publish: (data: MessageGiven<C>) => void
}

/** How a room is used. */
export interface ChannelOptions<C> {
  /** What one says of oneself on coming in. */
  readonly presence?: PresenceGiven<C>
  /** How many messages are shown, the latest. Default 50, at most 200. */
  readonly most?: number
}

/** The hooks of one app's client. */
export interface Hooks<K> {
  /** Hands the client to the components below. */
  readonly ClientProvider: (given: ProviderProperties<K>) => ReactElement
  /** The client itself. */
  useClient(): K
  /**
   * Reads while the component is shown. Components that read the same share one call.
   *
   * @example
   * const { value, failure } = useQuery(({ data }) => data.product.find({ limit: 20 }))
   */
  useQuery<T, C extends string>(read: ReadOf<K, T, C>): Query<T, C>
  /**
   * Follows a `find` or a `get` while the component is shown: it is drawn anew with each change.
   *
   * @example
   * const { value } = useLive(({ data }) => data.product.find({ fields: ['name', 'stock'] }))
   */
  useLive<T, C extends string>(read: ReadOf<K, T, C>): Following<LiveValue<T>, C>
  /**
   * As `useQuery`, under `<Suspense>`: the value is there. A failure is thrown as a `CallError`,
   * for an error boundary.
   */
  useSuspenseQuery<T, C extends string>(read: ReadOf<K, T, C>): T
  /** Who is signed in. Told anew whenever a session began or ended, in another tab too. */
  useMe(): Query<Me>
  /** Reads again all that is shown, and forgets what failed: for a button of an error boundary. */
  useRefresh(): () => Promise<void>
  /**
   * An action or a write.
   *
   * @example
   * const buy = useAction(({ actions }) => actions.orders.buy)
   * <button disabled={buy.pending} onClick={() => buy.run({ product })}>Buy</button>
   */
  useAction<G extends readonly unknown[], T, C extends string>(
    pick: (client: K) => (...given: G) => Calling<T, C>,
    how?: ActionUse<K, G>,
  ): ActionState<G, T, C>
  /**
   * Follows an event while the component is shown.
   *
   * @example
   * const { events } = useEvents<typeof placed>('shop.placed')
   */
  useEvents<E>(event: EventName<E>, options?: { readonly most?: number }): EventsUse<E>
  /**
   * Is in a room while the component is shown. Components in the same room are there once.
   *
   * @example
   * const { present, messages, publish } = useChannel<typeof room>('chat.room', { team: 'red' })
   */
  useChannel<C>(
    channel: ChannelName<C>,
    params: RoomParams<C>,
    options?: ChannelOptions<C>,
  ): ChannelUse<C>
  /** The same for who is there alone. It shares the room with `useChannel`. */
  usePresence<C>(
    channel: ChannelName<C>,
    params: RoomParams<C>,
    options?: ChannelOptions<C>,
  ): PresenceUse<C>
}
