/** Owns entity tags: the record's version, and a mark of the very form that was sent. */

import { hash } from 'node:crypto'

const markCharacters = 10

/**
 * The tag of one record's reply: `"7-kX0b…"`. The version is what If-Match compares. The mark
 * covers the body, because two callers, or two selections with other included records, get
 * different bodies of the same version (security B15). Without a body the version stands alone.
 */
export function etagOf(version: number, body: string | undefined): string {
  if (body === undefined) return `"${version}"`
  return `"${version}-${hash('sha256', body, 'base64url').slice(0, markCharacters)}"`
}
