/** Owns the wording of problems that all kinds share. */

import { Failure } from '../../base/failure.ts'
import { isExactNumber } from '../../base/json.ts'
import type { Report } from '../kind.ts'

/** Stable codes of what can be wrong with one value. */
export type ProblemCode =
  | 'wrong_type'
  | 'too_short'
  | 'too_long'
  | 'out_of_range'
  | 'not_in_choices'
  | 'bad_format'
  | 'not_well_formed'
  | 'too_precise'
  | 'too_deep'
  | 'unknown_key'
  | 'unknown_role'

/** Reports a problem of the value itself; returns undefined, so that a check can return it. */
export function refuse(report: Report, code: ProblemCode, detail: string): undefined {
  report('', code, detail)
}

/** Reports that the JSON type is another than the expected form. */
export function refuseType(report: Report, expected: string, input: unknown): undefined {
  report('', 'wrong_type', `Give ${expected}, not ${jsonTypeOf(input)}.`)
}

/** The JSON type of an input, with its article. */
export function jsonTypeOf(input: unknown): string {
  if (input === null) return 'null'
  if (input === undefined) return 'nothing'
  if (Array.isArray(input)) return 'a list'
  if (typeof input === 'string') return 'a text'
  if (typeof input === 'number' || typeof input === 'bigint') return 'a number'
  if (typeof input === 'boolean') return 'true or false'
  if (isExactNumber(input)) return 'a number of that size or precision'
  return 'an object'
}

/** Ends a declaration whose options contradict each other or PostgreSQL. */
export function demand(condition: unknown, detail: string): asserts condition {
  if (!condition) throw new Failure('declaration_invalid', { detail })
}

/**
 * True for a text that PostgreSQL and JSON can hold: no lone surrogate, no NUL. Reports otherwise.
 */
export function storable(text: string, report: Report): boolean {
  if (!text.isWellFormed()) {
    refuse(report, 'not_well_formed', 'Give well-formed Unicode: this text holds half a character.')
    return false
  }
  if (text.includes('\0')) {
    refuse(report, 'not_well_formed', 'Leave out the NUL character (U+0000).')
    return false
  }
  return true
}

/** How many characters (code points, as PostgreSQL's char_length counts them) a text has. */
export function characterCount(text: string): number {
  let count = text.length
  for (let index = 0; index < text.length - 1; index++) {
    const unit = text.charCodeAt(index)
    if (unit >= 0xd800 && unit < 0xdc00) {
      count--
      index++
    }
  }
  return count
}

/** A count and its word: `1 item`, `2 items`. */
export function counted(count: number, word: string): string {
  return count === 1 ? `1 ${word}` : `${count} ${word}s`
}
