/** Owns the addresses of events: `GET /api/events/<kit>.<event>`, followed as a stream. */

import { Failure } from '../base/failure.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Call } from '../engine/call.ts'
import { commonHeaders } from '../http/call/headers.ts'
import type { HttpHeaders, HttpRequest, HttpResponse } from '../http/message.ts'
import { type CorsPolicy, preflight } from '../http/origin/cors.ts'
import { methodNotAllowed } from '../http/problem.ts'
import { credentialOf } from '../http/session/credential.ts'
import { traceparent } from '../http/trace.ts'
import { prefersEvents } from './request/media-type.ts'

/** What events are answered with. */
export interface EventDoor {
  readonly catalog: Catalog
  readonly cookieName: string
  readonly follow: (
    call: Call,
    request: { readonly after: string | undefined; readonly headers: HttpHeaders },
  ) => Promise<HttpResponse>
}

/** True for the address of an event that can be followed. */
export function isEvent({ catalog }: EventDoor, { segments }: HttpRequest): boolean {
  const [, second, name, more] = segments
  return second === 'events' && more === undefined && catalog.followers.has(name ?? '')
}

/**
 * Answers with what happens. Where to begin stands in `Last-Event-ID`, or in `after`, for a browser
 * that comes for the first time.
 */
export async function answerEvent(
  { follow, cookieName }: EventDoor,
  request: HttpRequest,
  policy: CorsPolicy,
): Promise<HttpResponse> {
  const headers = commonHeaders(request, policy, undefined)
  if (request.method === 'OPTIONS') {
    const answered = preflight(policy, request)
    return answered ?? { status: 204, headers: { ...headers, allow: 'GET' }, body: null }
  }
  if (request.method !== 'GET') throw methodNotAllowed('GET')
  if (!prefersEvents(request)) {
    const detail = 'An event is followed: send Accept: text/event-stream.'
    throw new Failure('not_acceptable', { detail })
  }
  const call: Call = {
    operation: request.segments[2] ?? '',
    as: { credential: credentialOf(request, cookieName) },
    remoteAddress: request.remoteAddress,
    agent: request.header('user-agent'),
    traceId: request.trace.traceId,
  }
  const after = request.header('last-event-id') || afterOf(request)
  return follow(call, { after, headers: { ...headers, traceparent: traceparent(request.trace) } })
}

function afterOf({ search }: HttpRequest): string | undefined {
  const parameters = new URLSearchParams(search)
  for (const name of parameters.keys()) {
    if (name === 'after') continue
    throw new Failure('malformed_query', { detail: `Leave out "${name.slice(0, 100)}".` })
  }
  return parameters.get('after') ?? undefined
}
