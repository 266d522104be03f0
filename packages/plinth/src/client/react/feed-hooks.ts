/** Owns the hooks of what is followed beside reads: events, and rooms of channels. */

import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import type { MessageSource, Room, RoomFollower } from '../typed/channels.ts'
import type { EventFollower } from '../typed/events.ts'
import type { Begin, Feed, Feeds } from './feeds.ts'

/** A client, as far as feeds need it. */
export interface FeedingClient {
  follow(event: string, follower: EventFollower<never>): () => void
  channel(channel: string, params: unknown, follower: RoomFollower<never>): Room<never>
}

/** What a provider hands to these hooks. */
export interface FeedsProvided {
  readonly client: FeedingClient
  readonly feeds: Feeds
}

interface Options {
  readonly most?: number
  readonly presence?: unknown
}

const mostDefault = 50

/** Makes the hooks of events and channels. */
export function feedHooks(useProvided: () => FeedsProvided) {
  function useFeed(key: readonly unknown[], begin: Begin, most = mostDefault) {
    const { feeds } = useProvided()
    const feed = feeds.feed(JSON.stringify(key))
    // What a component writes down anew each time is the same feed where its key is.
    const latest = useRef(begin)
    useEffect(() => {
      latest.current = begin
    })
    const subscribe = useCallback(
      (listener: () => void) => {
        const first: Begin = (one, told) => latest.current(one, told)
        return feeds.subscribe(feed, first, listener)
      },
      [feeds, feed],
    )
    const read = () => feed.fed
    const { heard, ...fed } = useSyncExternalStore(subscribe, read, read)
    return { feed, fed, heard: heard.slice(-most) }
  }

  function useChannel(channel: string, params: unknown, options: Options = {}) {
    const { client } = useProvided()
    const { most, presence } = options
    const begin: Begin = (feed, told) => entering({ client, channel, params, presence }, feed, told)
    const { feed, fed, heard } = useFeed(['room', channel, params], begin, most)
    const says = useMemo(() => saying(feed), [feed])
    return { ...fed, messages: heard, ...says }
  }

  return {
    useEvents(event: string, { most }: Options = {}) {
      const { client } = useProvided()
      const begin: Begin = (_, { heard, gap, failed, state }) =>
        client.follow(event, { next: heard, gap, failed, state })
      const { fed, heard } = useFeed(['event', event], begin, most)
      const { present: _, refused: __, ...rest } = fed
      return { ...rest, events: heard }
    },
    useChannel,
    usePresence(channel: string, params: unknown, options: Options = {}) {
      const { messages: _, publish: __, ...seen } = useChannel(channel, params, options)
      return seen
    },
  }
}

interface Entering {
  readonly client: FeedingClient
  readonly channel: string
  readonly params: unknown
  readonly presence: unknown
}

function entering(
  { client, channel, params, presence }: Entering,
  feed: Feed,
  told: Parameters<Begin>[1],
): () => void {
  const room = client.channel(channel, params, {
    presence: (feed.presence ?? presence) as never,
    message: (data: unknown, from: MessageSource) => told.heard({ data, from }),
    present: told.present,
    gap: told.gap,
    refused: told.refused,
    failed: told.failed,
    state: told.state,
  })
  feed.room = room
  return () => {
    feed.room = undefined
    room.leave()
  }
}

/** What a component says in a room. */
function saying(feed: Feed) {
  return {
    publish: (data: never) => feed.room?.publish(data),
    show(state: never) {
      feed.presence = state
      feed.room?.show(state)
    },
  }
}
