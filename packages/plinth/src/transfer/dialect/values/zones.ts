/** Owns turning times on the wall of a place into instants. */

import { Failure } from '../../../base/failure.ts'
import type { WallTime } from './dates.ts'

const dayMs = 86_400_000
const daysKeptMax = 10_000

/** Turns a time on the wall into milliseconds since 1970, or says why there is no such instant. */
export type WallClock = (wall: WallTime) => number | { readonly problem: string }

/**
 * The clock of a place, by its IANA name. A time that the switch to summer time leaves out has no
 * instant; of a time that happens twice, the first is meant.
 *
 * @throws Failure `declaration_invalid` where the zone does not exist.
 */
export function wallClock(zone: string): WallClock {
  assertZone(zone)
  // A day without a switch has one offset: most values need no more than a look into this map.
  const offsets = new Map<number, number | undefined>()
  return (wall) => {
    const localMs = utcMs(wall)
    if (wall.offsetMinutes !== undefined) return localMs - wall.offsetMinutes * 60_000
    const day = Math.floor(localMs / dayMs)
    if (!offsets.has(day)) {
      if (offsets.size >= daysKeptMax) offsets.clear()
      offsets.set(day, dayOffset(wall, zone))
    }
    const offset = offsets.get(day)
    return offset === undefined ? switchedInstant(wall, zone) : localMs - offset
  }
}

function assertZone(zone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
  } catch (cause) {
    const detail = `${zone} is not a time zone. Use an IANA name such as Europe/London or UTC.`
    throw new Failure('declaration_invalid', { detail, cause })
  }
}

function utcMs(wall: WallTime): number {
  const { year, month, day, hour, minute, second, millisecond } = wall
  const ms = Date.UTC(2000, month - 1, day, hour, minute, second, millisecond)
  // Date.UTC takes years below 100 for 19xx.
  return year === 2000 ? ms : new Date(ms).setUTCFullYear(year, month - 1, day)
}

/** The offset of a whole day in milliseconds; undefined where it changes during the day. */
function dayOffset(wall: WallTime, zone: string): number | undefined {
  const { year, month, day } = wall
  const date = new Temporal.PlainDate(year, month, day)
  const start = date.toZonedDateTime(zone)
  const end = start.add({ days: 1 })
  // Some zones skipped a whole day: then there is no midnight of this date at all.
  const whole = start.toPlainDate().equals(date) && start.hoursInDay === 24
  const steady = whole && start.offsetNanoseconds === end.offsetNanoseconds
  return steady ? start.offsetNanoseconds / 1_000_000 : undefined
}

function switchedInstant(wall: WallTime, zone: string): number | { readonly problem: string } {
  const { year, month, day, hour, minute, second, millisecond } = wall
  const local = new Temporal.PlainDateTime(year, month, day, hour, minute, second, millisecond)
  const instant = local.toZonedDateTime(zone, { disambiguation: 'earlier' })
  if (!instant.toPlainDateTime().equals(local)) {
    return { problem: `this time was left out in ${zone} when the clocks went forward` }
  }
  return instant.epochMilliseconds
}
