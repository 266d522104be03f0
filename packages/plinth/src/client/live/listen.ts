/** Owns listening, once: over the client's socket, or over a stream of its own where none is. */

import { monotonicMs } from '../../base/time.ts'
import { type AnyFailure, failureIn, ownFailure } from '../call/failure.ts'
import type { Asked } from '../call/request.ts'
import type { Open } from '../call/send.ts'
import { readEvents } from './events.ts'
import type { Conversing } from './line.ts'
import type { SharedSocket } from './socket.ts'

/** What can be followed. */
export interface Followable {
  /** How it is said over a socket, but for the cursor. */
  readonly wish: () => object
  /** As a stream is asked for; absent: there is none of it. */
  readonly asked?: Asked
}

/** How somebody listens. */
export interface Listening extends Conversing {
  /** What was heard last. */
  readonly cursor: string | undefined
}

/** Listens until it ends. Resolves with why it ended. */
export type Listen = (what: Followable, listening: Listening) => Promise<AnyFailure>

/** The server gives a sign of life every 25 seconds: who is silent for longer is gone. */
const silenceMsMax = 60_000

/** The server takes 64 KB in a frame, and a character may be three bytes. */
const wishCharactersMax = 16_000

/** What listening is done by. */
export interface ListenParts {
  readonly open: Open
  readonly socket: SharedSocket
  /** Whether streams are preferred, for what there is a stream of. */
  readonly streams: boolean
}

/** Listens over the client's socket; where that cannot be had, over a stream of its own. */
export function listener({ open, socket, streams }: ListenParts): Listen {
  return async ({ asked, wish }, listening) => {
    const { cursor: after } = listening
    const fits = !streams && JSON.stringify(wish()).length <= wishCharactersMax
    if (asked && !fits) return stream({ open, opened: () => undefined }, asked, listening)
    const first = () => ({ ...wish(), ...(after === undefined ? {} : { after }) })
    const failure = await socket.converse(first, listening)
    if (failure || !asked) return failure ?? ownFailure('unreachable')
    return stream({ open, opened: () => socket.refused() }, asked, listening)
  }
}

interface StreamParts extends Pick<ListenParts, 'open'> {
  /** Told once the app has answered with a stream. */
  readonly opened: () => void
}

async function stream(
  { open, opened }: StreamParts,
  asked: Asked,
  { cursor, signal, hear }: Listening,
): Promise<AnyFailure> {
  const silent = new AbortController()
  let heardMs = monotonicMs()
  const timer = setInterval(() => {
    if (monotonicMs() - heardMs > silenceMsMax) silent.abort()
  }, silenceMsMax / 4)
  try {
    const headers = {
      accept: 'text/event-stream',
      ...(cursor === undefined ? {} : { 'last-event-id': cursor }),
    }
    const response = await open({ ...asked, headers }, AbortSignal.any([signal, silent.signal]))
    if (!response.ok || !response.body) return await refusal(response)
    opened()
    for await (const event of readEvents(response.body, () => (heardMs = monotonicMs()))) {
      const failure = hear({ ...event, told: JSON.parse(event.data) as object })
      if (failure) return failure
    }
  } catch {
    // The connection broke, or was broken here: it is made again, or nobody wants it any more.
  } finally {
    clearInterval(timer)
  }
  return ownFailure('unreachable')
}

async function refusal(response: Response): Promise<AnyFailure> {
  const body = await response.json().catch(() => undefined)
  const failure = failureIn(body, response.headers.get('retry-after'))
  return failure ?? ownFailure('unreadable_answer', response.status)
}
