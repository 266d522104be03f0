/** Owns requests without a socket: through the real handler, answered as the server would. */

import { Failure } from '../base/failure.ts'
import { limits } from '../base/limits.ts'
import type { Handler, HttpRequest } from '../http/message.ts'
import { failureOf, problemResponse } from '../http/problem.ts'
import { closedSink } from '../http/server/stream.ts'
import { readTarget } from '../http/server/target.ts'
import { traceFrom } from '../http/trace.ts'

/** A request as code writes it. */
export interface LocalRequest {
  readonly method: string
  /** Path and query: `/api/products?limit=5`. */
  readonly path: string
  /** By name, in any case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly remoteAddress?: string
}

/** What came back. */
export interface LocalResponse {
  readonly status: number
  /** By lower-case name; of several lines of one name, all, joined by a line break. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The body as JSON. */
  json(): unknown
}

const host = 'localhost'

/** Asks the handler. Failures are answered as problems, never thrown. */
export async function askLocally(handler: Handler, asked: LocalRequest): Promise<LocalResponse> {
  const headers = new Map(
    Object.entries(asked.headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const trace = traceFrom(headers.get('traceparent'))
  // What is no address is not told as one.
  let place: { trace: typeof trace; instance?: string } = { trace }
  const answer = async () => {
    const { segments, path, search } = readTarget(asked.path, host)
    place = { trace, instance: path }
    const request: HttpRequest = {
      ...{ method: asked.method, path, segments, search, host, trace },
      scheme: 'http',
      remoteAddress: asked.remoteAddress ?? '127.0.0.1',
      signal: new AbortController().signal,
      header: (name) => headers.get(name),
      headers: () => Object.fromEntries(headers),
      body: async () => bounded(asked.body),
    }
    return handler(request)
  }
  const response = await answer().catch((thrown: unknown) => {
    return problemResponse(failureOf(thrown), place)
  })
  // Nobody reads on after the head.
  response.stream?.(closedSink)
  const { body } = response
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body ?? undefined)
  return {
    status: response.status,
    headers: Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => {
        return [name, typeof value === 'string' ? value : value.join('\n')]
      }),
    ),
    text,
    json: () => JSON.parse(text) as unknown,
  }
}

function bounded(body: Uint8Array): Uint8Array {
  if (body.length <= limits.bodyBytesMax) return body
  throw new Failure('body_too_large', {
    detail: `The body may have at most ${limits.bodyBytesMax} bytes.`,
  })
}
