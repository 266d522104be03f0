/** Owns telling, column by column, the decimal mark and the order of dates. */

import { Failure, type Problem } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { CsvBatch } from '../csv/reader.ts'
import type { Finding, GivenDialect, WantedColumn } from './dialect.ts'
import {
  type DateTally,
  dateTally,
  dayOrders,
  decimalMarks,
  decimalTally,
  inferDateOrder,
  shownBy,
  type Tally,
  type Voice,
} from './evidence.ts'
import type { DateOrder } from './values/dates.ts'
import type { DecimalEvidence, DecimalMark } from './values/numbers.ts'

/** How the values of each column are to be read, by the place of the column. */
export interface ColumnReading {
  readonly decimals: ReadonlyMap<number, DecimalMark>
  readonly dates: ReadonlyMap<number, DateOrder>
  readonly findings: readonly Finding[]
}

/** What the columns are and what is known already. */
export interface ColumnQuestion {
  readonly header: readonly string[]
  readonly places: readonly number[]
  readonly wanted: readonly WantedColumn[]
  readonly given: GivenDialect
}

interface Watched {
  readonly place: number
  readonly name: string
  readonly column: WantedColumn
}

interface NumberColumn extends Watched {
  readonly tally: Tally<DecimalEvidence>
}

interface DateColumn extends Watched {
  readonly tally: DateTally
}

/**
 * Reads values until every column has shown how it is written, or to the end.
 *
 * @throws Failure `invalid_input` with every column that stays open or contradicts itself.
 */
export async function readColumns(
  batches: AsyncIterable<CsvBatch>,
  question: ColumnQuestion,
): Promise<ColumnReading> {
  const watched = question.wanted.map((column, index) => {
    const place = question.places[index] ?? -1
    return { place, name: question.header[place] ?? '', column }
  })
  const numbers = watched
    .filter(({ column }) => column.holds === 'decimal' || column.holds === 'integer')
    .map((one): NumberColumn => ({ ...one, tally: decimalTally() }))
  const dates = watched
    .filter(({ column }) => column.holds === 'date' || column.holds === 'instant')
    .map((one): DateColumn => ({ ...one, tally: dateTally() }))
  const columns = { numbers, dates, given: question.given }
  await takeValues(batches, columns)
  return conclude(columns)
}

interface Columns {
  readonly numbers: readonly NumberColumn[]
  readonly dates: readonly DateColumn[]
  readonly given: GivenDialect
}

async function takeValues(batches: AsyncIterable<CsvBatch>, columns: Columns): Promise<void> {
  const { numbers, dates, given } = columns
  const open = [
    ...(given.decimal ? [] : numbers.map((one) => ({ ...one, settled: numberSettled(one) }))),
    ...(given.dates ? [] : dates.map((one) => ({ ...one, settled: dateSettled(one) }))),
  ]
  let header = true
  for await (const { records, bytes } of batches) {
    for (const record of records) {
      if (header) header = false
      else if (record.problem === undefined) {
        for (const { place, tally } of open)
          tally.take((record.cells[place] ?? '').trim(), record.line)
      }
    }
    // Past the sample, only what is still open keeps the file being read.
    if (bytes >= limits.csvSampleBytes && open.every(({ settled }) => settled())) return
  }
}

/** Whole numbers without any mark need none; a decimal column is read until a mark is shown. */
function numberSettled({ tally, column }: NumberColumn): () => boolean {
  return () =>
    shownBy(tally.voices, decimalMarks) !== undefined ||
    (column.holds === 'integer' && !tally.voices.has('either'))
}

function dateSettled({ tally }: DateColumn): () => boolean {
  return () =>
    shownBy(tally.voices, dayOrders) !== undefined ||
    (tally.voices.has('year-first') && !tally.voices.has('either'))
}

function conclude({ numbers, dates, given }: Columns): ColumnReading {
  const problems: Problem[] = []
  const marks = concludeNumbers(numbers, given, problems)
  const orders = dates.map((one) => concludeDate(one, given, problems))
  if (problems.length > 0) {
    const detail = problems.map(({ pointer, detail }) => `Column ${pointer}: ${detail}`).join(' ')
    throw new Failure('invalid_input', { detail, problems })
  }
  return {
    decimals: placed(numbers, marks),
    dates: placed(dates, orders),
    findings: [...marks, ...orders].flatMap((one) => one?.finding ?? []),
  }
}

interface Conclusion<T extends string> {
  readonly value: T
  readonly finding: Finding | undefined
}

function placed<T extends string>(
  columns: readonly Watched[],
  conclusions: readonly (Conclusion<T> | undefined)[],
): ReadonlyMap<number, T> {
  return new Map(
    columns.flatMap(({ place }, index) => {
      const found = conclusions[index]
      return found ? [[place, found.value] as const] : []
    }),
  )
}

function concludeNumbers(
  columns: readonly NumberColumn[],
  given: GivenDialect,
  problems: Problem[],
): readonly (Conclusion<DecimalMark> | undefined)[] {
  const shown = columns.map(({ tally }) => shownBy(tally.voices, decimalMarks))
  const agreed = new Set(shown.filter((mark) => mark !== undefined && mark !== 'mixed'))
  const [elsewhere] = agreed.size === 1 ? agreed : []
  return columns.map(({ name, tally }, index) => {
    const what = `decimal mark of ${name}`
    const mark = shown[index]
    if (given.decimal) return concluded(what, given.decimal, ['given', ''])
    if (mark === 'mixed') {
      problems.push(mixed(name, tally.voices, markFlags))
      return undefined
    }
    if (mark) return concluded(what, mark, ['shown', example(tally.voices.get(mark))])
    const either = tally.voices.get('either')
    // Without such a value the mark matters to nobody who reads the findings.
    if (elsewhere && !either) return { value: elsewhere, finding: undefined }
    if (elsewhere) return concluded(what, elsewhere, ['inferred', 'as in the other columns'])
    if (either) problems.push(openMark(name, either))
    return undefined
  })
}

function concludeDate(
  { name, tally, column }: DateColumn,
  given: GivenDialect,
  problems: Problem[],
): Conclusion<DateOrder> | undefined {
  const { voices } = tally
  const what = `date order of ${name}`
  const order = shownBy(voices, dayOrders)
  if (given.dates) return concluded(what, given.dates, ['given', ''])
  if (order === 'mixed') {
    problems.push(mixed(name, voices, orderFlags))
    return undefined
  }
  if (order) return concluded(what, order, ['shown', example(voices.get(order))])
  const either = voices.get('either')
  const years = voices.get('year-first')
  if (!either) return years && concluded(what, 'year-first', ['shown', example(years)])
  const inferred = inferDateOrder(tally)
  if (inferred) return concluded(what, inferred, ['inferred', inferredBecause(tally, inferred)])
  if (column.dates)
    return concluded(what, column.dates, ['declared', 'the file can be read either way'])
  problems.push(openOrder(name, either))
  return undefined
}

function concluded<T extends string>(
  what: string,
  value: T,
  [how, because]: readonly [Finding['how'], string],
): Conclusion<T> {
  return { value, finding: { what, value, how, because } }
}

function inferredBecause({ firsts, seconds }: DateTally, order: DateOrder): string {
  const days = order === 'day-first' ? firsts.size : seconds.size
  const [month] = order === 'day-first' ? seconds : firsts
  const otherwise = `always day ${month} of ${days} months otherwise`
  return `${days} days of month ${month} that way, ${otherwise}; say --dates if that is wrong`
}

function example(voice: Voice | undefined): string {
  return voice ? `${voice.text} on line ${voice.line}` : ''
}

/** The readings that can contradict each other, and what settles it. */
interface Choice {
  readonly readings: readonly string[]
  readonly flags: string
}

const markFlags: Choice = { readings: decimalMarks, flags: '--decimal comma or --decimal point' }
const orderFlags: Choice = {
  readings: dayOrders,
  flags: '--dates day-first or --dates month-first',
}

function mixed(
  name: string,
  voices: ReadonlyMap<string, Voice>,
  { readings, flags }: Choice,
): Problem {
  const both = readings
    .map((reading) => `${reading} (${example(voices.get(reading))})`)
    .join(' and ')
  const cure = `Say ${flags}; values that do not fit are rejected then.`
  const detail = `holds values that are ${both}. ${cure}`
  return { pointer: name, code: 'mixed', detail }
}

const twoWays = 'can be read in two ways, and no other value tells which.'

function openMark(name: string, either: Voice): Problem {
  const detail = `${example(either)} ${twoWays} Say ${markFlags.flags}.`
  return { pointer: name, code: 'ambiguous', detail }
}

function openOrder(name: string, either: Voice): Problem {
  const detail = `${example(either)} ${twoWays} Say ${orderFlags.flags}.`
  return { pointer: name, code: 'ambiguous', detail }
}
