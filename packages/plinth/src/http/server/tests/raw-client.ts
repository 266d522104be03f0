/** Owns a client that sends bytes exactly as told and keeps what comes back. */

import { connect } from 'node:net'
import type { Limits } from '../../../base/limits.ts'
import { monotonicMs, sleep } from '../../../base/time.ts'
import type { Handler } from '../../message.ts'
import { HttpServer, type LogEntry } from '../../server.ts'

/** What a raw connection got. */
export interface RawAnswer {
  readonly text: string
  /** Status codes of all responses, in order. */
  readonly statuses: readonly number[]
  /** True where the server ended the connection. */
  readonly closed: boolean
}

/** Sends the parts with a pause between them, then waits until the server closes or goes quiet. */
export async function sendRaw(
  port: number,
  parts: readonly (string | Buffer)[],
  options: {
    readonly pauseMs?: number
    readonly quietMs?: number
    readonly readAfterMs?: number
  } = {},
): Promise<RawAnswer> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  let text = ''
  let closed = false
  let failed = false
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  socket.on('end', () => {
    closed = true
  })
  socket.on('error', () => {
    failed = true
    closed = true
  })
  if (options.readAfterMs !== undefined) {
    socket.pause()
    setTimeout(() => socket.resume(), options.readAfterMs)
  }
  for (const part of parts) {
    if (closed) break
    socket.write(part)
    await sleep(options.pauseMs ?? 0)
  }
  const quietMs = options.quietMs ?? 150
  for (let waited = 0; waited < quietMs && !closed; waited += 10) await sleep(10)
  socket.destroy()
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]))
  return { text, statuses, closed: closed || failed }
}

/** A server for one test. */
export interface Served {
  readonly server: HttpServer
  readonly port: number
  readonly logs: LogEntry[]
}

/** How it is made. */
export interface ServedWith {
  readonly limits?: Partial<Limits>
  readonly trustedProxies?: number
  readonly publicUrl?: string
}

/** Runs the work against a server, and ends the server. */
export async function withServer(
  handler: Handler,
  work: (served: Served) => Promise<void>,
  options: ServedWith = {},
): Promise<void> {
  const logs: LogEntry[] = []
  const server = new HttpServer({ handler, log: (entry) => logs.push(entry), ...options })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  try {
    await work({ server, port, logs })
  } finally {
    await server.close()
  }
}

/** Answers with the path it was asked for, after reading the body. */
export const echo: Handler = async (request) => {
  const body = await request.body()
  return {
    status: 200,
    headers: { 'content-type': 'text/plain', 'x-method': request.method },
    body: `${request.path}|${request.segments.join('+')}|${Buffer.from(body).toString()}`,
  }
}

/** Waits until something is so, for as long as a busy machine may take. */
export async function until(what: () => boolean): Promise<void> {
  const endMs = monotonicMs() + 30_000
  while (!what() && monotonicMs() < endMs) await sleep(5)
}
