/** Owns the wiring of live queries: what is followed, and the doors that lead there. */

import { Live } from '../../engine/live/live.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { createStreams, type FollowRead } from '../../live/sse.ts'

/** Live queries of an app with their doors. */
export interface LiveParts {
  readonly live: Live
  /** The part of the REST door that follows reads over SSE. */
  readonly follow: FollowRead
}

/** Opens live queries; nothing of them costs anything until somebody follows a read. */
export function liveOf(
  runtime: Runtime,
  { liveSubscriptionsPerCaller }: { readonly liveSubscriptionsPerCaller?: number },
): LiveParts {
  const live = new Live(runtime, liveSubscriptionsPerCaller)
  return { live, follow: createStreams(live) }
}
