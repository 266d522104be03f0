/** Owns the text form of PostgreSQL arrays of one dimension. */

import { assert } from '../../base/assert.ts'

/**
 * The array literal of texts, for a parameter such as `$1::text[]`; each in its own type's text
 * form. Every item is quoted, so that none can be taken for NULL or for a delimiter.
 */
export function arrayLiteral(items: readonly (string | null)[]): string {
  let text = '{'
  for (let index = 0; index < items.length; index++) {
    const item = items[index] ?? null
    if (index > 0) text += ','
    text += item === null ? 'NULL' : `"${item.replace(/["\\]/g, '\\$&')}"`
  }
  return `${text}}`
}

/** Reads an array out of PostgreSQL's text form. */
export function readArray(text: string): (string | null)[] {
  assert(text.charCodeAt(0) === 123, 'an array begins with a brace and with item 1')
  if (text.length === 2) return []
  if (!text.includes('"')) {
    return text
      .slice(1, -1)
      .split(',')
      .map((item) => (item === 'NULL' ? null : item))
  }
  const items: (string | null)[] = []
  let at = 1
  while (at < text.length) {
    const end = text.charCodeAt(at) === 34 ? closingQuote(text, at + 1) + 1 : nextEnd(text, at)
    items.push(readItem(text.slice(at, end)))
    at = end + 1
  }
  return items
}

function readItem(text: string): string | null {
  if (text.charCodeAt(0) !== 34) return text === 'NULL' ? null : text
  const inner = text.slice(1, -1)
  return inner.includes('\\') ? inner.replace(/\\(.)/gs, '$1') : inner
}

function closingQuote(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) !== 34) at += text.charCodeAt(at) === 92 ? 2 : 1
  return at
}

function nextEnd(text: string, from: number): number {
  const comma = text.indexOf(',', from)
  return comma === -1 ? text.length - 1 : comma
}
