/** Owns followed reads and events over SSE: messages as events with their cursors. */

import { Failure } from '../base/failure.ts'
import type { Call } from '../engine/call.ts'
import type { Live } from '../engine/live/live.ts'
import type { LiveListener, LiveMessage } from '../engine/live/message.ts'
import type { HttpHeaders, HttpResponse } from '../http/message.ts'
import { EventStream, streamResponse } from '../http/stream/event-stream.ts'
import { Rota } from '../http/stream/rota.ts'

/** How a read is answered as a stream. */
export interface StreamRequest {
  /** `Last-Event-ID`: the cursor that was seen last. */
  readonly after: string | undefined
  /** The headers that every answer of the API has. */
  readonly headers: HttpHeaders
}

/** Answers reads as streams of events. Fails, before any event, as the read would. */
export type FollowRead = (call: Call, request: StreamRequest) => Promise<HttpResponse>

/** What is followed on behalf of a stream. */
interface Followed {
  ready(): void
  close(): void
}

/** Follows something by a listener, from a cursor on. */
type Follow = (listener: LiveListener, after: string | undefined) => Promise<Followed>

const cursorForm = /^[\w.-]{1,200}$/

/** What the REST door answers as streams. */
export interface Streams {
  readonly read: FollowRead
  /** The same for an event: the call's operation is its name. */
  readonly event: FollowRead
}

/** Makes the part of the REST door that follows reads and events. */
export function createStreams(live: Live): Streams {
  const rota = new Rota<EventStream>((stream) => stream.beat())
  return {
    read: (call, request) =>
      streamed(rota, request, (listener, after) => live.follow(call, { listener, after })),
    event: (call, request) =>
      streamed(rota, request, (listener, after) => live.events.follow(call, { listener, after })),
  }
}

async function streamed(
  rota: Rota<EventStream>,
  { after, headers }: StreamRequest,
  follow: Follow,
): Promise<HttpResponse> {
  if (after !== undefined && after !== '' && !cursorForm.test(after)) {
    throw new Failure('malformed_header', {
      detail: 'Last-Event-ID must be the id of an event that came before; or leave it out.',
    })
  }
  let followed: Followed | undefined
  const stream = new EventStream(rota, {
    ready: () => followed?.ready(),
    closed: () => followed?.close(),
  })
  const take = (message: LiveMessage): boolean => {
    const kept = stream.write(eventOf(message))
    if (message.type === 'end') stream.end()
    return kept
  }
  followed = await follow({ take }, after === '' ? undefined : after)
  return streamResponse(stream, headers)
}

const texts = new WeakMap<LiveMessage, Buffer>()

/** The bytes of an event, made once for all who are told. */
function eventOf(message: LiveMessage): Buffer {
  const known = texts.get(message)
  if (known) return known
  const { type, cursor, members } = message
  const id = cursor === undefined ? '' : `id: ${cursor}\n`
  const made = Buffer.from(`event: ${type}\n${id}data: {${members}}\n\n`)
  texts.set(message, made)
  return made
}
