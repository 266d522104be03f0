/** Owns the question which page a WebSocket comes from: browsers let any page open one. */

import { Failure } from '../../base/failure.ts'
import type { Credential } from '../../engine/call.ts'
import type { HttpRequest } from '../message.ts'
import { sessionCookieName } from '../session/cookie.ts'
import { credentialOf } from '../session/credential.ts'
import type { CorsPolicy } from './cors.ts'
import { proxyCure } from './csrf.ts'

/** `own`: a page of this server. `listed`: of another site that may call. `none`: no page. */
export type SocketPlace = 'own' | 'listed' | 'none'

/**
 * Where a handshake comes from. A browser always says so by `Origin`, and no page can change it.
 *
 * @throws Failure `csrf_refused` for a page of a site that is not listed.
 */
export function socketOrigin(request: HttpRequest, { origins }: CorsPolicy): SocketPlace {
  const origin = request.header('origin')
  if (origin === undefined) return 'none'
  if (origin === `${request.scheme}://${request.host}`) return 'own'
  if (origins.has(origin)) return 'listed'
  const detail = 'This page may not connect: list its origin in `origins` of the app.'
  throw new Failure('csrf_refused', { detail: detail + proxyCure(request) })
}

/**
 * Who opens a WebSocket, and from where. Any page can make a browser connect, with its cookies:
 * they count for our own pages alone.
 *
 * @throws Failure as `socketOrigin` and `credentialOf` do.
 */
export function socketCaller(
  request: HttpRequest,
  policy: CorsPolicy,
): { readonly place: SocketPlace; readonly credential: Credential['credential'] } {
  const place = socketOrigin(request, policy)
  const sent = credentialOf(request, sessionCookieName)
  const credential = sent?.from === 'cookie' && place !== 'own' ? undefined : sent
  return { place, credential }
}
