/** Owns the check that a value is JSON which PostgreSQL's jsonb keeps without loss. */

import { doubleOf, isExactNumber } from '../../base/json.ts'
import { limits } from '../../base/limits.ts'
import type { Json, Report } from '../kind.ts'
import { jsonTypeOf, storable } from './problems.ts'

/**
 * The value as JSON, or undefined where a problem was reported: text that is not well formed, a
 * number that a double does not hold, too many levels, or something that is not JSON at all.
 * Objects and lists are copied, so that nobody changes them afterwards.
 */
export function checkJson(input: unknown, report: Report): Json | undefined {
  return checkAt(input, { pointer: '', depth: 0, report })
}

interface Place {
  readonly pointer: string
  readonly depth: number
  readonly report: Report
}

function checkAt(input: unknown, place: Place): Json | undefined {
  if (input === null || typeof input === 'boolean') return input
  if (typeof input === 'string') return storable(input, below(place)) ? input : undefined
  if (typeof input === 'number' || isExactNumber(input)) return checkNumber(input, place)
  if (typeof input !== 'object' || !(Array.isArray(input) || isPlain(input))) {
    place.report(place.pointer, 'wrong_type', `Give JSON, not ${jsonTypeOf(input)} of code.`)
    return undefined
  }
  if (place.depth >= limits.jsonDepthMax) {
    const detail = `Give JSON of at most ${limits.jsonDepthMax} levels.`
    place.report(place.pointer, 'too_deep', detail)
    return undefined
  }
  return Array.isArray(input) ? checkList(input, place) : checkObject(input, place)
}

function checkNumber(input: unknown, place: Place): number | undefined {
  const number = isExactNumber(input) ? doubleOf(input) : input
  // jsonb knows no negative zero.
  if (typeof number === 'number' && Number.isFinite(number)) return number === 0 ? 0 : number
  const detail = 'Give a number that fits a double exactly, or write it as a text.'
  place.report(place.pointer, 'too_precise', detail)
  return undefined
}

function checkList(input: readonly unknown[], place: Place): Json | undefined {
  const items: Json[] = []
  for (let index = 0; index < input.length; index++) {
    const item = checkAt(input[index], inside(place, index))
    if (item === undefined) return undefined
    items.push(item)
  }
  return Object.freeze(items)
}

function checkObject(input: object, place: Place): Json | undefined {
  const entries: [string, Json][] = []
  for (const [key, value] of Object.entries(input)) {
    if (!storable(key, below(place))) return undefined
    if (key === '__proto__') {
      place.report(place.pointer, 'bad_format', 'Leave out the key __proto__.')
      return undefined
    }
    const item = checkAt(value, inside(place, key))
    if (item === undefined) return undefined
    entries.push([key, item])
  }
  return Object.freeze(Object.fromEntries(entries))
}

function isPlain(input: object): boolean {
  const prototype = Object.getPrototypeOf(input)
  return prototype === null || prototype === Object.prototype
}

function below({ pointer, report }: Place): Report {
  return (_, code, detail) => report(pointer, code, detail)
}

function inside({ pointer, depth, report }: Place, key: string | number): Place {
  const step = String(key).replaceAll('~', '~0').replaceAll('/', '~1')
  return { pointer: `${pointer}/${step}`, depth: depth + 1, report }
}
