/** Owns an app behind a real server on loopback, for clients that speak HTTP and WebSocket. */

import type { LogEntry } from '../http/server.ts'
import { HttpServer } from '../http/server.ts'
import type { RunningApp } from './compose.ts'

/** A server of an app under test. */
export interface LocalServer {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  /** As a deployment does: what is under way is answered, sockets are told to come back. */
  drain(): Promise<void>
  /** Cuts what is open. */
  close(): Promise<void>
}

/** How it is served. */
export interface LocalServerOptions {
  /** How many proxies stand in front, whose word on the caller's address counts. Default 0. */
  readonly trustedProxies?: number
}

/** Serves an app on a free port of loopback. */
export async function serveLocally(
  { handler, sockets }: Pick<RunningApp, 'handler' | 'sockets'>,
  { trustedProxies = 0, log }: LocalServerOptions & { log(entry: LogEntry): void },
): Promise<LocalServer> {
  const server = new HttpServer({ handler, sockets, trustedProxies, log })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  return {
    url: `http://127.0.0.1:${port}`,
    drain: () => server.drain(),
    close: () => server.close(),
  }
}
