/** Owns the log of a process: one line an entry, people's form on a terminal, JSON elsewhere. */

import { writeSync } from 'node:fs'
import { Failure } from '../base/failure.ts'
import { type Clock, instantText } from '../base/time.ts'
import type { DatabaseError } from '../database/database.ts'
import type { LogLevel } from './config/config.ts'

/** One thing worth knowing. Never holds bodies, headers, query strings or secrets. */
export interface LogEntry {
  readonly level: 'error' | 'warning' | 'information' | 'info' | 'debug'
  readonly message: string
  readonly traceId?: string
  readonly cause?: unknown
}

/** Where entries go. */
export type Log = (entry: LogEntry) => void

/** How a log writes. */
export interface LogOptions {
  readonly level: LogLevel
  readonly clock: Clock
  /** True: lines for people; false: JSON lines for machines. */
  readonly plain: boolean
  /** Default: the error stream of the process. */
  readonly write?: (line: string) => void
}

const order: readonly LogLevel[] = ['debug', 'information', 'warning', 'error']

/** Makes a log. Stacks are shown at level `debug`, and for bugs, which are no failures. */
export function createLog({ level, clock, plain, write = toErrorStream }: LogOptions): Log {
  const lowest = order.indexOf(level)
  return (entry) => {
    const entryLevel = entry.level === 'info' ? 'information' : entry.level
    if (order.indexOf(entryLevel) < lowest) return
    const cause = causeText(entry.cause, level === 'debug')
    if (plain) {
      const mark = entryLevel === 'information' ? '' : `${entryLevel}: `
      const trace = entry.traceId ? ` [${entry.traceId}]` : ''
      write(`${mark}${entry.message}${trace}${cause === undefined ? '' : `\n  ${cause}`}\n`)
      return
    }
    const { message, traceId } = entry
    const time = instantText(clock.now())
    write(`${JSON.stringify({ time, level: entryLevel, message, traceId, cause })}\n`)
  }
}

/** What an error says, with what caused it, one line each. */
export function causeText(cause: unknown, stacks: boolean): string | undefined {
  if (cause === undefined) return undefined
  if (!(cause instanceof Error)) return databaseText(cause) ?? String(cause)
  const own = cause instanceof Failure ? `${cause.code}: ${cause.detail}` : String(cause)
  const bug = !(cause instanceof Failure)
  const text = stacks || bug ? (cause.stack ?? own) : own
  const below = causeText(cause.cause, stacks)
  return below === undefined ? text : `${text}\n  because ${below}`
}

/** What PostgreSQL said. Its words on bad values (class 22) quote them: then its code alone. */
function databaseText(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null || !('sqlState' in cause)) return undefined
  const { sqlState, message } = cause as DatabaseError
  return `PostgreSQL ${sqlState}${sqlState.startsWith('22') ? '' : `: ${message}`}`
}

function toErrorStream(line: string): void {
  // Synchronous, so that the last words before an exit are not lost.
  try {
    writeSync(2, line)
  } catch {
    // Nobody reads the stream any more: there is no better place to say so.
  }
}
