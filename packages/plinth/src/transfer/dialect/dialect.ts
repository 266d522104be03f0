/** Owns what is known about how a CSV file is written, and how it came to be known. */

import type { Encoding, GivenEncoding } from '../csv/encoding.ts'
import type { Separator } from '../csv/splitter.ts'
import type { DateOrder } from './values/dates.ts'
import type { DecimalMark } from './values/numbers.ts'

/** How a file is written. Every part was given or shown by the file, or says on what grounds. */
export interface Dialect {
  readonly encoding: Encoding
  /** True where a U+FFFD in the decoded text stands for bytes that could not be read. */
  readonly lossy: boolean
  readonly separator: Separator
  /** The names of the header, as they stand. */
  readonly header: readonly string[]
  /** The decimal mark by the place of the column; absent where no value needs one. */
  readonly decimals: ReadonlyMap<number, DecimalMark>
  /** The order of day and month by the place of the column; absent where no value needs one. */
  readonly dates: ReadonlyMap<number, DateOrder>
  /** What was found, for people. */
  readonly findings: readonly Finding[]
}

/** One thing that is known about a file. */
export interface Finding {
  /** `encoding`, `separator`, `decimal mark of UnitPrice`, … */
  readonly what: string
  readonly value: string
  /**
   * `given` by the person who imports, `shown` by a value that can be read in one way only,
   * `inferred` from all values together, `declared` by the importer for files that do not tell.
   */
  readonly how: 'given' | 'shown' | 'inferred' | 'declared'
  /** The grounds: one clause. */
  readonly because: string
}

/** The parts of a dialect that a person may give instead of having them detected. */
export interface GivenDialect {
  readonly encoding?: GivenEncoding
  readonly separator?: Separator
  readonly decimal?: DecimalMark
  readonly dates?: DateOrder
}

/** A column that an importer reads. */
export interface WantedColumn {
  /** The names it may have in a header, the usual one first. */
  readonly names: readonly string[]
  readonly holds: 'text' | 'integer' | 'decimal' | 'date' | 'instant'
  /** The order of day and month where the file itself does not tell. */
  readonly dates?: DateOrder
}

const separatorWords: Readonly<Record<Separator, string>> = Object.freeze({
  ';': 'semicolon ;',
  ',': 'comma ,',
  '\t': 'tab',
  '|': 'bar |',
})

/** A separator as a word, for people. */
export function separatorWord(separator: Separator): string {
  return separatorWords[separator]
}

/** One line per finding, for the terminal. */
export function describeDialect(dialect: Dialect): readonly string[] {
  return dialect.findings.map(
    ({ what, value, how, because }) => `${what}: ${value} (${how}${because && `: ${because}`})`,
  )
}
