/** Owns lengths of time in workflows: ISO 8601 by the calendar, or milliseconds. */

import { Failure } from '../../base/failure.ts'

/** The moment that lies a length after another, in milliseconds since 1970. */
export type After = (fromMs: number) => number

const date = '(?:(\\d{1,4})Y)?(?:(\\d{1,5})M)?(?:(\\d{1,5})W)?(?:(\\d{1,6})D)?'
const time = '(?:(\\d{1,8})H)?(?:(\\d{1,9})M)?(?:(\\d{1,10})(?:\\.(\\d{1,3})\\d*)?S)?'
const form = new RegExp(`^P(?=.)${date}(?:T(?=.)${time})?$`)

/** The latest moment that a timer can have: the end of the year 9998. */
const latestMs = Date.UTC(9998, 11, 31)

/** Reads a length. Fails with `invalid_input` where it is none. */
export function lengthAfter(length: string | number): After {
  if (typeof length === 'number') {
    if (!Number.isFinite(length)) throw noLength(String(length))
    return (fromMs) => Math.min(latestMs, fromMs + Math.max(0, Math.ceil(length)))
  }
  const parts = form.exec(length)
  if (parts === null) throw noLength(length)
  const [years, months, weeks, days, hours, minutes, seconds] = parts
    .slice(1, 8)
    .map((part) => Number(part ?? 0)) as [number, number, number, number, number, number, number]
  const millis = Number((parts[8] ?? '').padEnd(3, '0'))
  const rest = ((weeks * 7 + days) * 24 + hours) * 3_600_000 + minutes * 60_000 + seconds * 1_000
  return (fromMs) => Math.min(latestMs, monthsLater(fromMs, years * 12 + months) + rest + millis)
}

/** Reads a moment. Fails with `invalid_input` where it is none. */
export function momentMs(moment: string): number {
  const ms = Date.parse(moment)
  if (!Number.isNaN(ms)) return Math.min(latestMs, ms)
  const detail = `"${moment}" is no moment: give RFC 3339, such as 2026-01-31T09:00:00Z.`
  throw new Failure('invalid_input', { detail })
}

/** By the calendar, in UTC: a month after 31 January is the last day of February. */
function monthsLater(fromMs: number, months: number): number {
  if (months === 0) return fromMs
  const date = new Date(fromMs)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + months)
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  date.setUTCDate(Math.min(day, last))
  return date.getTime()
}

function noLength(given: string): Failure {
  const cure = 'give ISO 8601 such as PT10M or P1M, or milliseconds'
  const detail = `"${given}" is no length of time: ${cure}.`
  return new Failure('invalid_input', { detail })
}
