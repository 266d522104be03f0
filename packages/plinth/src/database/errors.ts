/** Owns the translation of PostgreSQL's errors into failures. No text of PostgreSQL is shown. */

import { Failure, type FailureCode } from '../base/failure.ts'
import type { DatabaseError } from './database.ts'

/** What a PostgreSQL error becomes. */
interface Translation {
  readonly code: FailureCode
  readonly detail: string
  readonly retryAfterSeconds?: number
}

const busy = { code: 'overloaded', retryAfterSeconds: 1 } as const
const away = { code: 'unavailable', retryAfterSeconds: 1 } as const

const notReachable: Translation = { ...away, detail: 'The database cannot be reached right now.' }
const exhausted: Translation = { ...away, detail: 'The database has no room for this right now.' }
const diskFull: Translation = {
  ...away,
  detail: 'The database has no room to store this, and nothing was stored. Try again in a while.',
}
const tooSlow: Translation = {
  code: 'deadline_exceeded',
  detail: 'The database took too long. Ask for less, or try again later.',
}
const badValue: Translation = {
  code: 'invalid_input',
  detail: 'A value does not fit its field. Check the values and send the call again.',
}

const states: Readonly<Record<string, Translation>> = {
  // Raised by functions of our own, where who calls them no longer holds what they change.
  PL001: {
    code: 'lease_lost',
    detail: 'The job is no longer held by this attempt: nothing of it is stored.',
  },
  '23505': { code: 'conflict', detail: 'A record with the same value exists already.' },
  '23P01': { code: 'conflict', detail: 'The record overlaps with one that exists already.' },
  '23503': { code: 'conflict', detail: 'The record refers to one that does not exist.' },
  '23001': { code: 'still_referenced', detail: 'Other records still refer to this one.' },
  '23502': { code: 'invalid_input', detail: 'A value that is required is missing.' },
  '23514': badValue,
  '40001': { ...busy, detail: 'Too many calls change the same records. Send the call again.' },
  '40P01': { ...busy, detail: 'Too many calls change the same records. Send the call again.' },
  '55P03': { ...busy, detail: 'Another call holds the record for too long. Try again.' },
  '57014': tooSlow,
  '25P03': tooSlow,
  '25P04': tooSlow,
  '53100': diskFull,
  '53200': exhausted,
  '53300': exhausted,
  '25006': { ...away, detail: 'The database takes no changes right now.' },
}

const classes: Readonly<Record<string, Translation>> = {
  '08': notReachable,
  '22': badValue,
  '57': notReachable,
}

/** The failure that a PostgreSQL error becomes; its cause is the error itself. */
export function failureOf(error: DatabaseError): Failure {
  const { sqlState } = error
  const known = translationOf(error)
  if (known === undefined) return new Failure('internal', { cause: error })
  const { code, detail, retryAfterSeconds } = known
  return new Failure(code, {
    detail: error.outcomeUnknown ? inDoubt(sqlState) : detail,
    cause: error,
    ...(retryAfterSeconds === undefined || sqlState === '25006' ? {} : { retryAfterSeconds }),
  })
}

function inDoubt(sqlState: string): string {
  const reason =
    sqlState === resolutionUnknown
      ? 'The database did not confirm that the change is stored safely'
      : 'The connection broke while the change was being stored'
  return `${reason}: it may be stored or not. Look before repeating the call.`
}

function translationOf(error: DatabaseError): Translation | undefined {
  // PostgreSQL has one code for both ends of a reference and tells them apart in its text only.
  if (error.sqlState === '23503' && error.message.startsWith('update or delete')) {
    return states['23001']
  }
  return states[error.sqlState] ?? classes[error.sqlState.slice(0, 2)]
}

/** The error of a broken connection. `outcomeUnknown`: a change was under way. */
export function brokenConnection(reason: string, outcomeUnknown: boolean): DatabaseError {
  return { sqlState: '08006', message: reason, ...(outcomeUnknown ? { outcomeUnknown } : {}) }
}

/** PostgreSQL's own state for a transaction of which nobody knows how it ended. */
const resolutionUnknown = '08007'

/** The error of a commit during which the server remarked something: neither done nor undone. */
export function commitInDoubt(remark: string): DatabaseError {
  return { sqlState: resolutionUnknown, message: remark, outcomeUnknown: true }
}

/** The PostgreSQL error under a failure, for planners that name the field of a constraint. */
export function databaseErrorOf(error: unknown): DatabaseError | undefined {
  if (!(error instanceof Failure)) return undefined
  const cause = error.cause
  return isDatabaseError(cause) ? cause : undefined
}

function isDatabaseError(cause: unknown): cause is DatabaseError {
  return (
    typeof cause === 'object' &&
    cause !== null &&
    'sqlState' in cause &&
    typeof cause.sqlState === 'string' &&
    'message' in cause
  )
}

/** True where the whole transaction can be run again, and may end well then. */
export function asksForRetry(error: DatabaseError): boolean {
  return retried.has(error.sqlState)
}

/**
 * Stands for PostgreSQL's `0A000 cached plan must not change result type`: a migration changed a
 * column under a prepared statement. Prepared anew, the statement works.
 */
export const staleStatement = '0A000-stale'

/** What a statement is told that was not run, because one before it in its transaction failed. */
export const behindFailed: DatabaseError = Object.freeze({
  sqlState: '25P02',
  message: 'current transaction is aborted',
})

/** What a statement is told whose prepared form is gone: a pooler, or DISCARD ALL, took it. */
export const forgottenStatement = '26000'

const retried: ReadonlySet<string> = new Set(['40001', '40P01', staleStatement, forgottenStatement])
