/** Owns weighing what the values of a column say about how they are written. */

import { ambiguousParts, type DateEvidence, type DateOrder, dateEvidence } from './values/dates.ts'
import { type DecimalEvidence, type DecimalMark, decimalEvidence } from './values/numbers.ts'

/** How many values said the same, and the first of them. */
export interface Voice {
  readonly count: number
  readonly line: number
  readonly text: string
}

/** Counts values by what they say. */
export interface Tally<E extends string> {
  readonly voices: Map<E, Voice>
  /** Looks at one value. Empty ones say nothing. */
  take(text: string, line: number): void
}

/** Collects what the values of a column of numbers say. */
export function decimalTally(): Tally<DecimalEvidence> {
  return tally(decimalEvidence)
}

function tally<E extends string>(evidence: (text: string) => E): Tally<E> {
  const voices = new Map<E, Voice>()
  const take = (text: string, line: number) => {
    if (text === '') return
    const said = evidence(text)
    const before = voices.get(said)
    voices.set(said, before ? { ...before, count: before.count + 1 } : { count: 1, line, text })
  }
  return { voices, take }
}

/** A tally of dates, with what is needed to weigh those that can be read either way together. */
export interface DateTally extends Tally<DateEvidence> {
  readonly firsts: Set<string>
  readonly seconds: Set<string>
  readonly times: Set<string>
}

/** Collects what the values of a column of dates say. */
export function dateTally(): DateTally {
  const base = tally(dateEvidence)
  const firsts = new Set<string>()
  const seconds = new Set<string>()
  const times = new Set<string>()
  const take = (text: string, line: number) => {
    base.take(text, line)
    const parts = ambiguousParts(text)
    // At most twelve different values each: anything above is evidence by itself.
    if (!parts || firsts.size > 31 || seconds.size > 31) return
    firsts.add(parts[0])
    seconds.add(parts[1])
    if (times.size < timesMin) times.add(parts[2])
  }
  return { voices: base.voices, take, firsts, seconds, times }
}

const valuesMin = 100
const changesMin = 3
const timesMin = 20

/**
 * The order of a column whose values can all be read either way, from all of them together:
 * hundreds of entries at many times of day, where one part is always the same and the other
 * changes. Read one way that is a few days of one month; read the other way it is always the
 * same day of several months, which no log shows. Anything less stays undecided.
 */
export function inferDateOrder(tallied: DateTally): DateOrder | undefined {
  const { voices, firsts, seconds, times } = tallied
  const count = (voices.get('either')?.count ?? 0) + (voices.get('same')?.count ?? 0)
  if (count < valuesMin || times.size < timesMin) return undefined
  if (seconds.size === 1 && firsts.size >= changesMin) return 'day-first'
  if (firsts.size === 1 && seconds.size >= changesMin) return 'month-first'
  return undefined
}

/** The one reading that values of a column show; `mixed` where they contradict each other. */
export function shownBy<E extends string>(
  voices: ReadonlyMap<string, Voice>,
  readings: readonly E[],
): E | 'mixed' | undefined {
  const shown = readings.filter((reading) => voices.has(reading))
  return shown.length > 1 ? 'mixed' : shown[0]
}

/** The decimal marks that can be shown. */
export const decimalMarks: readonly DecimalMark[] = Object.freeze(['comma', 'point'])

/** The orders of day and month that can be shown. */
export const dayOrders: readonly ('day-first' | 'month-first')[] = Object.freeze([
  'day-first',
  'month-first',
])
