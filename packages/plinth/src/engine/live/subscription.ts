/** Owns one subscription: a listener on a followed read, told in order, not more than it reads. */

import { type GapReason, gapMessage, type LiveListener, type LiveMessage } from './message.ts'
import type { Follower, LiveQuery } from './query.ts'

/** What a subscription is told of its owner's doing. */
export interface SubscriptionParts {
  readonly listener: LiveListener
  /** Called once, when it has ended for whatever reason. */
  readonly ended: (subscription: Subscription) => void
}

/** A subscription. */
export class Subscription implements Follower {
  readonly #listener: LiveListener
  readonly #ended: (subscription: Subscription) => void
  #query: LiveQuery | undefined
  #behind = false
  /** True where something was left out while it was behind. */
  #missed = false
  #closed = false

  constructor({ listener, ended }: SubscriptionParts) {
    this.#listener = listener
    this.#ended = ended
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Begins to follow a read that was answered; `after`: the cursor that was seen last. */
  follow(query: LiveQuery, after: string | undefined): void {
    if (this.#closed) return
    this.#query = query
    query.join(this)
    if (after === undefined) this.#send(query.result())
    else this.#resume(query, after)
  }

  #resume(query: LiveQuery, after: string): void {
    const missed = query.since(after)
    if (missed === undefined) this.#whole('window')
    else if (missed.length > 0) for (const message of missed) this.deliver(message)
    else this.#send({ type: 'resumed', cursor: query.result().cursor ?? '', members: '' })
  }

  /** Follows another read in place of the one before: the caller may see other things now. */
  change(query: LiveQuery): void {
    if (this.#closed) return
    this.#query?.leave(this)
    this.#query = query
    query.join(this)
    this.#whole('rights')
  }

  deliver(message: LiveMessage): void {
    if (this.#behind) this.#missed = true
    else this.#send(message)
  }

  /** The listener has read what waited for it: it is told how things stand. */
  ready(): void {
    if (!this.#behind || this.#closed) return
    this.#behind = false
    if (this.#missed) this.#whole('slow')
  }

  #whole(reason: GapReason): void {
    if (this.#query === undefined) return
    this.#missed = false
    this.deliver(gapMessage(reason))
    this.deliver(this.#query.result())
  }

  #send(message: LiveMessage): void {
    // A message that was taken is never taken back, also where nothing fits behind it.
    if (!this.#listener.take(message)) this.#behind = true
  }

  end(message: LiveMessage): void {
    if (this.#closed) return
    this.close()
    this.#listener.take(message)
  }

  /** Ends it; nothing more is told. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#query?.leave(this)
    this.#query = undefined
    this.#ended(this)
  }
}
