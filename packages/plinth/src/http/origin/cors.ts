/** Owns cross-origin reading: off unless origins are listed, and then exactly those. */

import { Failure } from '../../base/failure.ts'
import type { HttpHeaders, HttpRequest, HttpResponse } from '../message.ts'

/** Who may call from another origin. */
export interface CorsPolicy {
  readonly origins: ReadonlySet<string>
}

const methods = 'GET, POST, PUT, PATCH, DELETE, QUERY'
const requestHeaders = [
  'accept',
  'authorization',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'last-event-id',
  'prefer',
  'traceparent',
  'tracestate',
].join(', ')
const exposedHeaders = [
  'deprecation',
  'etag',
  'idempotency-replayed',
  'link',
  'location',
  'preference-applied',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'sunset',
  'traceparent',
].join(', ')
const preflightAgeSeconds = 600

/**
 * Makes the policy of a list of origins such as `https://shop.example`. Failure
 * `configuration_invalid` for `*`, `null`, a path, a trailing slash or upper case: an origin is
 * compared as a whole text and one that can never be equal is a mistake.
 */
export function corsPolicy(origins: readonly string[]): CorsPolicy {
  for (const origin of origins) {
    const parsed = URL.canParse(origin) ? new URL(origin).origin : 'null'
    if (parsed !== origin || !/^https?:[^*]+$/.test(origin)) {
      throw new Failure('configuration_invalid', {
        detail:
          `The origin ${origin} must be written like https://shop.example: scheme, host, ` +
          'port where it is not the usual one, nothing else.',
      })
    }
  }
  return Object.freeze({ origins: new Set(origins) })
}

/**
 * The headers that every response needs: `vary: origin` as soon as any origin is listed, so that no
 * cache serves one caller's answer to another, and the permission where the caller is listed.
 * Cookies are never allowed across origins: such callers sign in with a bearer token.
 */
export function corsHeaders(policy: CorsPolicy, origin: string | undefined): HttpHeaders {
  if (policy.origins.size === 0) return {}
  if (origin === undefined || !policy.origins.has(origin)) return { vary: 'origin' }
  return {
    vary: 'origin',
    'access-control-allow-origin': origin,
    'access-control-expose-headers': exposedHeaders,
    // The answers are meant for this origin, which our default policy would keep out.
    'cross-origin-resource-policy': 'cross-origin',
  }
}

/**
 * Answers a preflight (`OPTIONS` with `Origin` and `Access-Control-Request-Method`); undefined for
 * any other request. A caller who is not listed gets no permission, and no reason.
 */
export function preflight(policy: CorsPolicy, request: HttpRequest): HttpResponse | undefined {
  if (request.method !== 'OPTIONS') return undefined
  const origin = request.header('origin')
  if (origin === undefined || request.header('access-control-request-method') === undefined) {
    return undefined
  }
  const headers = corsHeaders(policy, origin)
  if (headers['access-control-allow-origin'] === undefined) {
    return { status: 204, headers, body: null }
  }
  return {
    status: 204,
    headers: {
      ...headers,
      'access-control-allow-methods': methods,
      'access-control-allow-headers': requestHeaders,
      'access-control-max-age': String(preflightAgeSeconds),
    },
    body: null,
  }
}
