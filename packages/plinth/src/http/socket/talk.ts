/** Owns a conversation over a WebSocket: threads by the ids of its client, work in its order. */

import { Failure } from '../../base/failure.ts'
import { Line, type LineParts } from './line.ts'
import type { LinkEvents } from './link.ts'

/** One of the things that go on in a conversation. */
export interface TalkThread {
  /** As the client names it. */
  readonly id: string
  /** The client has read what waited for it. */
  ready(): void
  close(): void
}

/** How a door talks. `M`: what its client says. */
export interface TalkParts<M> extends Omit<LineParts, 'ended'> {
  readonly codes: LineParts['codes'] & { readonly malformed: number }
  /** Reads a text; a Failure says what is wrong with it, and ends the conversation. */
  readonly read: (text: string) => M
  readonly take: (message: M) => void
  /** Called once, when it has ended for whatever reason. */
  readonly ended?: () => void
}

/** One connection and all that goes on on it. */
export class Talk<M, T extends TalkThread> implements LinkEvents {
  readonly #parts: TalkParts<M>
  readonly #line: Line
  readonly #threads = new Map<string, T>()
  /** One after the other: a storm of wishes is one statement at a time. */
  #work: Promise<void> = Promise.resolve()

  constructor(parts: TalkParts<M>) {
    const { link, rota, codes } = parts
    this.#parts = parts
    this.#line = new Line({ link, rota, codes, ended: () => this.#ended() })
  }

  text(text: string): void {
    if (!this.#line.takes()) return
    let message: M
    try {
      message = this.#parts.read(text)
    } catch (cause) {
      const detail = cause instanceof Failure ? cause.detail : 'This is no message.'
      this.end(this.#parts.codes.malformed, detail)
      return
    }
    this.#parts.take(message)
  }

  pinged(): void {
    this.#line.takes()
  }

  drained(): void {
    this.#line.drained()
    for (const thread of this.#threads.values()) thread.ready()
  }

  stop(): void {
    this.#line.stop()
  }

  closed(): void {
    this.#line.closed()
  }

  /** Sends a text; false: the client is behind. */
  send(text: string): boolean {
    return this.#line.send(text)
  }

  /** Ends it with a code and a reason. */
  end(code: number, reason: string): void {
    this.#line.end(code, reason)
  }

  /** Does something behind all that was wanted before; nothing where it has ended by then. */
  next(work: () => Promise<void>): void {
    this.#work = this.#work.then(() => (this.#line.isOver ? undefined : work()))
  }

  /** How many threads there are. */
  get size(): number {
    return this.#threads.size
  }

  thread(id: string): T | undefined {
    return this.#threads.get(id)
  }

  add(thread: T): void {
    this.#threads.set(thread.id, thread)
  }

  /** Ends a thread, as its client wishes. */
  close(id: string): void {
    this.#threads.get(id)?.close()
    this.#threads.delete(id)
  }

  /** A thread has ended by itself; another may have its id by now. */
  forget(thread: T): void {
    if (this.#threads.get(thread.id) === thread) this.#threads.delete(thread.id)
  }

  #ended(): void {
    this.#parts.ended?.()
    for (const thread of this.#threads.values()) thread.close()
    this.#threads.clear()
  }
}
