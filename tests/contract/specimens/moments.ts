/** Owns the specimens of time: days, instants to the microsecond, and lengths of time. */

import fc from 'fast-check'
import { date, duration, instant } from '../../../packages/plinth/src/define/fields.ts'
import type { Json } from '../../../packages/plinth/src/kinds/kind.ts'
import { ascending, ordering, plainly, type Sample, type Specimen } from './specimen.ts'

const first = Date.parse('0001-01-01T00:00:00Z')
const last = Date.parse('9999-12-31T23:59:59Z')

const moments = fc.oneof(
  fc.constantFrom(first, last, 0, Date.parse('2024-02-29T00:00:00Z')),
  fc.integer({ min: first / 1000, max: last / 1000 }).map((second) => second * 1000),
)

/** A second with its microseconds, sent in UTC or with an offset, kept without idle zeros. */
const instants: fc.Arbitrary<Sample> = fc
  .tuple(moments, fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999 })), fc.boolean())
  .map(([ms, micros, shifted]) => {
    const fraction = `.${String(micros).padStart(6, '0')}`
    const kept = `${iso(ms)}${fraction.replace(/\.?0+$/, '')}Z`
    const offset = shifted && ms < last - 7_200_000
    const sent = offset ? `${iso(ms + 5_400_000)}${fraction}+01:30` : `${iso(ms)}${fraction}Z`
    return { sent: JSON.stringify(sent), kept }
  })

function iso(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19)
}

function microseconds(kept: Json): bigint {
  const [, second = '', fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(String(kept)) ?? []
  return BigInt(Date.parse(`${second}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'))
}

interface Length {
  readonly months: number
  readonly days: number
  readonly micros: number
}

const hour = 3_600_000_000
const lengths = fc.record<Length>({
  months: fc.oneof(
    fc.constantFrom(0, 14, -14, 120_000, -120_000),
    fc.integer({ min: -40, max: 40 }),
  ),
  days: fc.oneof(fc.constantFrom(0, 3_660_000), fc.integer({ min: -70, max: 70 })),
  micros: fc.oneof(
    fc.constantFrom(0, 24 * hour, -hour, 90_000_000, Number.MAX_SAFE_INTEGER),
    fc.integer({ min: -4 * hour, max: 4 * hour }),
  ),
})

/** Sent as plain months, days and seconds; kept as years, months, days, hours, minutes, seconds. */
const durations: fc.Arbitrary<Sample> = lengths.map((length) => {
  const { months, days, micros } = length
  const size = Math.abs(micros)
  const second = `${Math.floor(size / 1e6)}.${String(size % 1e6).padStart(6, '0')}`
  const sent = `P${months}M${days}DT${micros < 0 ? '-' : ''}${second}S`
  return { sent: JSON.stringify(sent), kept: printed(length) }
})

function printed({ months, days, micros }: Length): string {
  const part = (value: number, letter: string) => (value === 0 ? '' : `${value}${letter}`)
  const size = Math.abs(micros)
  const sign = micros < 0 ? -1 : 1
  const second = (size % 60_000_000) / 1e6
  const date = `${part(Math.trunc(months / 12), 'Y')}${part(months % 12, 'M')}${part(days, 'D')}`
  const seconds = `${sign < 0 ? '-' : ''}${second.toFixed(6).replace(/\.?0+$/, '')}S`
  const time =
    part(sign * Math.floor(size / hour), 'H') +
    part(sign * (Math.floor(size / 60_000_000) % 60), 'M') +
    (second === 0 ? '' : seconds)
  return date + time === '' ? 'PT0S' : `P${date}${time === '' ? '' : `T${time}`}`
}

/** As PostgreSQL compares: a month is 30 days, a day 24 hours. */
function lengthOf(kept: Json): bigint {
  const form = new RegExp(
    '^P(?:(-?\\d+)Y)?(?:(-?\\d+)M)?(?:(-?\\d+)D)?' +
      '(?:T(?:(-?\\d+)H)?(?:(-?\\d+)M)?(?:(-?)(\\d+)(?:\\.(\\d+))?S)?)?$',
  )
  const parts = form.exec(String(kept)) ?? []
  const at = (index: number) => BigInt(parts[index] ?? 0)
  const days = (at(1) * 12n + at(2)) * 30n + at(3)
  const size = at(7) * 1_000_000n + BigInt((parts[8] ?? '').padEnd(6, '0'))
  const second = parts[6] === '-' ? -size : size
  return ((days * 24n + at(4)) * 60n + at(5)) * 60_000_000n + second
}

/** Moments of every kind. */
export const momentSpecimens: readonly Specimen[] = [
  {
    name: 'day',
    field: (options) => date(options),
    sample: moments.map((ms) => plainly(iso(ms).slice(0, 10))),
    operators: ordering,
    compare: (left, right) => ascending(String(left), String(right)),
    key: true,
  },
  {
    name: 'at',
    field: (options) => instant(options),
    sample: instants,
    operators: ordering,
    compare: (left, right) => ascending(microseconds(left), microseconds(right)),
    key: true,
  },
  {
    name: 'length',
    field: (options) => duration(options),
    sample: durations,
    operators: ordering,
    compare: (left, right) => ascending(lengthOf(left), lengthOf(right)),
    key: false,
  },
]
