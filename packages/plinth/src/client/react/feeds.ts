/** Owns what components follow beside reads: events and rooms, each once for all who ask for it. */

import type { AnyFailure } from '../call/failure.ts'
import type { AuthClient } from '../typed/auth.ts'
import type { Room } from '../typed/channels.ts'

/** What is known of a feed by now. */
export interface Fed {
  /** What has come, the latest last. */
  readonly heard: readonly unknown[]
  /** Who is there, in a room. */
  readonly present: readonly unknown[]
  readonly failure: AnyFailure | undefined
  /** Why what was said last in a room was not taken. */
  readonly refused: AnyFailure | undefined
  /** True until it is connected for the first time. */
  readonly loading: boolean
  /** True: the connection is lost, and made again by itself. */
  readonly away: boolean
}

/** One feed. */
export interface Feed {
  readonly key: string
  fed: Fed
  readonly listeners: Set<() => void>
  stop: (() => void) | undefined
  /** Of a channel. */
  room: Room<never> | undefined
  /** What this component says of itself, where it has said something since. */
  presence: unknown
}

/** How a feed begins; returns how to stop. */
export type Begin = (feed: Feed, told: Told) => () => void

/** What a feed is told by. */
export interface Told {
  heard(one: unknown): void
  present(members: readonly unknown[]): void
  gap(): void
  refused(failure: AnyFailure): void
  failed(failure: AnyFailure): void
  state(state: 'open' | 'away'): void
}

const nothing: Fed = Object.freeze({
  ...{ heard: [], present: [], failure: undefined, refused: undefined },
  ...{ loading: true, away: false },
})

/** How long a feed goes on that nobody shows: React leaves and comes back in strict mode. */
const leavingMs = 1_000

/** How many of what came are kept. */
const keptMost = 200

/** The feeds of the components below one provider. */
export class Feeds {
  readonly #feeds = new Map<string, Feed>()
  readonly #begins = new Map<Feed, () => void>()

  /** Forgets what was heard where another session begins; what had failed is tried again. */
  start(auth: Pick<AuthClient, 'watch'>): () => void {
    return auth.watch(() => {
      for (const feed of this.#feeds.values()) {
        this.#show(feed, nothing)
        if (!feed.stop && feed.listeners.size > 0) this.#begins.get(feed)?.()
      }
    })
  }

  /** The feed of a key. Nothing is followed yet. */
  feed(key: string): Feed {
    const known = this.#feeds.get(key)
    if (known) return known
    const feed: Feed = {
      ...{ key, fed: nothing, listeners: new Set() },
      ...{ stop: undefined, room: undefined, presence: undefined },
    }
    this.#feeds.set(key, feed)
    return feed
  }

  /** Follows for as long as anybody listens. */
  subscribe(feed: Feed, begin: Begin, listener: () => void): () => void {
    this.#feeds.set(feed.key, feed)
    feed.listeners.add(listener)
    const restart = () => {
      feed.stop = begin(feed, this.#telling(feed))
    }
    if (!feed.stop) restart()
    this.#begins.set(feed, restart)
    return () => {
      feed.listeners.delete(listener)
      setTimeout(() => this.#forget(feed), leavingMs)
    }
  }

  #forget(feed: Feed): void {
    if (feed.listeners.size > 0) return
    feed.stop?.()
    feed.stop = undefined
    this.#begins.delete(feed)
    if (this.#feeds.get(feed.key) === feed) this.#feeds.delete(feed.key)
  }

  #telling(feed: Feed): Told {
    return {
      heard: (one) => {
        this.#show(feed, { heard: [...feed.fed.heard, one].slice(-keptMost), refused: undefined })
      },
      present: (present) => this.#show(feed, { present }),
      gap: () => this.#show(feed, { heard: [] }),
      refused: (refused) => this.#show(feed, { refused }),
      failed: (failure) => {
        feed.stop = undefined
        this.#show(feed, { failure, loading: false })
      },
      state: (state) => this.#show(feed, { away: state === 'away', loading: false }),
    }
  }

  #show(feed: Feed, change: Partial<Fed>): void {
    feed.fed = { ...feed.fed, ...change }
    for (const listener of feed.listeners) listener()
  }
}
