/** Owns the ticks of schedules: which moments a cron text means in its time zone. */

import { Cron } from 'croner'

/** When something is to happen. */
export interface Timing {
  /** Five fields, or six with seconds first. */
  readonly cron: string
  /** IANA. */
  readonly timeZone: string
}

/** The first tick after a moment, in milliseconds since 1970; undefined: there is none. */
export function nextTick({ cron, timeZone }: Timing, afterMs: number): number | undefined {
  return new Cron(cron, { timezone: timeZone }).nextRun(new Date(afterMs))?.getTime()
}

/** Ticks after a moment up to another one: the latest of them, at most so many, in order. */
export function ticksBetween(
  timing: Timing,
  { afterMs, upToMs, most }: { afterMs: number; upToMs: number; most: number },
): readonly number[] {
  const rule = new Cron(timing.cron, { timezone: timing.timeZone })
  const first = rule.nextRun(new Date(afterMs))?.getTime()
  if (first === undefined || first > upToMs) return []
  // From the end, because a schedule of every second has missed many after a week.
  const latest = rule.previousRuns(most, new Date(upToMs + 1)).map((tick) => tick.getTime())
  return latest.filter((tick) => tick > afterMs && tick <= upToMs).sort((a, b) => a - b)
}
