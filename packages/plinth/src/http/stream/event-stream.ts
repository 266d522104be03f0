/** Owns one open stream of events over HTTP: its pieces, signs of life, slow readers. */

import { limits } from '../../base/limits.ts'
import { monotonicMs } from '../../base/time.ts'
import type { HttpHeaders, HttpResponse, StreamSink } from '../message.ts'
import type { Rota } from './rota.ts'

/** What a stream tells of its reader. */
export interface StreamOwner {
  /** Nothing waits any more, after something has. */
  ready(): void
  /** Nobody reads any more. Called once. */
  closed(): void
}

const beat = Buffer.from(':\n\n')

/** One stream. What is written before the head has left waits for it. */
export class EventStream {
  readonly #rota: Rota<EventStream>
  readonly #owner: StreamOwner
  #early: Uint8Array[] | undefined = []
  #sink: StreamSink | undefined
  #behindSinceMs: number | undefined
  #ended = false

  constructor(rota: Rota<EventStream>, owner: StreamOwner) {
    this.#rota = rota
    this.#owner = owner
  }

  /** Begins to write. */
  open(sink: StreamSink): void {
    this.#sink = sink
    const early = this.#early ?? []
    this.#early = undefined
    for (const piece of early) this.write(piece)
    this.#rota.add(this)
    sink.onDrain(() => {
      this.#behindSinceMs = undefined
      this.#owner.ready()
    })
    // The client connects again by itself, with the cursor that it has seen.
    sink.onStop(() => sink.end())
    sink.onClose(() => {
      this.#rota.remove(this)
      this.#owner.closed()
    })
    if (this.#ended) sink.end()
  }

  /** Writes a piece. False: the client is behind. */
  write(piece: Uint8Array): boolean {
    if (this.#early) this.#early.push(piece)
    else this.#sink?.write(piece)
    if ((this.#sink?.queuedBytes ?? 0) <= limits.liveQueueBytesMax) return true
    this.#behindSinceMs ??= monotonicMs()
    return false
  }

  /** Ends it once all pieces have left. */
  end(): void {
    this.#ended = true
    this.#sink?.end()
  }

  /** A sign of life, so that neither side nor a proxy takes the silence for an end. */
  beat(): void {
    if (this.#behindSinceMs === undefined) this.#sink?.write(beat)
    else if (monotonicMs() - this.#behindSinceMs > limits.liveStalledMs) this.#sink?.destroy()
  }
}

/** The response that a stream is the body of. */
export function streamResponse(stream: EventStream, headers: HttpHeaders): HttpResponse {
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
