/** Owns the headers that answers of every API door share: rates, and what caches must know. */

import type { RateState } from '../../engine/call.ts'
import type { HttpHeaders, HttpRequest } from '../message.ts'
import { type CorsPolicy, corsHeaders } from '../origin/cors.ts'

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
