/** Owns one open WebSocket of a client: threads by their ids, signs of life, and its pace. */

import { monotonicMs } from '../../base/time.ts'
import { type AnyFailure, ownFailure } from '../call/failure.ts'

/** A WebSocket as we use it. */
export interface SocketLike {
  /** 1: it is open. One that is closing takes nothing any more, and is not told of yet. */
  readonly readyState: number
  send(text: string): void
  close(): void
  onopen: (() => void) | null
  onmessage: ((event: { readonly data: unknown }) => void) | null
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null
}

/** `readyState` of a socket through which messages go. */
const open = 1

/** One message. */
export interface Heard {
  readonly name: string
  /** Of an end: the problem. */
  readonly told: object
  /** The cursor behind it; undefined where it has none. */
  readonly id: string | undefined
}

/** One of those who talk over a line. */
export interface Conversing {
  readonly signal: AbortSignal
  /** Takes a message; a failure: nothing more comes. */
  readonly hear: (heard: Heard) => AnyFailure | undefined
  /** Told how to say more, once the first is said. */
  readonly begun?: ((say: (message: object) => void) => void) | undefined
}

/** The server gives a sign of life to whoever asks for it: who is silent for longer is gone. */
const silenceMsMax = 60_000
const pingAfterMs = 20_000

/** The server takes 50 in a second, and its seconds begin elsewhere than ours. */
const messagesPerSecond = 25

/** How long a line stays open that nobody uses: React leaves and comes back. */
const idleMs = 2_000

interface Message {
  readonly type: string
  readonly id?: string
  readonly cursor?: string
  readonly problem?: object
}

interface Thread extends Pick<Conversing, 'hear'> {
  readonly end: (failure: AnyFailure) => void
}

/** An open connection, and all that goes on on it. */
export class Line {
  /** Resolves once it is closed, by whomever. */
  readonly ended: Promise<void>
  readonly #socket: SocketLike
  readonly #threads = new Map<string, Thread>()
  readonly #beat: ReturnType<typeof setInterval>
  #end: (() => void) | undefined
  #ids = 0
  #heardMs = monotonicMs()
  #waiting: string[] = []
  #left = messagesPerSecond
  #refill: ReturnType<typeof setTimeout> | undefined
  #idle: ReturnType<typeof setTimeout> | undefined

  /** `why`: what a code of its end means. */
  constructor(socket: SocketLike, why: (code: number, reason: string) => AnyFailure) {
    this.#socket = socket
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    socket.onmessage = ({ data }) => this.#take(JSON.parse(String(data)) as Message)
    socket.onclose = ({ code, reason }) => this.#close(why(code, reason))
    this.#beat = setInterval(() => this.#look(), pingAfterMs / 2)
  }

  /** Begins with a message, and resolves with why it ended. */
  converse(first: object, { signal, hear, begun }: Conversing): Promise<AnyFailure> {
    if (!this.#end) return Promise.resolve(ownFailure('unreachable'))
    clearTimeout(this.#idle)
    const id = String(this.#ids++)
    return new Promise((resolve) => {
      const left = () => {
        this.say({ type: 'unsubscribe', id })
        end(ownFailure('cancelled'))
      }
      const end = (failure: AnyFailure) => {
        signal.removeEventListener('abort', left)
        this.#threads.delete(id)
        if (this.#threads.size === 0) this.#idle = setTimeout(() => this.close(), idleMs)
        resolve(failure)
      }
      signal.addEventListener('abort', left)
      this.#threads.set(id, { hear, end })
      this.say({ ...first, id })
      begun?.((message) => this.say({ ...message, id }))
    })
  }

  /** How many talk. */
  get size(): number {
    return this.#threads.size
  }

  /** Says something, as soon as the server will take it. */
  say(message: object): void {
    this.#waiting.push(JSON.stringify(message))
    this.#flush()
  }

  #flush(): void {
    for (; this.#left > 0 && this.#waiting.length > 0 && this.#isOpen; this.#left--) {
      this.#socket.send(this.#waiting.shift() as string)
    }
    if (this.#left === messagesPerSecond) return
    this.#refill ??= setTimeout(() => {
      this.#refill = undefined
      this.#left = messagesPerSecond
      this.#flush()
    }, 1_000)
  }

  get #isOpen(): boolean {
    return this.#end !== undefined && this.#socket.readyState === open
  }

  #take({ type, id = '', cursor, problem, ...told }: Message): void {
    this.#heardMs = monotonicMs()
    const thread = this.#threads.get(id)
    const failure = thread?.hear({ name: type, told: problem ?? told, id: cursor })
    if (failure) thread?.end(failure)
  }

  #look(): void {
    const silentMs = monotonicMs() - this.#heardMs
    if (silentMs > silenceMsMax) this.close()
    else if (silentMs > pingAfterMs) this.say({ type: 'ping' })
  }

  /** Closes it. Those who talk are told that it is gone, and come back over another one. */
  close(): void {
    this.#close(ownFailure('unreachable'))
  }

  #close(failure: AnyFailure): void {
    if (!this.#end) return
    this.#end()
    this.#end = undefined
    clearInterval(this.#beat)
    clearTimeout(this.#refill)
    for (const { end } of [...this.#threads.values()]) end(failure)
    clearTimeout(this.#idle)
    this.#socket.close()
  }
}
