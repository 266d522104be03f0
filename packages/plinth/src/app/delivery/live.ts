/** Owns the wiring of live queries: what is followed, and the doors that lead there. */

import { Live } from '../../engine/live/live.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { LinkHandler } from '../../http/socket/upgrades.ts'
import { createSockets } from '../../live/socket.ts'
import { createStreams, type Streams } from '../../live/sse.ts'

/** What live queries are set up with. */
export interface LiveSetup {
  readonly liveSubscriptionsPerCaller?: number
  /** Origins of other sites whose pages may connect. */
  readonly origins: readonly string[]
}

/** Live queries of an app with their doors. */
export interface LiveParts {
  readonly live: Live
  /** The part of the REST door that follows reads and events over SSE. */
  readonly streams: Streams
  /** The door of WebSockets. */
  readonly sockets: LinkHandler
}

/** Opens live queries; nothing of them costs anything until somebody follows a read. */
export function liveOf(runtime: Runtime, setup: LiveSetup): LiveParts {
  const live = new Live(runtime, setup.liveSubscriptionsPerCaller)
  const { origins } = setup
  return { live, streams: createStreams(live), sockets: createSockets({ live, origins }) }
}
