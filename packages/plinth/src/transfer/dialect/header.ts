/** Owns finding the wanted columns in the header of a file. */

import { Failure } from '../../base/failure.ts'
import type { WantedColumn } from './dialect.ts'

/** Where the wanted columns stand, and what else the file has. */
export interface HeaderMatch {
  /** The place of each wanted column, in the order in which they are wanted. */
  readonly places: readonly number[]
  /** Names of columns that nobody asked for. */
  readonly unused: readonly string[]
}

/** Names are the same where only case, spaces, `_` and `-` differ. */
export function nameKey(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_\-\ufeff]+/g, '')
}

/** How many of the wanted columns a header has. */
export function countKnown(header: readonly string[], wanted: readonly WantedColumn[]): number {
  const keys = new Set(header.map(nameKey))
  return wanted.filter((column) => column.names.some((name) => keys.has(nameKey(name)))).length
}

/**
 * Finds each wanted column by one of its names.
 *
 * @throws Failure `invalid_input` that lists every missing and every doubled column, what was
 * found instead and which name comes near.
 */
export function matchHeader(
  header: readonly string[],
  wanted: readonly WantedColumn[],
): HeaderMatch {
  const keys = header.map(nameKey)
  const problems: { pointer: string; code: string; detail: string }[] = []
  const places = wanted.map((column) => {
    const names = column.names.map(nameKey)
    const found = keys.flatMap((key, place) => (names.includes(key) ? [place] : []))
    const pointer = column.names[0] ?? ''
    if (found.length === 0) {
      problems.push({ pointer, code: 'missing', detail: missing(column, header) })
    } else if (found.length > 1) {
      const both = found.map((place) => header[place]).join(' and ')
      problems.push({ pointer, code: 'doubled', detail: `stands twice in the header, as ${both}` })
    }
    return found[0] ?? -1
  })
  if (problems.length > 0) throw headerFailure(header, problems)
  const used = new Set(places)
  return { places, unused: header.filter((_, place) => !used.has(place)) }
}

function missing(column: WantedColumn, header: readonly string[]): string {
  const near = nearest(column.names, header)
  const names = column.names.length > 1 ? ` (also called ${column.names.slice(1).join(', ')})` : ''
  return `is missing${names}${near === undefined ? '' : `; did you mean ${near}?`}`
}

function headerFailure(
  header: readonly string[],
  problems: readonly { pointer: string; code: string; detail: string }[],
): Failure {
  const sentences = problems.map(({ pointer, detail }) => `column ${pointer} ${detail}`)
  const shown = header.map((name) => name.slice(0, 60)).slice(0, 40)
  const wrong = `The first line must name the columns: ${sentences.join('; ')}.`
  const detail = `${wrong} It has: ${shown.join(', ')}.`
  return new Failure('invalid_input', { detail, problems })
}

function nearest(names: readonly string[], header: readonly string[]): string | undefined {
  const wanted = names.map(nameKey)
  const ranked = header
    .map((name) => ({ name, steps: Math.min(...wanted.map((one) => steps(one, nameKey(name)))) }))
    .filter((one) => one.steps < Number.POSITIVE_INFINITY)
    .sort((one, other) => one.steps - other.steps)
  return ranked[0]?.name
}

/** How far a name is from the wanted one; infinite where it does not come near. */
function steps(wanted: string, name: string): number {
  const edits = distance(wanted, name)
  if (edits <= 2 && name.length > 2) return edits
  const inside = name.length > 2 && (wanted.includes(name) || name.includes(wanted))
  return inside ? 3 : Number.POSITIVE_INFINITY
}

/** Single-character edits between two short names. */
function distance(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > 2) return Number.POSITIVE_INFINITY
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= other.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}
