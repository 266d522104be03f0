/** Owns time: the only file that reads the machine's clock. Everything else is handed a Clock. */

/** The one source of time. A test or a sandbox hands in one that it moves. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number
}

let jumpedMs = 0

/** The machine's own clock. */
export const systemClock: Clock = Object.freeze({ now: () => Date.now() + jumpedMs })

/**
 * Lets the machine's clock jump as this process sees it, to so many milliseconds beside where it
 * is. For tests of what a jump does; 0 lets it jump back.
 */
export function jumpSystemClock(besideMs: number): void {
  jumpedMs = besideMs
}

/** A clock that stands still until it is moved. */
export interface MovableClock extends Clock {
  /** Moves the clock by so many milliseconds, forwards or back. */
  advance(byMs: number): void
  /** Sets the clock to an instant, in milliseconds since 1970. */
  set(toMs: number): void
}

/** Creates a clock that moves only when told to. */
export function movableClock(startMs = 1_767_225_600_000): MovableClock {
  let now = startMs
  return {
    now: () => now,
    advance(byMs) {
      now += byMs
    },
    set(toMs) {
      now = toMs
    },
  }
}

/** A clock that goes on by itself, so far ahead of another, or behind it. */
export interface ShiftedClock extends Clock {
  /** Milliseconds. */
  readonly shiftMs: number
  /** Sets how far it stands from the other. */
  shift(toMs: number): void
}

/** Creates a clock that shows what another shows, until it is shifted. */
export function shiftedClock(base: Clock): ShiftedClock {
  let shiftMs = 0
  return {
    now: () => base.now() + shiftMs,
    get shiftMs() {
      return shiftMs
    },
    shift(toMs) {
      shiftMs = toMs
    },
  }
}

let lastMs = Number.NaN
let lastText = ''

/** An RFC 3339 UTC instant in the form in which PostgreSQL prints it: no trailing zeros. */
export function instantText(ms: number): string {
  // Calls of one moment ask for the same one, several times each.
  if (ms === lastMs) return lastText
  const whole = Math.trunc(ms)
  const day = Math.floor(whole / dayMs)
  const seconds = Math.floor((whole - day * dayMs) / 1_000)
  const minutes = Math.floor(seconds / 60)
  const clock = `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}`
  lastText = `${dayText(day)}${clock}${fraction(whole - day * dayMs - seconds * 1_000)}Z`
  lastMs = ms
  return lastText
}

const daysMax = 64
const days = new Map<number, string>()

/** `2026-11-22T`. Calls ask for few days: today, and those on which something would have ended. */
function dayText(day: number): string {
  const known = days.get(day)
  if (known !== undefined) return known
  const text = new Date(day * dayMs).toISOString().slice(0, -'00:00:00.000Z'.length)
  if (days.size >= daysMax) days.clear()
  days.set(day, text)
  return text
}

function two(count: number): string {
  return count < 10 ? `0${count}` : String(count)
}

function fraction(ms: number): string {
  if (ms === 0) return ''
  const digits = `${Math.floor(ms / 100)}${Math.floor(ms / 10) % 10}${ms % 10}`
  if (ms % 100 === 0) return `.${digits.slice(0, 1)}`
  return `.${ms % 10 === 0 ? digits.slice(0, 2) : digits}`
}

/** Milliseconds of a monotonic counter, for durations only. */
export function monotonicMs(): number {
  return performance.now()
}

/** Resolves after so many milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

/** How long somebody waits, as people say it: `45 seconds`, `14 minutes`, `about 3 hours`. */
export function waitText(seconds: number): string {
  if (seconds < 90) return seconds === 1 ? '1 second' : `${seconds} seconds`
  const minutes = Math.ceil(seconds / 60)
  if (minutes < 90) return `${minutes} minutes`
  return `about ${Math.round(minutes / 60)} hours`
}

/** A minute in milliseconds. */
export const minuteMs = 60_000

/** An hour in milliseconds. */
export const hourMs = 60 * minuteMs

/** A day in milliseconds. */
export const dayMs = 24 * hourMs
