/** Owns the headers that replies and failures share: rates, links, what caches must know. */

import type { RateState, Reply } from '../../engine/call.ts'
import type { HttpHeaders, HttpRequest } from '../../http/message.ts'
import { type CorsPolicy, corsHeaders } from '../../http/origin/cors.ts'

/** Headers as they are gathered. */
export type MutableHeaders = Record<string, string | readonly string[]>

// What any answer of the API may depend on. It is `no-store` besides; this is for odd caches.
const vary = 'accept, authorization, cookie, origin, prefer'
const common: HttpHeaders = Object.freeze({ 'cache-control': 'no-store', vary })

/** The headers of every answer of the API, to be added to. */
export function commonHeaders(
  request: HttpRequest,
  policy: CorsPolicy,
  rate: RateState | undefined,
): MutableHeaders {
  const headers: MutableHeaders = { ...common }
  if (policy.origins.size > 0) {
    Object.assign(headers, corsHeaders(policy, request.header('origin')), common)
  }
  if (rate !== undefined) addRate(headers, rate)
  return headers
}

/** The RateLimit fields (draft-ietf-httpapi-ratelimit-headers-11), as structured fields. */
function addRate(headers: MutableHeaders, rate: RateState): void {
  const { policy, limit, remaining, resetSeconds, windowSeconds } = rate
  headers['ratelimit-policy'] = `"${policy}";q=${limit};w=${windowSeconds}`
  headers.ratelimit = `"${policy}";r=${Math.max(0, remaining)};t=${Math.ceil(resetSeconds)}`
}

/**
 * The Link header of a page (RFC 8288): the same address with another cursor. Undefined where
 * there is neither a next nor a previous page.
 */
export function linkHeader(request: HttpRequest, page: Reply['page']): string | undefined {
  if (page === undefined || (page.next === null && page.previous === null)) return undefined
  const kept = request.search.split('&').filter((pair) => !/^(?:after|before|)(?:=|$)/.test(pair))
  const links: string[] = []
  const add = (word: string, cursor: string | null, relation: string): void => {
    if (cursor === null) return
    const search = [...kept, `${word}=${encodeURIComponent(cursor)}`].join('&')
    links.push(`<${request.path}?${search}>; rel="${relation}"`)
  }
  add('after', page.next, 'next')
  add('before', page.previous, 'prev')
  return links.join(', ')
}
