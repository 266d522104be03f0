/** Owns the headers that say under which conditions a call counts, and what its reply holds. */

import { Failure } from '../../base/failure.ts'

// `"7"` or `"7-…"`: the version, and a mark of the form that was sent (see reply/etag.ts).
const tagForm = /^(W\/)?"([1-9][0-9]{0,14})?(-[A-Za-z0-9_-]+)?"$/

/**
 * The version of an If-Match header. A tag that is well formed but not ours, or weak, becomes 0,
 * which no record has: then the engine decides, after the rules, what the caller may learn.
 *
 * @throws Failure `malformed_header`.
 */
export function readIfMatch(header: string | undefined): number | 'any' | undefined {
  if (header === undefined) return undefined
  if (header === '*') return 'any'
  const match = tagForm.exec(header)
  if (match !== null) return match[1] === undefined ? Number(match[2] ?? 0) : 0
  if (/^(W\/)?"[\x21\x23-\x7e]*"$/.test(header)) return 0
  throw malformed('If-Match', 'Send one entity tag as it came in ETag, or *.')
}

/** The tags of an If-None-Match header; `any` for `*`. */
export function readIfNoneMatch(header: string | undefined): 'any' | readonly string[] | undefined {
  if (header === undefined) return undefined
  if (header === '*') return 'any'
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  if (tags.every((tag) => /^"[\x21\x23-\x7e]*"$/.test(tag))) return tags
  throw malformed('If-None-Match', 'Send entity tags as they came in ETag, or *.')
}

/**
 * What a caller prefers (RFC 7240), by lower-case name; a preference without a value is ''. Of one
 * given twice the first counts; those that we do not know are passed over, as the RFC says.
 */
export function readPreferences(header: string | undefined): ReadonlyMap<string, string> {
  const preferences = new Map<string, string>()
  for (const part of (header ?? '').toLowerCase().split(',')) {
    const [preference = ''] = part.split(';')
    const [name = '', value = ''] = preference.split('=').map((piece) => piece.trim())
    if (!preferences.has(name)) preferences.set(name, value.replace(/^"(.*)"$/, '$1'))
  }
  return preferences
}

/** True where a caller prefers no body. */
export function prefersMinimal(header: string | undefined): boolean {
  return header !== undefined && readPreferences(header).get('return') === 'minimal'
}

/** True where a caller prefers to be answered later. */
export function prefersLater(header: string | undefined): boolean {
  return header !== undefined && readPreferences(header).has('respond-async')
}

function malformed(header: string, cure: string): Failure {
  return new Failure('malformed_header', { detail: `${header} could not be read. ${cure}` })
}
