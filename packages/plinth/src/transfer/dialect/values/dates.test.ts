/** Tests that dates are read in every usual form, and never in two ways. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DateOrder, dateEvidence, parseDate, type WallTime } from './dates.ts'
import { wallClock } from './zones.ts'

function printed(wall: WallTime | undefined): string | undefined {
  if (!wall) return undefined
  const pad = (value: number, digits = 2) => String(value).padStart(digits, '0')
  const date = `${pad(wall.year, 4)}-${pad(wall.month)}-${pad(wall.day)}`
  if (!wall.timed) return date
  const offset = wall.offsetMinutes === undefined ? '' : ` ${wall.offsetMinutes}`
  const time = [wall.hour, wall.minute, wall.second].map((part) => pad(part)).join(':')
  return `${date} ${time}.${wall.millisecond}${offset}`
}

test('dates and times are read in every order and with every separator', () => {
  const cases: readonly [string, DateOrder | undefined, string | undefined][] = [
    ['1/12/2010 08:26', 'day-first', '2010-12-01 08:26:00.0'],
    ['1/12/2010 08:26', 'month-first', '2010-01-12 08:26:00.0'],
    ['1/12/2010', undefined, undefined],
    ['12/12/2010', undefined, '2010-12-12'],
    ['01.12.2010 8:26', 'day-first', '2010-12-01 08:26:00.0'],
    ['1-12-10', 'day-first', '2010-12-01'],
    ['1-12-68', 'day-first', '2068-12-01'],
    ['1-12-69', 'day-first', '1969-12-01'],
    ['12/1/2010 8:26 AM', 'month-first', '2010-12-01 08:26:00.0'],
    ['12/1/2010 12:05 AM', 'month-first', '2010-12-01 00:05:00.0'],
    ['12/1/2010 12:05 p.m.', 'month-first', '2010-12-01 12:05:00.0'],
    ['12/1/2010, 8:26:07 PM', 'month-first', '2010-12-01 20:26:07.0'],
    ['2010-12-01', undefined, '2010-12-01'],
    ['2010/12/01 08:26', 'month-first', '2010-12-01 08:26:00.0'],
    ['2010-12-01T08:26:00Z', undefined, '2010-12-01 08:26:00.0 0'],
    ['2010-12-01T08:26:00.5+01:00', undefined, '2010-12-01 08:26:00.500 60'],
    ['2010-12-01 08:26:00 -0530', undefined, '2010-12-01 08:26:00.0 -330'],
    ['29/2/2012', 'day-first', '2012-02-29'],
    ['29/2/2011', 'day-first', undefined],
    ['31/4/2011', 'day-first', undefined],
    ['13/1/2010', 'month-first', undefined],
    ['1/12/2010 24:00', 'day-first', undefined],
    ['1/12/2010 08:60', 'day-first', undefined],
    ['1/12/2010 13:00 PM', 'day-first', undefined],
    ['1/12-2010', 'day-first', undefined],
    ['1/12/210', 'day-first', undefined],
    ['2010-12-01T08:26:00.0001', undefined, undefined],
    ['soon', 'day-first', undefined],
    ['', 'day-first', undefined],
  ]
  for (const [text, order, expected] of cases) {
    assert.equal(printed(parseDate(text, order)), expected, `${text} ${order}`)
  }
})

test('a value tells its order only where the other reading is impossible', () => {
  const cases = [
    ['1/12/2010 08:26', 'either'],
    ['12/12/2010', 'same'],
    ['13/12/2010', 'day-first'],
    ['12/13/2010', 'month-first'],
    ['2010-12-01', 'year-first'],
    ['13/13/2010', 'no date'],
    ['0/1/2010', 'no date'],
    ['yesterday', 'no date'],
  ] as const
  for (const [text, said] of cases) assert.equal(dateEvidence(text), said, text)
})

function instant(text: string, zone: string): string {
  const wall = parseDate(text, 'day-first')
  const found = wall ? wallClock(zone)(wall) : { problem: 'no date' }
  return typeof found === 'number' ? new Date(found).toISOString() : found.problem
}

test('times on the wall become instants, and the hour that was left out is refused', () => {
  assert.equal(instant('1/12/2010 08:26', 'Europe/London'), '2010-12-01T08:26:00.000Z')
  assert.equal(instant('1/7/2010 08:26', 'Europe/London'), '2010-07-01T07:26:00.000Z')
  assert.equal(instant('28/3/2010 00:59', 'Europe/London'), '2010-03-28T00:59:00.000Z')
  assert.match(instant('28/3/2010 01:30', 'Europe/London'), /left out/)
  assert.equal(instant('28/3/2010 02:00', 'Europe/London'), '2010-03-28T01:00:00.000Z')
  // Happens twice: the first is meant.
  assert.equal(instant('31/10/2010 01:30', 'Europe/London'), '2010-10-31T00:30:00.000Z')
  assert.equal(instant('1/1/0050 00:00', 'UTC'), '0050-01-01T00:00:00.000Z')
  assert.equal(instant('2010-07-01T08:00+02:00', 'Europe/London'), '2010-07-01T06:00:00.000Z')
  // A zone that skipped a whole day.
  assert.match(instant('30/12/2011 12:00', 'Pacific/Apia'), /left out/)
  assert.throws(() => wallClock('Europe/Atlantis'), /not a time zone/)
})
