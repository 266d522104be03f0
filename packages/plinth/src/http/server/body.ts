/** Owns the reading of a request's body: bounded in size, and not slower than a floor. */

import type { IncomingMessage } from 'node:http'
import { Failure } from '../../base/failure.ts'
import type { Limits } from '../../base/limits.ts'
import { monotonicMs } from '../../base/time.ts'

/** The limits that a body is read under. */
export type BodyLimits = Pick<Limits, 'bodyBytesMax' | 'bodyBytesPerSecondMin' | 'bodyGraceMs'>

const nothing = new Uint8Array(0)

/**
 * Reads the whole body. Failures: `body_too_large` before or while reading, `request_timeout` when
 * it comes slower than the floor, `malformed_request` when the client goes away or breaks the form.
 */
export function readBody(
  request: IncomingMessage,
  announcedBytes: number,
  caps: BodyLimits,
): Promise<Uint8Array> {
  if (announcedBytes === 0) return Promise.resolve(nothing)
  if (announcedBytes !== Number.POSITIVE_INFINITY && announcedBytes > caps.bodyBytesMax) {
    return Promise.reject(tooLarge(caps))
  }
  return new Promise((resolve, reject) => {
    const reader = new BodyReader(request, caps, (result) => {
      if (result instanceof Failure) reject(result)
      else resolve(result)
    })
    reader.start()
  })
}

class BodyReader {
  readonly #request: IncomingMessage
  readonly #caps: BodyLimits
  readonly #settle: (result: Uint8Array | Failure) => void
  readonly #startedMs = monotonicMs()
  readonly #chunks: Buffer[] = []
  #byteCount = 0
  #watch: NodeJS.Timeout | undefined

  constructor(
    request: IncomingMessage,
    caps: BodyLimits,
    settle: (result: Uint8Array | Failure) => void,
  ) {
    this.#request = request
    this.#caps = caps
    this.#settle = settle
  }

  start(): void {
    this.#request.on('data', this.#onData).on('end', this.#onEnd)
    this.#request.on('error', this.#onGone).on('close', this.#onGone)
    this.#watch = setTimeout(this.#checkPace, this.#caps.bodyGraceMs)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#byteCount += chunk.length
    if (this.#byteCount > this.#caps.bodyBytesMax) this.#finish(tooLarge(this.#caps))
    else this.#chunks.push(chunk)
  }

  readonly #onEnd = (): void => {
    const [first] = this.#chunks
    if (first !== undefined && this.#chunks.length === 1) this.#finish(first)
    else this.#finish(Buffer.concat(this.#chunks, this.#byteCount))
  }

  readonly #onGone = (): void => {
    this.#finish(
      new Failure('malformed_request', { detail: 'The request ended before its body did.' }),
    )
  }

  // The average since the start counts, so that a stall after a quick start is found as well.
  readonly #checkPace = (): void => {
    const elapsedMs = monotonicMs() - this.#startedMs
    if (this.#byteCount >= (elapsedMs / 1000) * this.#caps.bodyBytesPerSecondMin) {
      this.#watch = setTimeout(this.#checkPace, this.#caps.bodyGraceMs)
      return
    }
    this.#finish(
      new Failure('request_timeout', {
        detail: `The body must come at ${this.#caps.bodyBytesPerSecondMin} bytes/s or faster.`,
      }),
    )
  }

  #finish(result: Uint8Array | Failure): void {
    clearTimeout(this.#watch)
    this.#request.off('data', this.#onData).off('end', this.#onEnd)
    this.#request.off('error', this.#onGone).off('close', this.#onGone)
    this.#settle(result)
  }
}

function tooLarge(caps: BodyLimits): Failure {
  return new Failure('body_too_large', {
    detail: `The body may hold at most ${caps.bodyBytesMax} bytes; send less, or in parts.`,
  })
}
