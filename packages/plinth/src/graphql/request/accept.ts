/** Owns the type of an answer: that of GraphQL over HTTP, JSON, a stream of events, or a page. */

import { Failure } from '../../base/failure.ts'
import { qualityOf } from '../../http/call/accept.ts'
import type { HttpRequest } from '../../http/message.ts'

const own = 'application/graphql-response+json'
const json = 'application/json'
const stream = 'text/event-stream'
const page = 'text/html'

/**
 * The type that a caller takes; where nothing is said, plain JSON.
 *
 * @throws Failure `not_acceptable`.
 */
export function answerType(request: HttpRequest): string {
  const accept = request.header('accept')
  if (accept === undefined || accept === '*/*') return json
  const [ownQuality, jsonQuality] = [qualityOf(accept, own), qualityOf(accept, json)]
  if (ownQuality === 0 && jsonQuality === 0) {
    throw new Failure('not_acceptable', {
      detail: `Answers are ${own} or ${json}; allow one of them in Accept, or leave Accept out.`,
    })
  }
  return ownQuality >= jsonQuality && accept.includes(own) ? own : json
}

/** True where results are wanted as a stream of events. */
export function wantsStream(request: HttpRequest): boolean {
  const accept = request.header('accept')
  if (accept === undefined || !accept.includes(stream)) return false
  return qualityOf(accept, stream) > Math.max(qualityOf(accept, own), qualityOf(accept, json))
}

/** True where a browser asks: it would rather have a page than data. */
export function wantsPage(request: HttpRequest): boolean {
  const accept = request.header('accept')
  if (request.method !== 'GET' || accept === undefined || !accept.includes(page)) return false
  return qualityOf(accept, page) > Math.max(qualityOf(accept, own), qualityOf(accept, json))
}
