/** Owns kinds of time: dates, instants and durations. */

import { assert } from '../base/assert.ts'
import { isDate, neighbourDay, pad } from './form/calendar.ts'
import {
  type DurationProblem,
  durationSchemaPattern,
  printDuration,
  readDuration,
} from './form/durations.ts'
import { demand, refuse, refuseType } from './form/problems.ts'
import { defineKind, type Kind, ordering, type Report } from './kind.ts'

const firstDate = '0001-01-01'
const lastDate = '9999-12-31'

/** Bounds of a date, `YYYY-MM-DD`, both included. */
export interface DateOptions {
  /** Default `0001-01-01`. */
  readonly min?: string
  /** Default `9999-12-31`. */
  readonly max?: string
}

/** A day of the calendar, `YYYY-MM-DD`, without time or zone. */
export function dateKind(options: DateOptions = {}): Kind<string> {
  const { min = firstDate, max = lastDate } = options
  demand(isDate(min) && isDate(max) && min <= max, 'A date has bounds YYYY-MM-DD, min <= max.')

  function check(input: unknown, report: Report): string | undefined {
    if (typeof input !== 'string') return refuseType(report, 'a date such as 2026-11-21', input)
    if (!isDate(input)) {
      return refuse(report, 'bad_format', 'Give a day that exists, as YYYY-MM-DD.')
    }
    if (input < min || input > max) {
      return refuse(report, 'out_of_range', `Give a date from ${min} to ${max}.`)
    }
    return input
  }

  return defineKind({
    name: 'date',
    family: 'moment',
    columnType: 'date',
    columnChecks: [{ check: 'range', min, max }],
    check,
    parse: check,
    parameter: (value) => value,
    stored: (parameter) => parameter,
    toJson: (columnText) => `"${columnText}"`,
    toValue: (columnText) => columnText,
    jsonSchema: { type: 'string', format: 'date' },
    graphqlScalar: 'Date',
    example: '2026-11-21' >= min && '2026-11-21' <= max ? '2026-11-21' : min,
    operators: ordering,
    sortable: true,
    options: { min, max },
    operand: () => dateKind(),
  })
}

const instantForm = 'an instant with its offset, such as 2026-11-21T02:33:25Z'
const instantPattern =
  /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/

const instant: Kind<string> = defineKind({
  name: 'instant',
  family: 'moment',
  columnType: 'timestamp with time zone',
  columnChecks: [
    { check: 'range', min: '0001-01-01 00:00:00+00', max: '9999-12-31 23:59:59.999999+00' },
  ],
  check(input, report) {
    if (typeof input !== 'string') return refuseType(report, instantForm, input)
    const match = input.length > 64 ? null : instantPattern.exec(input)
    if (!match) return refuse(report, 'bad_format', `Give ${instantForm}.`)
    return normalInstant(match, report)
  },
  parse: (text, report) => instant.check(text, report),
  parameter: (value) => value,
  // The other way round than `utc`.
  stored: (parameter) => `${parameter.slice(0, 10)} ${parameter.slice(11, -1)}+00`,
  toJson: (columnText) => `"${utc(columnText)}"`,
  toValue: utc,
  jsonSchema: { type: 'string', format: 'date-time' },
  graphqlScalar: 'Instant',
  example: '2026-11-21T02:33:25.5Z',
  operators: ordering,
  sortable: true,
})

/**
 * A point in time, RFC 3339 in UTC with up to six decimals and no trailing zeros:
 * `2026-11-21T02:33:25.5Z`. Any offset is taken; leap seconds are refused.
 */
export function instantKind(): Kind<string> {
  return instant
}

/** PostgreSQL's `2026-11-21 02:33:25.5+00` in the form of RFC 3339. */
function utc(columnText: string): string {
  assert(columnText.endsWith('+00'), 'connections run with TimeZone UTC and DateStyle ISO')
  return `${columnText.slice(0, 10)}T${columnText.slice(11, -3)}Z`
}

function normalInstant(match: RegExpExecArray, report: Report): string | undefined {
  const [, date = '', hour, minute, second = '', decimals = '', sign, zoneHour, zoneMinute] = match
  const times = [Number(hour), Number(minute), Number(zoneHour ?? 0), Number(zoneMinute ?? 0)]
  const [hours = 0, minutes = 0, offsetHours = 0, offsetMinutes = 0] = times
  const exists = isDate(date) && hours < 24 && minutes < 60 && Number(second) < 60
  if (!exists || offsetHours > 23 || offsetMinutes > 59) {
    const advice = second === '60' ? 'a second up to 59 (no leap second)' : 'a moment that exists'
    return refuse(report, 'bad_format', `Give ${advice}: ${instantForm}.`)
  }
  if (decimals.length > 6) {
    return refuse(report, 'too_precise', 'Give at most 6 decimals of a second.')
  }
  const offset = (offsetHours * 60 + offsetMinutes) * (sign === '-' ? 1 : -1)
  const shifted = hours * 60 + minutes + offset
  const day = shifted < 0 ? neighbourDay(date, -1) : shifted < 1440 ? date : neighbourDay(date, 1)
  if (day === undefined) {
    return refuse(report, 'out_of_range', 'Give an instant of the years 0001 to 9999 in UTC.')
  }
  const inDay = (shifted + 1440) % 1440
  const fraction = decimals.replace(/0+$/, '')
  const time = `${pad(Math.trunc(inDay / 60), 2)}:${pad(inDay % 60, 2)}:${second}`
  return `${day}T${time}${fraction === '' ? '' : `.${fraction}`}Z`
}

const durationForm = 'an ISO 8601 duration such as P1DT12H or PT90S'
const durationAdvice: Readonly<Record<DurationProblem, string>> = Object.freeze({
  bad_format: `Give ${durationForm}.`,
  out_of_range: 'Give at most 10,000 years of months or days, and 285 years of hours.',
  too_precise: 'Give whole parts, and at most 6 decimals of a second.',
})

const duration: Kind<string> = defineKind({
  name: 'duration',
  family: 'moment',
  columnType: 'interval',
  check(input, report) {
    if (typeof input !== 'string') return refuseType(report, durationForm, input)
    const read = input.length > 200 ? 'bad_format' : readDuration(input)
    if (typeof read !== 'string') return printDuration(read)
    return refuse(report, read, durationAdvice[read])
  },
  parse: (text, report) => duration.check(text, report),
  parameter: (value) => value,
  stored: (parameter) => parameter,
  toJson: (columnText) => `"${columnText}"`,
  toValue: (columnText) => columnText,
  jsonSchema: { type: 'string', pattern: durationSchemaPattern },
  graphqlScalar: 'Duration',
  example: 'P1DT12H',
  operators: ordering,
  sortable: true,
})

/**
 * A length of time as an ISO 8601 duration, in the form in which PostgreSQL prints an interval
 * (IntervalStyle iso_8601): months, days and seconds stay apart, `P14M` becomes `P1Y2M` and
 * `PT90M` becomes `PT1H30M`, but `PT24H` is not a day. PostgreSQL compares a month as 30 days.
 */
export function durationKind(): Kind<string> {
  return duration
}
