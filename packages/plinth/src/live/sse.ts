/** Owns followed reads over SSE: events with their cursors, signs of life, slow readers. */

import { Failure } from '../base/failure.ts'
import { limits } from '../base/limits.ts'
import { monotonicMs } from '../base/time.ts'
import type { Call } from '../engine/call.ts'
import type { Live } from '../engine/live/live.ts'
import type { LiveListener, LiveMessage } from '../engine/live/message.ts'
import type { Subscription } from '../engine/live/subscription.ts'
import type { HttpHeaders, HttpResponse, StreamSink } from '../http/message.ts'
import { Rota } from './rota.ts'

/** How a read is answered as a stream. */
export interface StreamRequest {
  /** `Last-Event-ID`: the cursor that was seen last. */
  readonly after: string | undefined
  /** The headers that every answer of the API has. */
  readonly headers: HttpHeaders
}

/** Answers reads as streams of events. Fails, before any event, as the read would. */
export type FollowRead = (call: Call, request: StreamRequest) => Promise<HttpResponse>

const cursorForm = /^[\w.-]{1,200}$/

/** Makes the part of the REST door that follows reads. */
export function createStreams(live: Live): FollowRead {
  const rota = new Rota<EventStream>((stream) => stream.beat())
  return async (call, { after, headers }) => {
    if (after !== undefined && after !== '' && !cursorForm.test(after)) {
      throw new Failure('malformed_header', {
        detail: 'Last-Event-ID must be the id of an event that came before; or leave it out.',
      })
    }
    const stream = new EventStream(rota)
    const seen = after === '' ? undefined : after
    stream.subscription = await live.follow(call, { listener: stream, after: seen })
    return {
      status: 200,
      headers: {
        ...headers,
        'content-type': 'text/event-stream',
        // Proxies that gather answers would hold events back.
        'x-accel-buffering': 'no',
      },
      body: null,
      stream: (sink) => stream.open(sink),
    }
  }
}

const beat = Buffer.from(':\n\n')
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

/** One stream of events. */
class EventStream implements LiveListener {
  subscription: Subscription | undefined
  readonly #rota: Rota<EventStream>
  /** What was told before the head had left. */
  #early: LiveMessage[] | undefined = []
  #sink: StreamSink | undefined
  #behindSinceMs: number | undefined
  #ended = false

  constructor(rota: Rota<EventStream>) {
    this.#rota = rota
  }

  /** Begins to write. */
  open(sink: StreamSink): void {
    this.#sink = sink
    const early = this.#early ?? []
    this.#early = undefined
    for (const message of early) this.take(message)
    this.#rota.add(this)
    sink.onDrain(this.#drained)
    sink.onStop(this.#stop)
    sink.onClose(this.#close)
    if (this.#ended) sink.end()
  }

  take(message: LiveMessage): boolean {
    if (this.#early) this.#early.push(message)
    else this.#sink?.write(eventOf(message))
    if (message.type === 'end') {
      this.#ended = true
      this.#sink?.end()
    }
    if ((this.#sink?.queuedBytes ?? 0) <= limits.liveQueueBytesMax) return true
    this.#behindSinceMs ??= monotonicMs()
    return false
  }

  /** A sign of life, so that neither side nor a proxy takes the silence for an end. */
  beat(): void {
    if (this.#behindSinceMs === undefined) this.#sink?.write(beat)
    else if (monotonicMs() - this.#behindSinceMs > limits.liveStalledMs) this.#sink?.destroy()
  }

  readonly #drained = (): void => {
    this.#behindSinceMs = undefined
    this.subscription?.ready()
  }

  /** The client connects again by itself, with the cursor that it has seen. */
  readonly #stop = (): void => {
    this.#sink?.end()
  }

  readonly #close = (): void => {
    this.#rota.remove(this)
    this.subscription?.close()
  }
}
