/** Owns one open WebSocket as a door speaks over it: counted, watched over, ended once. */

import { limits } from '../../base/limits.ts'
import { monotonicMs } from '../../base/time.ts'
import type { Rota } from '../stream/rota.ts'
import type { Link } from './link.ts'

/** By which codes a door ends what goes wrong. */
export interface LineCodes {
  readonly goingAway: number
  readonly stalled: number
  readonly tooMany: number
}

/** What a line works with. */
export interface LineParts {
  readonly link: Link
  readonly rota: Rota<Line>
  readonly codes: LineCodes
  /** Called once, when it has ended for whatever reason: nothing more is sent or taken. */
  readonly ended: () => void
}

// A frame that says good-bye holds 123 bytes beside its code.
const reasonCharactersMax = 100

/** One side of a WebSocket. */
export class Line {
  readonly #link: Link
  readonly #rota: Rota<Line>
  readonly #codes: LineCodes
  readonly #ended: () => void
  #frames = 0
  #secondEndsMs = 0
  #behindSinceMs: number | undefined
  #over = false

  constructor({ link, rota, codes, ended }: LineParts) {
    this.#link = link
    this.#rota = rota
    this.#codes = codes
    this.#ended = ended
    rota.add(this)
  }

  get isOver(): boolean {
    return this.#over
  }

  /** Counts a frame of the client. False: it has ended, now or before. */
  takes(): boolean {
    if (this.#over) return false
    const now = monotonicMs()
    if (now >= this.#secondEndsMs) {
      this.#secondEndsMs = now + 1_000
      this.#frames = 0
    }
    this.#frames += 1
    if (this.#frames <= limits.liveFramesPerSecond) return true
    this.end(this.#codes.tooMany, `At most ${limits.liveFramesPerSecond} frames a second.`)
    return false
  }

  /** Sends a text; false: the client is behind. */
  send(text: string): boolean {
    if (this.#over) return true
    this.#link.send(text)
    if (this.#link.queuedBytes <= limits.liveQueueBytesMax) return true
    this.#behindSinceMs ??= monotonicMs()
    return false
  }

  /** Nothing waits any more. */
  drained(): void {
    this.#behindSinceMs = undefined
  }

  /** A sign of life; whoever has read nothing for long is cut off. */
  beat(): void {
    if (this.#behindSinceMs === undefined) {
      if (!this.#over) this.#link.ping()
      return
    }
    if (monotonicMs() - this.#behindSinceMs <= limits.liveStalledMs) return
    this.end(this.#codes.stalled, 'The messages are not read.')
    // Good-bye waits behind what is not read.
    this.#link.destroy()
  }

  /** The server stops. */
  stop(): void {
    this.end(this.#codes.goingAway, 'The server stops: connect again.')
  }

  /** Ends it with a code and a reason. */
  end(code: number, reason: string): void {
    if (this.#over) return
    this.closed()
    this.#link.close(code, reason.slice(0, reasonCharactersMax))
  }

  /** It is closed, whoever has done it. */
  closed(): void {
    if (this.#over) return
    this.#over = true
    this.#rota.remove(this)
    this.#ended()
  }
}
