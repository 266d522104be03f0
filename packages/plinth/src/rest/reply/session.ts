/** Owns what becomes of a session that a call began or ended: a token in the body, or a cookie. */

import type { Clock } from '../../base/time.ts'
import type { Reply } from '../../engine/call.ts'
import { clearCookie, writeCookie } from '../../http/cookies.ts'
import type { HttpHeaders } from '../../http/message.ts'

/** How sessions are kept in browsers. */
export interface SessionCookies {
  readonly name: string
  readonly clock: Clock
}

/** The body and the headers of a reply with a session. */
export interface SessionPrint {
  readonly body: string | undefined
  readonly headers: HttpHeaders
}

/**
 * Prints a session that began. The token is in the body, for bearer use, unless the caller prefers
 * a cookie: then it is in the cookie alone, where no script reads it.
 */
export function printBegunSession(
  reply: Reply,
  session: NonNullable<Reply['session']>,
  cookies: SessionCookies | undefined,
): SessionPrint {
  const body: Record<string, unknown> = JSON.parse(reply.body ?? '{}')
  const { token: _token, ...rest } = body
  const { token, expiresAt } = session
  if (cookies === undefined) {
    return { body: JSON.stringify({ ...rest, token, expiresAt }), headers: {} }
  }
  const lifeMs = Date.parse(expiresAt) - cookies.clock.now()
  const maxAgeSeconds = Math.max(0, Math.floor(lifeMs / 1000))
  return {
    body: JSON.stringify({ ...rest, expiresAt }),
    headers: {
      'set-cookie': writeCookie(cookies.name, token, { maxAgeSeconds }),
      'preference-applied': 'session=cookie',
    },
  }
}

/** The headers of a reply with which a session in a cookie ended. */
export function endedSessionHeaders(name: string): HttpHeaders {
  return clearCookie(name)
}
