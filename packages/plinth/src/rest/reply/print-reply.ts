/** Owns the printed form of replies: status, headers and body. */

import { Failure } from '../../base/failure.ts'
import type { Reply } from '../../engine/call.ts'
import type { MutableHeaders } from '../../http/call/headers.ts'
import type { HttpRequest, HttpResponse } from '../../http/message.ts'
import { type SessionCookies, sessionHeaders } from '../../http/session/cookie.ts'
import { traceparent } from '../../http/trace.ts'
import { readIfMatch, readIfNoneMatch } from '../request/conditions.ts'
import { isRead } from '../request/read-call.ts'
import type { Route } from '../route/routes.ts'
import { etagOf } from './etag.ts'
import { linkHeader } from './headers.ts'

/** What a reply is printed with. */
export interface Printing {
  readonly request: HttpRequest
  readonly route: Route
  /** True where the caller prefers no body. */
  readonly minimal: boolean
  readonly headers: MutableHeaders
  readonly cookies: SessionCookies
  /** True where the caller came by a cookie. */
  readonly byCookie: boolean
}

/**
 * Prints a reply.
 *
 * @throws Failure `version_mismatch` where a read asked for another version by If-Match.
 */
export function printReply(reply: Reply, printing: Printing): HttpResponse {
  const { request, route, headers } = printing
  headers.traceparent = traceparent(request.trace)
  if (reply.replayed) headers['idempotency-replayed'] = 'true'
  if (reply.session !== undefined) {
    Object.assign(headers, sessionHeaders(reply.session, printing.cookies, printing.byCookie))
  }
  if (reply.version !== undefined) headers.etag = etagOf(reply.version, reply.body)
  if (isRead(route.form)) return printRead(reply, printing)
  if (reply.id !== undefined && reply.status === 201 && route.model) {
    headers.location = `/api/${route.model.plural}/${reply.id}`
  }
  if (reply.laterId !== undefined) {
    headers.location = `/api/operations/${reply.laterId}`
    headers['preference-applied'] = 'respond-async'
  }
  if (printing.minimal && reply.version !== undefined) {
    headers['preference-applied'] = 'return=minimal'
    headers.etag = etagOf(reply.version, undefined)
    return { status: reply.status === 200 ? 204 : reply.status, headers, body: null }
  }
  return withBody(reply.status, reply.body, headers)
}

function printRead(reply: Reply, { request, route, headers }: Printing): HttpResponse {
  if (route.form === 'list') {
    const link = linkHeader(request, reply.page)
    if (link !== undefined) headers.link = link
  }
  if (reply.version === undefined) return withBody(reply.status, reply.body, headers)
  const match = readIfMatch(request.header('if-match'))
  if (match !== undefined && match !== 'any' && match !== reply.version) {
    throw new Failure('version_mismatch', {
      detail: `The record is at version ${reply.version}; leave out If-Match to read it.`,
    })
  }
  const known = readIfNoneMatch(request.header('if-none-match'))
  const tag = headers.etag
  if (known === 'any' || (typeof tag === 'string' && known?.includes(tag))) {
    return { status: 304, headers, body: null }
  }
  return withBody(reply.status, reply.body, headers)
}

function withBody(status: number, body: string | undefined, headers: MutableHeaders): HttpResponse {
  if (body === undefined) return { status, headers, body: null }
  headers['content-type'] = 'application/json'
  return { status, headers, body }
}
