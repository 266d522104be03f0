/** Owns the cookie of a session that a call began or ended. */

import type { Clock } from '../../base/time.ts'
import type { Reply } from '../../engine/call.ts'
import { clearCookie, writeCookie } from '../cookies.ts'
import type { HttpHeaders } from '../message.ts'

/** The cookie that holds a session in browsers. */
export const sessionCookieName = '__Host-sid'

/** How sessions are kept in browsers. */
export interface SessionCookies {
  readonly name: string
  readonly clock: Clock
}

const none: HttpHeaders = Object.freeze({})

/**
 * The headers by which a browser keeps a session that began, or forgets one that ended. A caller
 * with a bearer token has nothing to forget, and its browser keeps what it has.
 */
export function sessionHeaders(
  session: Reply['session'],
  { name, clock }: SessionCookies,
  byCookie: boolean,
): HttpHeaders {
  if (session === undefined) return none
  if (session === null) return byCookie ? clearCookie(name) : none
  const lifeMs = Date.parse(session.expiresAt) - clock.now()
  const maxAgeSeconds = Math.max(0, Math.floor(lifeMs / 1000))
  return { 'set-cookie': writeCookie(name, session.token, { maxAgeSeconds }) }
}
