/** Owns results over SSE: the distinct connections mode of the protocol of graphql-sse. */

import type { HttpHeaders, HttpResponse } from '../../http/message.ts'
import { EventStream, streamResponse } from '../../http/stream/event-stream.ts'
import { Rota } from '../../http/stream/rota.ts'
import type { Streamed, Streaming } from '../run/execute.ts'
import type { Following } from '../run/follow.ts'
import { answerText, type GraphqlAnswer } from '../run/request.ts'

/** Begins an operation whose results go to a sink. */
type Begin = (streaming: Streaming) => Promise<Streamed>

/** How a request is answered as a stream. */
export interface StreamAsked {
  /** `Last-Event-ID`: the cursor that a browser has seen last. */
  readonly after: string | undefined
  /** The headers of the response, from the answer where there is one already. */
  readonly headers: (answer: GraphqlAnswer | undefined) => HttpHeaders
}

// The empty data lets a browser's EventSource see it.
const complete = Buffer.from('event: complete\ndata:\n\n')

/** Makes what answers requests as streams: whatever becomes of them is told there, with 200. */
export function createResultStreams(): (begin: Begin, asked: StreamAsked) => Promise<HttpResponse> {
  const rota = new Rota<EventStream>((stream) => stream.beat())
  return async (begin, { after, headers }) => {
    let following: Following | undefined
    const stream = new EventStream(rota, {
      ready: () => following?.ready(),
      closed: () => following?.close(),
    })
    const end = (text: string): void => {
      stream.write(nextEvent(text, undefined))
      stream.write(complete)
      stream.end()
    }
    const begun = await begin({
      after,
      sink: {
        next: (text, cursor) => stream.write(nextEvent(text, cursor)),
        fail: (errors) => end(answerText({ data: undefined, errors })),
      },
    })
    following = begun.following
    const answer = await begun.answer
    if (answer) end(answerText(answer))
    return streamResponse(stream, headers(answer))
  }
}

function nextEvent(text: string, cursor: string | undefined): Buffer {
  const id = cursor === undefined ? '' : `id: ${cursor}\n`
  return Buffer.from(`event: next\n${id}data: ${text}\n\n`)
}
