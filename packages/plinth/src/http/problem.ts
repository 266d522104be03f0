/** Owns the printed form of a failure: problem+json (RFC 9457), the same bytes for the same. */

import { Failure } from '../base/failure.ts'
import type { HttpResponse } from './message.ts'
import { type Trace, traceparent } from './trace.ts'

/** Where a failure happened, as far as its answer says so. */
export interface ProblemPlace {
  readonly trace: Trace
  /** The address that was asked for, without its query. */
  readonly instance?: string
  /** Put before the code to make the problem's type. Default `/problems/`. */
  readonly typeBase?: string
}

/** The members of a problem document, in the order in which they are printed. */
export interface ProblemDocument {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance?: string
  readonly code: string
  readonly retryable: boolean
  readonly errors?: readonly { pointer: string; code: string; detail: string }[]
  readonly traceId: string
}

/** Turns whatever was thrown into a Failure: itself, or `internal` with the error as its cause. */
export function failureOf(thrown: unknown): Failure {
  return thrown instanceof Failure ? thrown : new Failure('internal', { cause: thrown })
}

/** The failure of an address that does not take a method. */
export function methodNotAllowed(allow: string): Failure {
  return new Failure('method_not_allowed', {
    detail: `This address takes ${allow}.`,
    headers: { allow },
  })
}

/** The problem document of a failure. `errors` is absent where there are none. */
export function problemDocument(failure: Failure, place: ProblemPlace): ProblemDocument {
  const errors = failure.problems.map(({ pointer, code, detail }) => ({ pointer, code, detail }))
  return {
    type: `${place.typeBase ?? '/problems/'}${failure.code}`,
    title: failure.title,
    status: failure.status,
    detail: failure.detail,
    ...(place.instance === undefined ? {} : { instance: place.instance }),
    code: failure.code,
    retryable: failure.retryable,
    ...(errors.length === 0 ? {} : { errors }),
    traceId: place.trace.traceId,
  }
}

/**
 * Answers a failure. Adds `retry-after` where the failure has one, `www-authenticate` to a 401 and
 * `traceparent` to all.
 */
export function problemResponse(failure: Failure, place: ProblemPlace): HttpResponse {
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    traceparent: traceparent(place.trace),
  }
  if (failure.status === 401) headers['www-authenticate'] = 'Bearer'
  if (failure.retryAfterSeconds !== undefined) {
    headers['retry-after'] = String(Math.max(1, Math.ceil(failure.retryAfterSeconds)))
  }
  for (const [name, value] of Object.entries(failure.headers)) headers[name.toLowerCase()] = value
  return {
    status: failure.status,
    headers,
    body: JSON.stringify(problemDocument(failure, place)),
  }
}
