/** Owns the printed form of replies: status, headers and body. */

import { Failure } from '../../base/failure.ts'
import type { Reply } from '../../engine/call.ts'
import type { HttpRequest, HttpResponse } from '../../http/message.ts'
import { traceparent } from '../../http/trace.ts'
import { type Preferences, readIfMatch, readIfNoneMatch } from '../request/conditions.ts'
import { isRead } from '../request/read-call.ts'
import type { Route } from '../route/routes.ts'
import { etagOf } from './etag.ts'
import { linkHeader, type MutableHeaders } from './headers.ts'
import { endedSessionHeaders, printBegunSession, type SessionCookies } from './session.ts'

/** What a reply is printed with. */
export interface Printing {
  readonly request: HttpRequest
  readonly route: Route
  readonly preferences: Preferences
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
  if (reply.session !== undefined) return printSession(reply, printing)
  if (reply.version !== undefined) headers.etag = etagOf(reply.version, reply.body)
  if (isRead(route.form)) return printRead(reply, printing)
  if (reply.id !== undefined && reply.status === 201 && route.model) {
    headers.location = `/api/${route.model.plural}/${reply.id}`
  }
  if (printing.preferences.minimal && reply.version !== undefined) {
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

function printSession(reply: Reply, printing: Printing): HttpResponse {
  const { headers, cookies, preferences, byCookie } = printing
  if (reply.session === null || reply.session === undefined) {
    if (byCookie) Object.assign(headers, endedSessionHeaders(cookies.name))
    return withBody(reply.status, reply.body, headers)
  }
  const kept = preferences.sessionCookie ? cookies : undefined
  const print = printBegunSession(reply, reply.session, kept)
  Object.assign(headers, print.headers)
  return withBody(reply.status === 204 ? 200 : reply.status, print.body, headers)
}

function withBody(status: number, body: string | undefined, headers: MutableHeaders): HttpResponse {
  if (body === undefined) return { status, headers, body: null }
  headers['content-type'] = 'application/json'
  return { status, headers, body }
}
