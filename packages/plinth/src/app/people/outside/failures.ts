/** Owns what people are told where a provider's answer is not what it should be. */

import { Failure } from '../../../base/failure.ts'
import { Unanswered } from '../../../outbound/ask.ts'

// What the library calls answers that are not of the protocol at all, or none.
const unusable: ReadonlySet<unknown> = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
  'OAUTH_HTTP_REQUEST_FORBIDDEN',
  'OAUTH_REQUEST_PROTOCOL_FORBIDDEN',
  'OAUTH_UNSUPPORTED_OPERATION',
])

const cancelled: ReadonlySet<string> = new Set(['access_denied', 'user_cancelled_authorize'])
const passing: ReadonlySet<string> = new Set(['server_error', 'temporarily_unavailable'])

/** Where an answer failed: as the provider was asked, or as somebody came back from it. */
export type Moment = 'asked' | 'came-back'

/**
 * The failure of what the library threw. What a provider or a browser wrote never reaches anybody
 * but the log. A mistake of our own goes on as it is.
 */
export function providerFailure(error: unknown, title: string, moment: Moment): unknown {
  if (error instanceof Failure) return error
  if (error instanceof Unanswered || causeOf(error, Unanswered)) return away(title, error)
  if (!(error instanceof Error) || error instanceof TypeError) return error
  const code = 'code' in error ? error.code : undefined
  if (code === 'OAUTH_AUTHORIZATION_RESPONSE_ERROR') return answered(error, title)
  if (code === 'OAUTH_RESPONSE_BODY_ERROR' || code === 'OAUTH_WWW_AUTHENTICATE_CHALLENGE') {
    const grant = 'error' in error && error.error === 'invalid_grant'
    return grant ? unproven(title, error) : away(title, error)
  }
  if (moment === 'asked' || unusable.has(code)) return away(title, error)
  return unproven(title, error)
}

function answered(error: Error, title: string): Failure {
  const word = 'error' in error ? String(error.error) : ''
  if (cancelled.has(word)) {
    return new Failure('invalid_credentials', {
      detail: `You have not let ${title} tell who you are: sign in another way, or begin again.`,
    })
  }
  return passing.has(word) ? away(title, error) : unproven(title, error)
}

function away(title: string, cause: unknown): Failure {
  return new Failure('unavailable', {
    detail: `${title} does not answer as it should: try again in a moment, or another way.`,
    retryAfterSeconds: 10,
    cause,
  })
}

/** What came back proves nothing of who somebody is. */
export function unproven(title: string, cause?: unknown): Failure {
  return new Failure('invalid_credentials', {
    detail: `What ${title} answered does not prove who you are: begin again.`,
    cause,
  })
}

function causeOf(error: unknown, sort: typeof Unanswered): boolean {
  for (let one = error, deep = 0; one instanceof Error && deep < 5; deep++) {
    if (one instanceof sort) return true
    one = one.cause
  }
  return false
}
