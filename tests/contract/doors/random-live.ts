/** Owns followed reads without a socket: the live doors themselves, in and out of memory. */

import type { Live } from '../../../packages/plinth/src/engine/live/live.ts'
import type { Handler, HttpRequest } from '../../../packages/plinth/src/http/message.ts'
import { failureOf } from '../../../packages/plinth/src/http/problem.ts'
import type { Link } from '../../../packages/plinth/src/http/socket/link.ts'
import { traceFrom } from '../../../packages/plinth/src/http/trace.ts'
import { Rows, type Told } from '../../../packages/plinth/src/live/proof/follower.ts'
import { createSockets } from '../../../packages/plinth/src/live/socket.ts'
import { createStreams } from '../../../packages/plinth/src/live/sse.ts'
import { createRestDoor } from '../../../packages/plinth/src/rest/door.ts'
import type { Stand } from '../../access/world/world.ts'

/** What is known of a followed read; a code where it is refused. */
export interface Followed {
  readonly rows: Rows
  readonly code: string | undefined
  close(): void
}

/** What is followed. */
export interface Following {
  readonly model: { readonly name: string; readonly plural: string }
  readonly query: object
  readonly token: string | undefined
}

/** Follows by each live door. */
export type FollowBy = (asked: Following) => Promise<Followed>

/** The REST door that follows over SSE. */
export function bySse(handler: Handler): FollowBy {
  return async ({ model, query, token }) => {
    const rows = new Rows()
    const body = new TextEncoder().encode(JSON.stringify(query))
    const headers = {
      ...{ accept: 'text/event-stream', 'content-type': 'application/json' },
      'content-length': String(body.length),
    }
    const request = requestOf({ method: 'QUERY', path: `/api/${model.plural}`, headers, token })
    let answer: Awaited<ReturnType<Handler>>
    try {
      answer = await handler({ ...request, body: async () => body })
    } catch (thrown) {
      return { rows, code: failureOf(thrown).code, close: () => undefined }
    }
    let closed = (): void => undefined
    answer.stream?.({
      queuedBytes: 0,
      write: (piece) => take(rows, Buffer.from(piece).toString()),
      end: () => undefined,
      destroy: () => undefined,
      onDrain: () => undefined,
      onClose: (work) => (closed = work),
      onStop: () => undefined,
    })
    await rows.until('a first result', ({ types }) => types.includes('result'))
    return { rows, code: undefined, close: () => closed() }
  }
}

/** Takes in an event, which comes as one piece. */
function take(rows: Rows, text: string): void {
  const [, type] = /^event: (\w+)$/m.exec(text) ?? []
  if (type === undefined) return
  const [, cursor] = /^id: (.*)$/m.exec(text) ?? []
  const [, data = 'null'] = /^data: (.*)$/m.exec(text) ?? []
  rows.take({ type, cursor, data: JSON.parse(data) as Told['data'] })
}

/** The REST door with live reads. */
export function restWith(live: Live, { catalog, clock, runtime }: Stand): Handler {
  const health = { live: () => undefined, ready: () => undefined }
  const invoke = async (): Promise<never> => {
    throw new Error(`Nothing but streams is asked of this door of ${runtime.catalog.title}.`)
  }
  return createRestDoor({ catalog, clock, invoke, health, follow: createStreams(live).read })
}

/** The door of WebSockets. */
export function bySocket(live: Live): FollowBy {
  const accept = createSockets({ live })
  return async ({ model, query, token }) => {
    const rows = new Rows()
    const link: Link = {
      queuedBytes: 0,
      protocol: '',
      send(text) {
        const { type, id: _, cursor, ...data } = JSON.parse(text)
        rows.take({ type, cursor, data })
      },
      ping: () => undefined,
      close: () => undefined,
      destroy: () => undefined,
    }
    const request = requestOf({ method: 'GET', path: '/api/live', headers: {}, token })
    const conversation = accept(request)(link)
    const read = `${model.name}.list`
    conversation.text(JSON.stringify({ type: 'subscribe', id: 'one', read, query }))
    await rows.until('an answer', ({ types }) => types.length > 0)
    const [first] = rows.told
    const problem = first?.type === 'end' ? (first.data.problem as { code: string }) : undefined
    return { rows, code: problem?.code, close: () => conversation.closed() }
  }
}

interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly token: string | undefined
}

function requestOf({ method, path, headers: given, token }: Asked): HttpRequest {
  const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const headers: Readonly<Record<string, string>> = { ...given, ...bearer }
  return {
    ...{ method, path, segments: path.slice(1).split('/'), search: '', host: 'localhost' },
    scheme: 'http',
    trace: traceFrom(undefined),
    remoteAddress: '127.0.0.1',
    signal: new AbortController().signal,
    header: (name) => headers[name],
    headers: () => headers,
    body: async () => new Uint8Array(),
  }
}
