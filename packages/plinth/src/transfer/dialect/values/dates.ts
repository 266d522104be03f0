/** Owns dates and times of day as people write them: the order of day, month and year. */

/** The order in which a date like `1/12/2010` is meant. Dates with the year first need none. */
export type DateOrder = 'day-first' | 'month-first' | 'year-first'

/** What one value says about the order of its column. */
export type DateEvidence = DateOrder | 'either' | 'same' | 'no date'

/** A date, with its time of day where it has one, as it stands on the wall. */
export interface WallTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly millisecond: number
  /** True where the text holds a time of day. */
  readonly timed: boolean
  /** Offset from UTC in minutes, where the text says one. */
  readonly offsetMinutes?: number
}

/** The pieces of a date before their order is known. */
interface Pieces {
  readonly parts: readonly [string, string, string]
  readonly time: string | undefined
}

const datePattern = /^(\d{1,4})([./-])(\d{1,2})\2(\d{4}|\d{1,2})(?:(?:[Tt]|,? +)(\d.*))?$/
const clock = String.raw`(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,9}))?)?`
const half = String.raw`(?: ?([AaPp])\.?[Mm]\.?)?`
const offset = String.raw`(?: ?(Z|z|[+-]\d{2}:?\d{2}))?`
const timePattern = new RegExp(`^${clock}${half}${offset}$`)

function piecesOf(text: string): Pieces | undefined {
  const found = datePattern.exec(text)
  if (!found) return undefined
  return { parts: [found[1] ?? '', found[3] ?? '', found[4] ?? ''], time: found[5] }
}

/** What a value says about the order of day and month in its column. */
export function dateEvidence(text: string): DateEvidence {
  const pieces = piecesOf(text)
  if (!pieces) return 'no date'
  const [first, second, third] = pieces.parts
  if (first.length === 4) return 'year-first'
  if (first.length > 2 || third.length === 1 || third.length === 3) return 'no date'
  const one = Number(first)
  const two = Number(second)
  if (one < 1 || two < 1 || one > 31 || two > 31 || (one > 12 && two > 12)) return 'no date'
  if (one > 12) return 'day-first'
  if (two > 12) return 'month-first'
  return one === two ? 'same' : 'either'
}

/** The first two parts and the time of day of a date that may be read either way. */
export function ambiguousParts(text: string): readonly [string, string, string] | undefined {
  const pieces = piecesOf(text)
  return pieces && [pieces.parts[0], pieces.parts[1], pieces.time ?? '']
}

/**
 * Reads a date with or without a time. Undefined where the text is none in this order, or names a
 * day that does not exist. A year of two digits is one of 1969–2068.
 */
export function parseDate(text: string, order: DateOrder | undefined): WallTime | undefined {
  const pieces = piecesOf(text)
  if (!pieces) return undefined
  const date = orderedDate(pieces.parts, order)
  const time = pieces.time === undefined ? midnight : parseTime(pieces.time)
  return date && time && existing(date.year, date.month, date.day)
    ? { ...date, ...time }
    : undefined
}

function orderedDate(parts: Pieces['parts'], order: DateOrder | undefined) {
  const [first, second, third] = parts
  if (first.length === 4) {
    if (third.length > 2) return undefined
    return { year: Number(first), month: Number(second), day: Number(third) }
  }
  if (first.length > 2 || (third.length !== 2 && third.length !== 4)) return undefined
  const year = fullYear(third)
  const one = Number(first)
  const two = Number(second)
  if (order === 'day-first' || (order === undefined && one === two)) {
    return { year, month: two, day: one }
  }
  return order === 'month-first' ? { year, month: one, day: two } : undefined
}

function fullYear(text: string): number {
  const year = Number(text)
  if (text.length === 4) return year
  return year < 69 ? 2000 + year : 1900 + year
}

function existing(year: number, month: number, day: number): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31
  return day <= days
}

type TimeOfDay = Omit<WallTime, 'year' | 'month' | 'day'>

const midnight: TimeOfDay = { hour: 0, minute: 0, second: 0, millisecond: 0, timed: false }

function parseTime(text: string): TimeOfDay | undefined {
  const found = timePattern.exec(text)
  if (!found) return undefined
  const hour = fullHour(Number(found[1]), found[5]?.toLowerCase())
  const minute = Number(found[2])
  const second = Number(found[3] ?? 0)
  const fraction = (found[4] ?? '').padEnd(3, '0')
  // Finer than a millisecond is refused rather than cut off.
  if (hour === undefined || minute > 59 || second > 59 || /[1-9]/.test(fraction.slice(3))) return
  const millisecond = Number(fraction.slice(0, 3))
  const time = { hour, minute, second, millisecond, timed: true }
  return found[6] === undefined ? time : withOffset(time, found[6])
}

function withOffset(time: TimeOfDay, text: string): TimeOfDay | undefined {
  if (text === 'Z' || text === 'z') return { ...time, offsetMinutes: 0 }
  const digits = text.replace(':', '')
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3))
  if (minutes > 14 * 60 || Number(digits.slice(3)) > 59) return undefined
  return { ...time, offsetMinutes: text.startsWith('-') ? -minutes : minutes }
}

function fullHour(hour: number, meridiem: string | undefined): number | undefined {
  if (meridiem === undefined) return hour < 24 ? hour : undefined
  if (hour < 1 || hour > 12) return undefined
  return (hour % 12) + (meridiem === 'p' ? 12 : 0)
}
