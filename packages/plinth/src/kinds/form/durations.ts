/** Owns durations: ISO 8601 text to and from the three counts of a PostgreSQL interval. */

/** A PostgreSQL interval: three counts that do not convert into each other. */
export interface Duration {
  readonly months: number
  readonly days: number
  readonly microseconds: number
}

/** What went wrong with a text: its form, its size, or decimals finer than a microsecond. */
export type DurationProblem = 'bad_format' | 'out_of_range' | 'too_precise'

const part = '([+-]?\\d{1,12})'
const durationPattern = new RegExp(
  `^([+-]?)P(?=[\\dT+-])(?:${part}Y)?(?:${part}M)?(?:${part}W)?(?:${part}D)?` +
    `(?:T(?=[\\d+-])(?:${part}H)?(?:${part}M)?(?:([+-]?)(\\d{1,12})(?:[.,](\\d+))?S)?)?$`,
)

/**
 * The form as a pattern for JSON Schema. Its `duration` (RFC 3339) knows neither parts of a second,
 * nor a sign, nor years beside days.
 */
export const durationSchemaPattern = durationPattern.source

/** Ten thousand years of 12 months and of 366 days; the largest exact count of microseconds. */
const monthsMax = 120_000
const daysMax = 3_660_000
const microsecondsMax = Number.MAX_SAFE_INTEGER

/** Reads `P1Y2M3DT4H5M6.7S`; weeks too, a sign before each part, or one before the P. */
export function readDuration(text: string): Duration | DurationProblem {
  const match = durationPattern.exec(text)
  if (!match) return 'bad_format'
  const count = (index: number) => Number(match[index] ?? 0)
  const fraction = (match[10] ?? '').replace(/0+$/, '')
  if (fraction.length > 6) return 'too_precise'
  const sign = match[1] === '-' ? -1 : 1
  const secondsSign = match[8] === '-' ? -1 : 1
  const months = [count(2) * 12, count(3)]
  const days = [count(4) * 7, count(5)]
  const microseconds = [
    count(6) * 3_600_000_000,
    count(7) * 60_000_000,
    secondsSign * count(9) * 1_000_000,
    secondsSign * Number(fraction.padEnd(6, '0')),
  ]
  const fits =
    within(months, monthsMax) && within(days, daysMax) && within(microseconds, microsecondsMax)
  if (!fits) return 'out_of_range'
  return {
    months: sign * sum(months),
    days: sign * sum(days),
    microseconds: sign * sum(microseconds),
  }
}

/** Prints a duration as PostgreSQL does under IntervalStyle iso_8601. */
export function printDuration({ months, days, microseconds }: Duration): string {
  const date = unit(months / 12, 'Y') + unit(months % 12, 'M') + unit(days, 'D')
  const minutes = Math.trunc(microseconds / 60_000_000)
  const time =
    unit(minutes / 60, 'H') + unit(minutes % 60, 'M') + printSeconds(microseconds % 60_000_000)
  if (date === '' && time === '') return 'PT0S'
  return time === '' ? `P${date}` : `P${date}T${time}`
}

function printSeconds(microseconds: number): string {
  if (microseconds === 0) return ''
  const size = Math.abs(microseconds)
  const fraction = (size % 1_000_000).toString().padStart(6, '0').replace(/0+$/, '')
  const whole = Math.trunc(size / 1_000_000)
  return `${microseconds < 0 ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}S`
}

function unit(value: number, letter: string): string {
  const whole = Math.trunc(value)
  return whole === 0 ? '' : `${whole}${letter}`
}

/** Each count alone and all together, so that no sum of inexact counts slips under the cap. */
function within(counts: readonly number[], max: number): boolean {
  return Math.abs(sum(counts)) <= max && counts.every((count) => Math.abs(count) <= max)
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}
