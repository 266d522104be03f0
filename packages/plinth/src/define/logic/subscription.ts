/** Owns the declaring of subscriptions: code that reads the log of events in its order, by name. */

import type { Models } from '../infer.ts'
import type { Event, Retry, SubscriptionStart } from './logic.ts'
import type { LogicScope } from './scope.ts'
import type { Shape } from './shape.ts'
import type { Attempt, RecordedEvent } from './specs.ts'

/** An event of the log. */
export interface SubscribedEvent<D extends Shape = Shape> extends RecordedEvent<D> {
  /** Its place in the log, from 1. Positions only grow; one is never given twice. */
  readonly position: number
}

/** The events of a list of declarations, as a union. */
export type SubscribedTo<E> = E extends Event<infer D> ? SubscribedEvent<D> : never

/** Events that retention has dropped before a subscription had them: some of these positions. */
export interface EventGap {
  /** What it had had. */
  readonly after: number
  readonly upTo: number
}

/** What a subscription is declared with. */
export interface SubscriptionSpec<S extends Models, E extends readonly Event[]> {
  /** Which events it reads. */
  readonly events: E
  /** Where it begins when it is seen for the first time. Default `oldest`. */
  readonly from?: SubscriptionStart
  /** How many events are handed over at once, at most: 1 to 1,000. Default 100. */
  readonly batch?: number
  /**
   * What happens where retention has dropped events that it has not had. `stop` (default): it
   * fails with `forgotten` until an operator rewinds it. `continue`: it goes on, and is told.
   */
  readonly onGap?: 'stop' | 'continue'
  /** How long it waits after a failure. It never gives up: what comes later must not go first. */
  readonly retry?: Pick<Retry, 'delayMs' | 'factor' | 'delayMsMax'>
  /** Default `serializable`. */
  readonly isolation?: 'serializable' | 'repeatable read' | 'read committed'
  readonly description?: string
  /** What it writes and the new position are one commit. It acts for nobody. */
  readonly run: (scope: SubscriptionScope<S, E>) => Promise<void>
}

/** What a subscription works with: the next events, and one transaction. */
export interface SubscriptionScope<S extends Models, E extends readonly Event[]>
  extends LogicScope<S> {
  /** In the order of the log; at least one, unless it is told of a gap. */
  readonly events: readonly SubscribedTo<E[number]>[]
  /** Null where nothing is missing between the last events and these. */
  readonly gap: EventGap | null
  readonly attempt: Attempt
  /**
   * Tells events apart, for code and for types.
   *
   * @example if (is(event, placed)) total += event.data.total
   */
  is<D extends Shape>(
    event: { readonly type: string },
    declared: Event<D>,
  ): event is SubscribedEvent<D>
}
