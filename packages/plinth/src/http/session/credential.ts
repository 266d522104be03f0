/** Owns what tells a caller: the bearer token or the session cookie of a request. */

import { Failure } from '../../base/failure.ts'
import type { Credential } from '../../engine/call.ts'
import { readCookie } from '../cookies.ts'
import type { HttpRequest } from '../message.ts'

const bearerForm = /^bearer +([A-Za-z0-9\-._~+/]{1,1024}={0,2})$/i

/**
 * The credential of a request. A bearer token wins over a cookie, and is never replaced by it when
 * it turns out to be wrong: what the caller chose to send counts, not what its browser adds.
 *
 * @throws Failure `malformed_header` for another form of `Authorization`, and for a cookie twice.
 */
export function credentialOf(request: HttpRequest, cookieName: string): Credential['credential'] {
  const authorization = request.header('authorization')
  if (authorization !== undefined) return { from: 'bearer', token: bearerToken(authorization) }
  const cookies = request.header('cookie')
  if (cookies === undefined) return undefined
  const token = readCookie(cookies, cookieName)
  return token === undefined || token === '' ? undefined : { from: 'cookie', token }
}

function bearerToken(authorization: string): string {
  const token = bearerForm.exec(authorization)?.[1]
  if (token !== undefined) return token
  throw new Failure('malformed_header', {
    detail: 'Send the token as Authorization: Bearer <token>, with one space and nothing else.',
  })
}
