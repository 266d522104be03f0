/** Owns a follower of a read that costs little: a bare socket, so that thousands fit a process. */

import { connect, type Socket } from 'node:net'

/** What a follower is told, as text, with the moment at which it came. */
export type Told = (text: string, atMs: number) => void

/** How a stream is asked for. */
export interface StreamQuestion {
  readonly url: string
  readonly target: string
  /** The address it comes from, of the loopback network. */
  readonly from?: string
  readonly after?: string | undefined
  readonly told: Told
}

/** A stream under way. */
export interface Stream {
  readonly socket: Socket
  /** Resolves when the first result has begun to come; rejects where it is refused. */
  readonly begun: Promise<void>
}

/** Follows a read over SSE. */
export function openStream({ url, target, from, after, told }: StreamQuestion): Stream {
  const { hostname, port, host } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), localAddress: from })
  socket.setEncoding('utf8')
  const seen = after === undefined ? '' : `Last-Event-ID: ${after}\r\n`
  socket.write(
    `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/event-stream\r\n${seen}\r\n`,
  )
  const { promise: begun, resolve, reject } = Promise.withResolvers<void>()
  let first = true
  socket.on('data', (text: string) => {
    if (first && !text.startsWith('HTTP/1.1 200')) reject(new Error(text.slice(0, 500)))
    if (first) resolve()
    first = false
    told(text, performance.now())
  })
  socket.on('error', reject)
  return { socket, begun }
}
