/** Owns the form of a recorded fact: as it is emitted, as it stands in the log, as JSON. */

import type { JobCaller } from '../jobs/job.ts'

/** A fact to be recorded. */
export interface NewEvent {
  /** A UUID. */
  readonly id: string
  /** `<kit>.<event>`. */
  readonly type: string
  readonly subject: string | null
  /** Checked values as JSON text. */
  readonly data: string
  readonly caller: JobCaller
  readonly traceId: string
}

/** A fact with everything that CloudEvents 1.0 asks for. */
export interface StoredEvent {
  readonly id: string
  readonly type: string
  readonly source: string
  readonly subject: string | null
  /** RFC 3339. */
  readonly time: string
  /** JSON text. */
  readonly data: string
}

/** A fact of the log. */
export interface LoggedEvent extends StoredEvent {
  /** Its place in the log, from 1, without gaps: what became visible first has the lower one. */
  readonly position: number
  readonly caller: JobCaller
  readonly traceId: string
}

/** Where events of a type come from: the kit that declares it. */
export function sourceOf(type: string): string {
  return `/${type.slice(0, type.indexOf('.'))}`
}

/** An event as JSON text: the input of its handlers. Its data is JSON already. */
export function eventText({ id, type, source, subject, time, data }: StoredEvent): string {
  const head = JSON.stringify({ id, type, source, subject, time })
  return `${head.slice(0, -1)},"data":${data}}`
}

const dayMs = 86_400_000
const daysByDay = 92

/**
 * The day on which an event is forgotten, `YYYY-MM-DD`: all of its partition go together. What is
 * kept for more than a quarter of a year goes at the first of a month.
 */
export function expiryOf(nowMs: number, retentionDays: number): string {
  const today = Math.floor(nowMs / dayMs)
  const known = expiries.get(retentionDays)
  if (known?.today === today) return known.day
  const day = expiryDay(nowMs, retentionDays)
  expiries.set(retentionDays, { today, day })
  return day
}

/** By days of retention, which declarations name: what it came to when it was asked for last. */
const expiries = new Map<number, { readonly today: number; readonly day: string }>()

function expiryDay(nowMs: number, retentionDays: number): string {
  const day = new Date(nowMs + (retentionDays + 1) * dayMs)
  if (retentionDays > daysByDay) {
    const next = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 1))
    return next.toISOString().slice(0, 10)
  }
  return day.toISOString().slice(0, 10)
}
