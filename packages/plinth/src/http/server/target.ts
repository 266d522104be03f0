/** Owns the reading of a request target: one normal form of each address, others refused. */

import { Failure } from '../../base/failure.ts'

/** A request target in its one normal form. */
export interface Target {
  readonly path: string
  readonly segments: readonly string[]
  readonly search: string
}

// What nearly every request looks like: unreserved characters without dots.
const plainPath = /^(?:\/[A-Za-z0-9_~-]+)+$/
const segmentForm = /^(?:[A-Za-z0-9\-._~!$&'()*+,=:@]|%[0-9A-F]{2})+$/
// An encoded unreserved character is a second name for the same thing (RFC 3986, 6.2.2.2).
const encodedUnreserved = /%(?:4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE]|3[0-9]|2[DE])/
// Encoded separators: `/` and `\`. Others on the way may take them for separators.
const encodedSeparator = /%(?:2F|5C)/
// Encoded controls: 00–1F, 7F.
const encodedControl = /%(?:[01][0-9A-F]|7F)/
// A record's natural key, `sku=A%2F1`: behind the name and its `=` a separator is data.
const keyForm = /^[A-Za-z][A-Za-z0-9]*=/
const searchForm = /^[\x21\x24-\x3b\x3d\x3f-\x7e]*$/

/**
 * Reads a target. Only one spelling of a path is taken: no empty, `.` or `..` parts, no trailing
 * slash, no `;`, no `\`, nothing encoded that need not be, upper-case hexadecimal digits, UTF-8.
 * `%2F` and `%5C` stand in a natural key alone, which is a last part like `sku=A%2F1`.
 * Failures: `not_found` for another spelling, `malformed_request` for what is no address at all.
 */
export function readTarget(target: string, host: string): Target {
  const address = target.startsWith('/') ? target : ownAddress(target, host)
  const mark = address.indexOf('?')
  const path = mark === -1 ? address : address.slice(0, mark)
  const search = mark === -1 ? '' : address.slice(mark + 1)
  if (!searchForm.test(search)) {
    throw new Failure('malformed_query', {
      detail: 'The query holds a character that must be percent-encoded.',
    })
  }
  if (path === '/') return { path, segments: [], search }
  const parts = path.slice(1).split('/')
  if (plainPath.test(path)) return { path, segments: parts, search }
  const last = parts.length - 1
  const segments = parts.map((part, at) => readSegment(part, at === last && keyForm.test(part)))
  return { path, segments, search }
}

function readSegment(segment: string, isKey: boolean): string {
  if (
    !segmentForm.test(segment) ||
    segment === '.' ||
    segment === '..' ||
    encodedControl.test(segment) ||
    (encodedSeparator.test(segment) && !isKey) ||
    encodedUnreserved.test(segment)
  ) {
    throw otherSpelling()
  }
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch (cause) {
    throw otherSpelling(cause)
  }
}

function otherSpelling(cause?: unknown): Failure {
  return new Failure('not_found', {
    detail:
      'Nothing is found under this spelling: use single slashes, none at the end, no dot parts, ' +
      'and percent-encode only what must be, as UTF-8 in upper case.',
    cause,
  })
}

/** The absolute form names our own host, or the request is not for us (RFC 9112, 3.2.2). */
function ownAddress(target: string, host: string): string {
  const match = /^https?:\/\/([^/?#@]+)(\/.*)?$/i.exec(target)
  if (match?.[1]?.toLowerCase() !== host) {
    throw new Failure('malformed_request', {
      detail: 'The request target must be a path, or an absolute address on the named host.',
    })
  }
  return match[2] ?? '/'
}
