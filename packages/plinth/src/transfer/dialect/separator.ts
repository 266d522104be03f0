/** Owns telling which character separates the cells of a file. */

import { CsvSplitter, type Separator } from '../csv/splitter.ts'
import type { WantedColumn } from './dialect.ts'
import { countKnown } from './header.ts'

/** Every separator, the likeliest first: the order decides only between equals. */
export const separators: readonly Separator[] = Object.freeze([';', ',', '\t', '|'])

/** What the sample looks like when it is cut at one separator. */
export interface SeparatorTrial {
  readonly separator: Separator
  readonly header: readonly string[]
  /** Wanted columns that its header has. */
  readonly known: number
  readonly records: number
  /** Records with as many cells as the header. */
  readonly even: number
}

/** Cuts a sample at each separator; the best reading comes first. */
export function trySeparators(
  sample: string,
  wanted: readonly WantedColumn[],
): readonly SeparatorTrial[] {
  const trials = separators.map((separator) => tryOne(separator, sample, wanted))
  return trials.sort(
    (one, other) =>
      other.known - one.known ||
      Number(other.header.length > 1) - Number(one.header.length > 1) ||
      evenness(other) - evenness(one) ||
      other.header.length - one.header.length,
  )
}

function tryOne(
  separator: Separator,
  sample: string,
  wanted: readonly WantedColumn[],
): SeparatorTrial {
  const records = new CsvSplitter({ separator, sameWidth: false }).push(sample)
  const header = records[0]?.cells ?? []
  const even = records.filter(({ cells, problem }) => !problem && cells.length === header.length)
  return {
    separator,
    header,
    known: countKnown(header, wanted),
    records: records.length,
    even: even.length,
  }
}

function evenness(trial: SeparatorTrial): number {
  return trial.records === 0 ? 0 : trial.even / trial.records
}
