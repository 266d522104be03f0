/** Owns the one WebSocket of a client: opened when it is wanted, closed when nobody is left. */

import { monotonicMs } from '../../base/time.ts'
import { type AnyFailure, failureIn, ownFailure } from '../call/failure.ts'
import { type Conversing, Line, type SocketLike } from './line.ts'
import { isOffline, watchNetwork } from './network.ts'

/** What the socket of a client is made of. */
export interface SocketParts {
  /** Begins to connect; undefined: the platform has no WebSocket, or it is not wanted. */
  readonly connect: (() => SocketLike) | undefined
  readonly token: () => Promise<string | null | undefined>
  /** Told whenever another session began: whoever asks is another one from then on. */
  readonly watch: (listener: () => void) => () => void
}

/** One WebSocket for many. */
export interface SharedSocket {
  /**
   * Talks until it ends, and resolves with why. Undefined: no socket can be had here; what can be
   * followed in another way is.
   */
  converse(first: () => object, conversing: Conversing): Promise<AnyFailure | undefined>
  /** The app answers, but opens no socket: it is tried again in a while. */
  refused(): void
}

/** A proxy that takes no sockets will not begin to within the minute. */
const refusedMs = 300_000
const openingMs = 10_000

/** The server takes no more on one connection. */
const conversationsMax = 100

/** The socket of a client. Nothing is opened before it is wanted. */
export function sharedSocket(parts: SocketParts): SharedSocket {
  let line: Promise<Line | undefined> | undefined
  let untilMs = 0
  const drop = () => {
    void line?.then((open) => open?.close())
    line = undefined
  }
  const open = async (): Promise<Line | undefined> => {
    if (!parts.connect || isOffline() || monotonicMs() < untilMs) return undefined
    const token = await parts.token()
    const opened = await opening(parts.connect)
    if (token) opened?.say({ type: 'authenticate', token })
    return opened
  }
  const wanted = (): Promise<Line | undefined> => {
    // A storage that cannot be read is met again by the stream, and told there.
    const made = open().catch(() => undefined)
    const stops = [parts.watch(drop), watchNetwork(drop)]
    const over = () => {
      for (const stop of stops) stop()
      if (line === made) line = undefined
    }
    void made.then((opened) => (opened ? opened.ended.then(over) : over()))
    return made
  }
  return {
    async converse(first, conversing) {
      line ??= wanted()
      const opened = await line
      if (conversing.signal.aborted) return ownFailure('cancelled')
      if (opened && opened.size >= conversationsMax) return undefined
      return opened?.converse(first(), conversing)
    },
    refused() {
      if (!line) untilMs = monotonicMs() + refusedMs
    },
  }
}

/** Resolves once it is open, or with undefined where it never will be. */
function opening(connect: () => SocketLike): Promise<Line | undefined> {
  return new Promise((resolve) => {
    let socket: SocketLike
    try {
      socket = connect()
    } catch {
      // The page's policy forbids it, or the address is none.
      return resolve(undefined)
    }
    const timer = setTimeout(() => socket.close(), openingMs)
    socket.onopen = () => {
      clearTimeout(timer)
      resolve(new Line(socket, reasonOf))
    }
    socket.onclose = () => {
      clearTimeout(timer)
      resolve(undefined)
    }
  })
}

/** Why a connection has ended: a session that is over, or the network. */
function reasonOf(code: number, detail: string): AnyFailure {
  const ended = { code: 'invalid_credentials', status: 401, title: 'Sign in again', detail }
  return (code === 4401 && failureIn(ended)) || ownFailure('unreachable')
}
