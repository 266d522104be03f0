/** Owns the addresses at which others call our webhooks: raw bytes in, a short answer out. */

import { Failure } from '../base/failure.ts'
import type { Handler, HttpRequest, HttpResponse } from '../http/message.ts'
import { methodNotAllowed } from '../http/problem.ts'

/** Takes a request in; `stored` is told only after the commit. */
export type ReceiveWebhook = (incoming: {
  /** `<kit>.<webhook>`. */
  readonly webhook: string
  readonly body: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  readonly remoteAddress: string
  readonly traceId: string
}) => Promise<'stored' | 'refused' | 'unknown'>

/**
 * Makes the handler of `POST /webhooks/<kit>/<name>`. The body is taken as it came, whatever its
 * content type says: it is the sender's, and what counts is its signature.
 */
export function createIncoming(receive: ReceiveWebhook): Handler {
  return async (request) => {
    const [, kit, name, more] = request.segments
    if (kit === undefined || name === undefined || more !== undefined)
      throw new Failure('not_found')
    if (request.method !== 'POST') throw methodNotAllowed('POST')
    return answer(await receive(await read(request, `${kit}.${name}`)))
  }
}

async function read(request: HttpRequest, webhook: string) {
  return {
    ...{ webhook, body: await request.body(), headers: request.headers() },
    ...{ remoteAddress: request.remoteAddress, traceId: request.trace.traceId },
  }
}

function answer(received: Awaited<ReturnType<ReceiveWebhook>>): HttpResponse {
  if (received === 'unknown') throw new Failure('not_found')
  if (received === 'refused') {
    // Always the same words: nobody learns how close a forgery came.
    throw new Failure('invalid_credentials', { detail: 'The request could not be verified.' })
  }
  const headers = { 'content-type': 'application/json' }
  return { status: 200, headers, body: '{"received":true}' }
}
