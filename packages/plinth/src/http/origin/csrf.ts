/** Owns the question whether a request that carries a cookie was meant by its user. */

import { Failure } from '../../base/failure.ts'
import type { HttpRequest } from '../message.ts'

/** The header that a caller may send instead of a JSON content type. Any value. */
export const csrfHeader = 'x-plinth-request'

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS', 'QUERY'])

/**
 * For callers known by a cookie: an unsafe method must come from our own pages. Two independent
 * proofs are needed. Where from: `Sec-Fetch-Site: same-origin`, or without that header an `Origin`
 * equal to this server's. How: a JSON content type or the header `x-plinth-request`, neither of
 * which a form or another site's script can send without a preflight. `Sec-Fetch-Site: none` (typed
 * address) is refused: nobody types a POST. QUERY is safe by its definition and needs a preflight.
 * Returns Failure `csrf_refused`, or undefined where the request may go on.
 */
export function csrfFailure(request: HttpRequest): Failure | undefined {
  if (safeMethods.has(request.method)) return undefined
  if (!fromOurPages(request)) {
    const detail = 'A session cookie counts only for requests of our own pages; use a bearer token.'
    return new Failure('csrf_refused', { detail: detail + proxyCure(request) })
  }
  if (!isJson(request.header('content-type')) && request.header(csrfHeader) === undefined) {
    return new Failure('csrf_refused', {
      detail: `With a session cookie, send JSON or the header ${csrfHeader}: 1.`,
    })
  }
  return undefined
}

/**
 * For forms of our own pages, which can send no header of ours: where from alone counts. Our pages
 * send no referrer, because their addresses hold tokens, and a form of such a page comes with
 * `Origin: null`; then what the browser says by `Sec-Fetch-Site` is asked alone, and has to be
 * there. Returns Failure `csrf_refused`, or undefined where the request may go on.
 */
export function formFailure(request: HttpRequest): Failure | undefined {
  if (safeMethods.has(request.method) || fromOurPages(request, 'null')) return undefined
  const detail =
    'This form was not sent by a page of this site: open the page here, and send it again.'
  return new Failure('csrf_refused', { detail: detail + proxyCure(request) })
}

/**
 * What cures a refusal that only the settings cause: behind a proxy that it was not told of, a
 * server takes itself for another address than its own pages have. It names no address: those of
 * proxies are nobody's business. Empty where a page is of another site.
 */
export function proxyCure(request: HttpRequest): string {
  const origin = request.header('origin')
  if (origin === undefined || origin === `${request.scheme}://${request.host}`) return ''
  const { host } = URL.parse(origin) ?? {}
  const names = [request.host, request.header('x-forwarded-host')?.toLowerCase()]
  const vouched = request.header('sec-fetch-site') === 'same-origin'
  if (host === undefined || !(vouched || names.includes(host))) return ''
  return (
    ' If the page is of this site, a proxy stands in front of which the server was not told: ' +
    'whoever runs it sets PLINTH_TRUSTED_PROXIES to how many there are; its log says more.'
  )
}

/** `nameless`: the origin of a page that tells nobody where it is. */
function fromOurPages(request: HttpRequest, nameless?: string): boolean {
  const site = request.header('sec-fetch-site')
  const origin = request.header('origin')
  const own = `${request.scheme}://${request.host}`
  if (site === undefined) return origin === own
  return site === 'same-origin' && (origin === undefined || origin === own || origin === nameless)
}

function isJson(contentType: string | undefined): boolean {
  const essence = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  return essence === 'application/json' || /^application\/[a-z0-9.-]+\+json$/.test(essence ?? '')
}
