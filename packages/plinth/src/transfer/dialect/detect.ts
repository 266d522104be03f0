/** Owns detecting how a CSV file is written, before anything is read from it. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { decodeText, type EncodingSurvey, markedEncoding, surveyEncoding } from '../csv/encoding.ts'
import { readCsv } from '../csv/reader.ts'
import type { ByteSource } from '../csv/source.ts'
import type { Separator } from '../csv/splitter.ts'
import { type ColumnReading, readColumns } from './columns.ts'
import type { WantedColumn } from './dialect.ts'
import { type Dialect, type Finding, type GivenDialect, separatorWord } from './dialect.ts'
import { matchHeader } from './header.ts'
import { trySeparators } from './separator.ts'

/** A dialect, and where in the file the wanted columns stand. */
export interface DetectedFile {
  readonly dialect: Dialect
  /** The place of each wanted column, in the order in which they are wanted. */
  readonly places: readonly number[]
  /** Names of columns that nobody asked for. */
  readonly unused: readonly string[]
}

/**
 * Finds out how a file is written: encoding from all bytes, separator and header from the start,
 * decimal mark and order of dates from the values, reading on, if need be to the end of the file,
 * until a value decides. What the file does not tell is never guessed.
 *
 * @throws Failure `invalid_input` where columns are missing, where values contradict each other,
 * or where nothing tells how to read them; it names the flag that settles it.
 */
export async function detectFile(
  source: ByteSource,
  wanted: readonly WantedColumn[],
  given: GivenDialect = {},
): Promise<DetectedFile> {
  const encoded = await encodingOf(source, given)
  const cut = await separatorOf(source, { encoded, wanted, given })
  const { places, unused } = matchHeader(cut.header, wanted)
  const options = { encoding: encoded.encoding, separator: cut.separator, lossy: encoded.lossy }
  const batches = readCsv(source, options)
  const columns = await readColumns(batches, { header: cut.header, places, wanted, given })
  const dialect = dialectOf({ encoded, cut, columns, given })
  return { dialect, places, unused }
}

interface Cut {
  readonly separator: Separator
  readonly header: readonly string[]
  readonly because: string
}

interface Parts {
  readonly encoded: EncodingSurvey
  readonly cut: Cut
  readonly columns: ColumnReading
  readonly given: GivenDialect
}

function dialectOf({ encoded, cut, columns, given }: Parts): Dialect {
  const findings: Finding[] = [
    {
      what: 'encoding',
      value: encoded.encoding,
      how: given.encoding ? 'given' : 'shown',
      because: given.encoding ? '' : encoded.because,
    },
    {
      what: 'separator',
      value: separatorWord(cut.separator),
      how: given.separator ? 'given' : 'shown',
      because: cut.because,
    },
    ...columns.findings,
  ]
  return Object.freeze({
    encoding: encoded.encoding,
    lossy: encoded.lossy,
    separator: cut.separator,
    header: cut.header,
    decimals: columns.decimals,
    dates: columns.dates,
    findings,
  })
}

async function encodingOf(source: ByteSource, given: GivenDialect): Promise<EncodingSurvey> {
  if (given.encoding === undefined) return surveyEncoding(source.open())
  const marked = await markedEncoding(source.open())
  const wide = given.encoding === 'utf-16'
  const encoding = wide ? (marked ?? 'utf-16le') : given.encoding
  if (marked !== undefined && (marked !== encoding || (wide && marked === 'utf-8'))) {
    const found = `${source.name} begins with the byte order mark of ${marked}`
    const detail = `${found}: leave --encoding out.`
    throw new Failure('invalid_input', { detail })
  }
  const lossy = encoding !== 'windows-1252'
  return { encoding, mark: marked !== undefined, lossy, because: '' }
}

interface SeparatorQuestion {
  readonly encoded: EncodingSurvey
  readonly wanted: readonly WantedColumn[]
  readonly given: GivenDialect
}

async function separatorOf(source: ByteSource, question: SeparatorQuestion): Promise<Cut> {
  const { encoded, wanted, given } = question
  const sample = await sampleOf(source, encoded)
  const trials = trySeparators(sample, wanted)
  const best = given.separator
    ? trials.find(({ separator }) => separator === given.separator)
    : trials[0]
  const header = best?.header.map((name) => name.trim()) ?? []
  if (!best || header.every((name) => name === '')) {
    const detail = `${source.name} has no first line that names its columns.`
    throw new Failure('invalid_input', { detail })
  }
  if (header.length > limits.csvColumnsMax) {
    const most = `at most ${limits.csvColumnsMax} can be read`
    const detail = `${source.name} has ${header.length} columns; ${most}.`
    throw new Failure('invalid_input', { detail })
  }
  const because = given.separator ? '' : `${header.length} columns`
  return { separator: best.separator, header, because }
}

/** The start of the file as text, ending in a line break so that its last line counts. */
async function sampleOf(source: ByteSource, encoded: EncodingSurvey): Promise<string> {
  let text = ''
  for await (const piece of decodeText(source.open(), encoded.encoding)) {
    text += piece
    if (text.length >= limits.csvSampleBytes) return text
  }
  return `${text}\n`
}
