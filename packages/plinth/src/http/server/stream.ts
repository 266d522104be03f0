/** Owns a response without an end: pieces go out as they come, until one of both sides has gone. */

import type { ServerResponse } from 'node:http'
import type { StreamSink } from '../message.ts'

/** The body of a response under way. */
export class ResponseStream implements StreamSink {
  readonly #response: ServerResponse
  #stopping: (() => void) | undefined

  constructor(response: ServerResponse) {
    this.#response = response
  }

  get queuedBytes(): number {
    return this.#response.writableLength
  }

  write(piece: Uint8Array): void {
    if (!this.#response.destroyed) this.#response.write(piece)
  }

  end(): void {
    this.#response.end()
  }

  destroy(): void {
    this.#response.destroy()
  }

  onDrain(drained: () => void): void {
    this.#response.on('drain', drained)
  }

  onClose(closed: () => void): void {
    if (this.#response.destroyed) closed()
    else this.#response.once('close', closed)
  }

  onStop(stopping: () => void): void {
    this.#stopping = stopping
  }

  /** Tells whoever writes that the server stops. */
  stop(): void {
    this.#stopping?.()
  }
}

/** What is written to where nobody is left to read. */
export const closedSink: StreamSink = Object.freeze({
  queuedBytes: 0,
  write: () => undefined,
  end: () => undefined,
  destroy: () => undefined,
  onDrain: () => undefined,
  onClose: (closed: () => void) => closed(),
  onStop: () => undefined,
})
