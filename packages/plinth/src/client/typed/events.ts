/** Owns the types of events that a client follows. */

import type { Event } from '../../define/logic/logic.ts'
import type { Values } from '../../define/logic/shape.ts'
import type { AnyFailure } from '../call/failure.ts'

/** An event as its followers have it. */
export interface HeardEvent<E> {
  readonly id: string
  /** `<kit>.<event>`. */
  readonly type: string
  readonly source: string
  readonly subject: string | null
  /** RFC 3339. */
  readonly time: string
  readonly data: E extends Event<infer D> ? Values<D> : never
}

/** Why some of what happened is not told, and where it stood. */
export interface HeardGap {
  /** `retention`: dropped by its age. `window`: the cursor is none of this log. */
  readonly reason: 'retention' | 'window'
  readonly after?: number
  readonly upTo?: number
}

/** Who follows an event. */
export interface EventFollower<E> {
  /** It has happened. `cursor`: give it as `after` to go on from here. */
  next(event: HeardEvent<E>, cursor: string): void
  /** Some of what happened cannot be told. */
  gap?(gap: HeardGap): void
  /** Nothing more comes. */
  failed?(failure: AnyFailure): void
  /** `open`: all that was missed has been told; `away`: the connection is made again. */
  state?(state: 'open' | 'away'): void
}

/** The name of an event: `shop.placed`. */
export type EventName<E> = E extends Event<infer _D, infer T> ? `${T['kit']}.${T['name']}` : never
