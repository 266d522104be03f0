/** Owns the types of channels as those who come into their rooms have them. */

import type { Channel } from '../../define/logic/logic.ts'
import type { Given, Values } from '../../define/logic/shape.ts'
import type { AnyFailure } from '../call/failure.ts'

/** The name of a channel: `chat.room`. */
export type ChannelName<C> =
  C extends Channel<infer _P, infer _M, infer _S, infer T> ? `${T['kit']}.${T['name']}` : never

/** What tells its rooms apart. */
export type RoomParams<C> = C extends Channel<infer P> ? Given<P> : never

/** What may be said in a room, as it is given. */
export type MessageGiven<C> = C extends Channel<infer _P, infer M> ? Given<M> : never

/** What was said in a room. */
export type MessageHeard<C> = C extends Channel<infer _P, infer M> ? Values<M> : never

/** What somebody says of themselves, as it is given. */
export type PresenceGiven<C> = C extends Channel<infer _P, infer _M, infer S> ? Given<S> : never

/** Who said something: a connection, and its user; null for nobody in particular. */
export interface MessageSource {
  readonly member: string
  readonly who: string | null
}

/** Somebody in a room. One person may be there by several connections. */
export interface RoomMember<C> extends MessageSource {
  readonly state: C extends Channel<infer _P, infer _M, infer S> ? Values<S> : never
}

/** Who is in a room. */
export interface RoomFollower<C> {
  /** What one says of oneself on coming in. Default: the declaration's defaults. */
  readonly presence?: PresenceGiven<C>
  /** Something was said, by others or by oneself. */
  message?(data: MessageHeard<C>, from: MessageSource): void
  /** Who is there, anew with each change; nobody where one may not see it. */
  present?(members: readonly RoomMember<C>[]): void
  /** What was said or shown last is not taken: it is wrong, too much, or not ours to say. */
  refused?(failure: AnyFailure): void
  /** Some of what was said is lost: it was not read fast enough. */
  gap?(): void
  /** One is out, and stays out: the session has ended, or the rule lets one in no more. */
  failed?(failure: AnyFailure): void
  /** `open`: one is in; `away`: the connection is lost, and made again. */
  state?(state: 'open' | 'away'): void
}

/** A room that one is in. */
export interface Room<C> {
  /** Says something. What comes of it is heard by `message`, or by `refused`. */
  publish(data: MessageGiven<C>): void
  /** Says something else of oneself; said again after a disconnect. */
  show(state: PresenceGiven<C>): void
  leave(): void
}
