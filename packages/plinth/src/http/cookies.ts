/** Owns cookies: strict reading of the request's, safe writing of ours. */

import { assert } from '../base/assert.ts'
import { Failure } from '../base/failure.ts'

/** How one cookie is set. All cookies are `Secure; HttpOnly; Path=/` without a domain. */
export interface CookieOptions {
  /** Default `Lax`. The console takes `Strict`. */
  readonly sameSite?: 'Lax' | 'Strict'
  /** Absent: the cookie ends with the browser. 0: it is removed. */
  readonly maxAgeSeconds?: number
}

const cookieBytesMax = 4096
// RFC 6265: a token, and cookie octets without quotes.
const nameForm = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/
const valueForm = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/
// What may stand around a cookie, and no more. To browsers a name that begins with any other space
// is another name: a neighbouring host may set it, `__Host-` or not.
const around = /^[ \t]+|[ \t]+$/g

/**
 * Reads the value of one cookie from a `cookie` header. One that is there twice is refused with
 * Failure `malformed_header`: somebody on a neighbouring host may have planted one of them.
 * Anything else in the header, however odd, belongs to others and is passed over.
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  let found: string | undefined
  for (const part of header.split(';')) {
    const equals = part.indexOf('=')
    if (equals === -1 || part.slice(0, equals).replace(around, '') !== name) continue
    if (found !== undefined) {
      throw new Failure('malformed_header', {
        detail: `The cookie ${name} came twice; remove the cookies of this site and sign in again.`,
      })
    }
    found = part.slice(equals + 1).replace(around, '')
  }
  return found !== undefined && valueForm.test(found) ? found : undefined
}

/**
 * The value of a `set-cookie` header. The name must start with `__Host-`: then browsers insist on
 * Secure, Path=/ and no Domain, and no other host can plant it. That holds in development too:
 * browsers take `http://localhost` for trustworthy and keep Secure cookies there (Safari does not:
 * develop under https or with a bearer token there). There is no insecure variant on purpose: a
 * switch that weakens the cookie would one day be on in production.
 */
export function writeCookie(name: string, value: string, options: CookieOptions = {}): string {
  assert(name.startsWith('__Host-') && nameForm.test(name), 'a cookie is named __Host-…')
  assert(valueForm.test(value), 'a cookie value holds only cookie octets')
  const age = options.maxAgeSeconds === undefined ? '' : `; Max-Age=${options.maxAgeSeconds}`
  const sameSite = options.sameSite ?? 'Lax'
  const text = `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=${sameSite}${age}`
  assert(text.length <= cookieBytesMax, 'a cookie fits the 4096 bytes that browsers keep')
  return text
}

/** The headers that remove a cookie and whatever the browser kept of this site. */
export function clearCookie(name: string): Record<string, string> {
  return {
    'set-cookie': writeCookie(name, '', { maxAgeSeconds: 0 }),
    'clear-site-data': '"cache", "cookies", "storage"',
  }
}
