/** Owns the app behind a real server, and the real clients of both protocols of subscriptions. */

import { createRequire } from 'node:module'
import type { TestContext } from 'node:test'
import { beginSession } from '../../packages/plinth/src/app/people/sessions.ts'
import { type Answered, openLibrary } from './library.ts'

/** A result, as clients get it. */
export type Result = Pick<Answered, 'data' | 'errors'>

interface Sink {
  next(result: Result): void
  error(cause: unknown): void
  complete(): void
}

interface Asked {
  readonly query: string
  readonly variables?: object
}

/** The part of both clients that is used. */
export interface GraphqlClient {
  subscribe(asked: Asked, sink: Sink): () => void
  dispose(): void | Promise<void>
}

type Make = (options: object) => GraphqlClient

// Of their own types nothing is needed, and a clone without them still type-checks.
const load = createRequire(import.meta.url)
const overSocket = (load('graphql-ws') as { readonly createClient: Make }).createClient
const overEvents = (load('graphql-sse') as { readonly createClient: Make }).createClient

/** What became of an operation. */
export interface Heard {
  readonly results: Result[]
  error: unknown
  completed: boolean
  stop(): void
}

/** Opens a library behind a real server, closed at the end of the test. */
export async function serveLibrary(context: TestContext) {
  const library = await openLibrary()
  const { running } = library.world
  const server = await library.world.serve()
  const { url } = server
  const clients: GraphqlClient[] = []
  context.after(async () => {
    await Promise.all(clients.map((client) => client.dispose()))
    await library.world.close()
  })
  const kept = (client: GraphqlClient): GraphqlClient => {
    clients.push(client)
    return client
  }
  return {
    ...library,
    server,
    url,
    tokenOf: ({ id }: { readonly id: string }) => beginSession(running.runtime, id),
    /** A client over WebSocket. */
    socket: (token?: string, options: object = {}) =>
      kept(
        overSocket({
          url: `ws${url.slice(4)}/api/graphql`,
          webSocketImpl: WebSocket,
          retryAttempts: 0,
          ...(token === undefined ? {} : { connectionParams: { token } }),
          ...options,
        }),
      ),
    /** A client over SSE. */
    events: (token?: string, options: object = {}) =>
      kept(
        overEvents({
          url: `${url}/api/graphql`,
          retryAttempts: 0,
          ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
          ...options,
        }),
      ),
  }
}

/** Asks, and gathers what comes. */
export function hear(client: GraphqlClient, query: string, variables: object = {}): Heard {
  const heard: Heard = { results: [], error: undefined, completed: false, stop: () => undefined }
  heard.stop = client.subscribe(
    { query, variables },
    {
      next: (result) => heard.results.push(result),
      error: (cause) => {
        heard.error = cause
      },
      complete: () => {
        heard.completed = true
      },
    },
  )
  return heard
}
