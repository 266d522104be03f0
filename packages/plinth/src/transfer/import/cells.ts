/** Owns the words by which an importer says what the cells of a column hold. */

import { Failure } from '../../base/failure.ts'
import { instantText } from '../../base/time.ts'
import { isCurrency, type Money, minorUnitDigits } from '../../kinds/kinds.ts'
import type { WantedColumn } from '../dialect/dialect.ts'
import { type DateOrder, parseDate, type WallTime } from '../dialect/values/dates.ts'
import { type DecimalMark, minorUnits, parseDecimal } from '../dialect/values/numbers.ts'
import { wallClock } from '../dialect/values/zones.ts'

/** How the values of one column are written in the file at hand. */
export interface CellForm {
  readonly decimal: DecimalMark | undefined
  readonly dates: DateOrder | undefined
}

/** Says what a cell should hold instead: `a number like 2.55`. */
export type Expect = (form: string) => undefined

/** A column of a file and what its cells hold. `T` is the value that the importer gets. */
export interface Cell<T> extends WantedColumn {
  readonly optional: boolean
  /** Makes the function that reads cells written in this form. */
  readonly reader: (form: CellForm) => (text: string, expect: Expect) => T | undefined
}

/** Options of every cell. */
export interface CellOptions<O extends boolean> {
  /** True: an empty cell is null. Default false: the row is rejected. */
  readonly optional?: O
}

/** The value of a cell that may be optional. */
type Maybe<T, O extends boolean> = O extends true ? T | null : T

/** A column's name, or its names: the usual one first. Case, spaces, `_` and `-` do not matter. */
export type ColumnNames = string | readonly string[]

/** Options of cells that hold text. */
export interface TextCellOptions {
  /** True: line breaks inside a cell are kept. Default false: each becomes a space. */
  readonly multiline?: boolean
}

function textCell<const O extends boolean = false>(
  names: ColumnNames,
  options: CellOptions<O> & TextCellOptions = {},
): Cell<Maybe<string, O>> {
  const { multiline = false } = options
  return make(names, { ...options, holds: 'text' }, () => (text) => {
    return multiline || !/[\r\n]/.test(text) ? text : oneLine(text)
  })
}

function oneLine(text: string): string {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim())
  return lines.filter((line) => line !== '').join(' ')
}

function integerCell<const O extends boolean = false>(
  names: ColumnNames,
  options: CellOptions<O> = {},
): Cell<Maybe<number, O>> {
  return make(names, { ...options, holds: 'integer' }, ({ decimal }) => (text, expect) => {
    const number = Number(minorUnits(plainNumber(text, decimal) ?? '', 0) ?? Number.NaN)
    return Number.isSafeInteger(number) ? number : expect('a whole number')
  })
}

function decimalCell<const O extends boolean = false>(
  names: ColumnNames,
  options: CellOptions<O> = {},
): Cell<Maybe<string, O>> {
  return make(names, { ...options, holds: 'decimal' }, ({ decimal }) => (text, expect) => {
    return plainNumber(text, decimal) ?? expect(`a number like ${exampleNumber(decimal)}`)
  })
}

function moneyCell<const C extends string, const O extends boolean = false>(
  names: ColumnNames,
  options: CellOptions<O> & { readonly currency: C },
): Cell<Maybe<Money<C>, O>> {
  const { currency } = options
  if (!isCurrency(currency)) {
    const detail = `${currency} is not an ISO 4217 currency code, such as GBP.`
    throw new Failure('declaration_invalid', { detail })
  }
  const digits = minorUnitDigits(currency)
  return make(names, { ...options, holds: 'decimal' }, ({ decimal }) => (text, expect) => {
    const number = plainNumber(text, decimal)
    if (number === undefined) return expect(`an amount like ${exampleNumber(decimal)}`)
    const amount = Number(minorUnits(number, digits) ?? Number.NaN)
    if (Number.isNaN(amount)) return expect(`an amount of ${currency}: ${digits} decimals at most`)
    return Number.isSafeInteger(amount) ? { amount, currency } : expect('a smaller amount')
  })
}

function dateCell<const O extends boolean = false>(
  names: ColumnNames,
  options: CellOptions<O> & DateCellOptions = {},
): Cell<Maybe<string, O>> {
  return make(names, { ...options, holds: 'date' }, ({ dates }) => (text, expect) => {
    const wall = parseDate(text, dates)
    if (!wall || wall.timed) return expect(`a date, ${exampleDate(dates)}`)
    return dayText(wall)
  })
}

/** Options of cells that hold dates. */
export interface DateCellOptions {
  /**
   * The order of day and month where no value of the file tells it. A value that tells it, and
   * the flag `--dates`, outweigh this.
   */
  readonly dates?: 'day-first' | 'month-first'
}

function instantCell<const O extends boolean = false>(
  names: ColumnNames,
  options: CellOptions<O> & DateCellOptions & { readonly zone: string },
): Cell<Maybe<string, O>> {
  const clock = wallClock(options.zone)
  return make(names, { ...options, holds: 'instant' }, ({ dates }) => (text, expect) => {
    const wall = parseDate(text, dates)
    if (!wall) return expect(`a date with a time, ${exampleDate(dates)} 08:26`)
    const instant = clock(wall)
    if (typeof instant !== 'number') return expect(`a time that exists: ${instant.problem}`)
    return instantText(instant)
  })
}

function booleanCell<const O extends boolean = false>(
  names: ColumnNames,
  options: CellOptions<O> & { readonly yes: readonly string[]; readonly no: readonly string[] },
): Cell<Maybe<boolean, O>> {
  const words = new Map<string, boolean>()
  for (const word of options.yes) words.set(word.toLowerCase(), true)
  for (const word of options.no) words.set(word.toLowerCase(), false)
  return make(names, { ...options, holds: 'text' }, () => (text, expect) => {
    return words.get(text.toLowerCase()) ?? expect(`one of ${[...words.keys()].join(', ')}`)
  })
}

/**
 * Declares what a column holds. `cell('Name')` is text on one line, without spaces around it; the
 * others say so: `cell.integer`, `cell.decimal` (exact, as text), `cell.money` (whole minor units),
 * `cell.date`, `cell.instant` (a time on the wall of `zone`), `cell.boolean`.
 *
 * @example cell.instant('InvoiceDate', { zone: 'Europe/London' })
 * @example cell.money(['UnitPrice', 'Price'], { currency: 'GBP' })
 */
export const cell = Object.freeze(
  Object.assign(textCell, {
    integer: integerCell,
    decimal: decimalCell,
    money: moneyCell,
    date: dateCell,
    instant: instantCell,
    boolean: booleanCell,
  }),
)

interface MadeFrom<O extends boolean> extends CellOptions<O>, DateCellOptions {
  readonly holds: WantedColumn['holds']
}

function make<T, O extends boolean>(
  names: ColumnNames,
  options: MadeFrom<O>,
  reader: (form: CellForm) => (text: string, expect: Expect) => T | undefined,
): Cell<Maybe<T, O>> {
  return Object.freeze({
    names: Object.freeze(typeof names === 'string' ? [names] : [...names]),
    holds: options.holds,
    optional: options.optional ?? false,
    ...(options.dates ? { dates: options.dates } : {}),
    reader: reader as Cell<Maybe<T, O>>['reader'],
  })
}

/** Without a known mark only whole numbers without any mark can be read. */
function plainNumber(text: string, mark: DecimalMark | undefined): string | undefined {
  if (mark) return parseDecimal(text, mark)
  return /[.,]/.test(text) ? undefined : parseDecimal(text, 'point')
}

function exampleNumber(mark: DecimalMark | undefined): string {
  return mark === 'comma' ? '1.234,50' : mark === 'point' ? '1,234.50' : '1234 (say --decimal)'
}

function exampleDate(order: DateOrder | undefined): string {
  if (order === 'day-first') return 'day first, like 31/12/2010'
  return order === 'month-first' ? 'month first, like 12/31/2010' : 'like 2010-12-31'
}

function dayText({ year, month, day }: WallTime): string {
  const pad = (part: number, digits: number) => String(part).padStart(digits, '0')
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`
}
