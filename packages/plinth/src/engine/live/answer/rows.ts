/** Owns the cutting of an answer into its rows: the text of each, as it was written, and its id. */

import { assert } from '../../../base/assert.ts'

/** A row of an answer. */
export interface LiveRow {
  readonly id: string
  /** Its JSON, the very text that the read answered. */
  readonly text: string
}

/** What a read came to. */
export interface LiveRows {
  readonly rows: readonly LiveRow[]
  /** True where the list is longer than its limit. */
  readonly more: boolean
  /** `"count":…` with what belongs to it; empty where none was asked for. */
  readonly count: string
}

/** What a read of one record comes to where there is none for the caller. */
export const noRows: LiveRows = Object.freeze({ rows: [], more: false, count: '' })

/** The row of the answer to a read of one record. */
export function oneRow(body: string): LiveRows {
  const { id } = rowAt(body, 0)
  return { rows: [{ id, text: body }], more: false, count: '' }
}

const opening = '{"data":['

/** The rows of the answer to a list. Nothing is parsed and written again: numbers stay exact. */
export function listRows(body: string): LiveRows {
  assert(body.startsWith(opening), 'a list answers with its data first')
  const rows: LiveRow[] = []
  let place = opening.length
  while (body.charCodeAt(place) === brace) {
    const { id, end } = rowAt(body, place)
    rows.push({ id, text: body.slice(place, end) })
    place = body.charCodeAt(end) === comma ? end + 1 : end
  }
  const rest = JSON.parse(`{${body.slice(place + 2)}`) as Rest
  const { page, count, countExact } = rest
  const more = page.hasNext ?? (page.next !== null || page.previous !== null)
  if (count === undefined) return { rows, more, count: '' }
  const exact = countExact === undefined ? '' : `,"countExact":${countExact}`
  return { rows, more, count: `"count":${count}${exact}` }
}

interface Rest {
  readonly page: { readonly next: unknown; readonly previous: unknown; readonly hasNext?: boolean }
  readonly count?: number
  readonly countExact?: boolean
}

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const backslash = 0x5c
const bracket = 0x5b
const bracketEnd = 0x5d
const brace = 0x7b
const braceEnd = 0x7d

/** Where the object that begins at a place ends, and the id that it has. */
function rowAt(text: string, start: number): { readonly id: string; readonly end: number } {
  let depth = 0
  let id: string | undefined
  let place = start
  for (;;) {
    const code = text.charCodeAt(place)
    assert(!Number.isNaN(code), 'an answer ends where its rows have ended')
    if (code === quote) {
      const end = stringEnd(text, place)
      if (depth === 1 && id === undefined && isIdKey(text, place, end)) {
        const last = stringEnd(text, end + 1)
        id = text.slice(end + 2, last - 1)
        place = last
      } else place = end
      continue
    }
    if (code === brace || code === bracket) depth++
    else if ((code === braceEnd || code === bracketEnd) && --depth === 0) break
    place++
  }
  assert(id !== undefined, 'every row has an id')
  return { id, end: place + 1 }
}

/** The place behind the closing quote. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end + 1
}

function isEscaped(text: string, place: number): boolean {
  let count = 0
  while (text.charCodeAt(place - 1 - count) === backslash) count++
  return count % 2 === 1
}

function isIdKey(text: string, start: number, end: number): boolean {
  if (end - start !== 4 || !text.startsWith('"id"', start)) return false
  return text.charCodeAt(end) === colon && text.charCodeAt(end + 1) === quote
}
