/** Owns the table of failures: every way in which a call can end without doing what was asked. */

/** What a code means on the wire. `title` is safe to show to anybody. */
export interface FailureKind {
  readonly status: number
  readonly title: string
  /** True where the same call, repeated unchanged, may succeed. */
  readonly retryable: boolean
}

function kind(status: number, title: string, retryable = false): FailureKind {
  return Object.freeze({ status, title, retryable })
}

/** Every failure by its stable code. Codes are part of the public interface: never rename one. */
export const failureKinds = Object.freeze({
  invalid_input: kind(422, 'The input has problems'),
  malformed_request: kind(400, 'The request could not be read'),
  malformed_body: kind(400, 'The body could not be read'),
  malformed_query: kind(400, 'The query string could not be read'),
  malformed_header: kind(400, 'A header could not be read'),
  unsupported_media_type: kind(415, 'The content type is not supported'),
  not_acceptable: kind(406, 'No acceptable form of the answer exists'),
  body_too_large: kind(413, 'The body is too large'),
  address_too_long: kind(414, 'The address is too long'),
  headers_too_large: kind(431, 'The headers are too large'),
  request_timeout: kind(408, 'The request came too slowly', true),
  not_found: kind(404, 'Nothing was found here'),
  misdirected: kind(421, 'The server does not answer to this name'),
  range_not_satisfiable: kind(416, 'The file has no such part'),
  method_not_allowed: kind(405, 'This address does not take that method'),
  upgrade_required: kind(426, 'This address speaks WebSocket'),
  sign_in_required: kind(401, 'Sign in first'),
  invalid_credentials: kind(401, 'The credentials are not valid'),
  step_up_required: kind(401, 'Show again who you are'),
  second_factor_required: kind(403, 'This takes a second factor'),
  forbidden: kind(403, 'This is not allowed'),
  insufficient_scope: kind(403, 'The credential may not do this'),
  organisation_required: kind(403, 'Work in an organisation first'),
  session_required: kind(403, 'This takes a session'),
  csrf_refused: kind(403, 'The request came from another site'),
  conflict: kind(409, 'The change conflicts with what is stored'),
  still_referenced: kind(409, 'Other records still refer to this one'),
  in_progress: kind(409, 'The same call is still running', true),
  key_required: kind(400, 'The call needs an Idempotency-Key'),
  key_reused: kind(422, 'The idempotency key was used for another call'),
  version_mismatch: kind(412, 'The record has changed since it was read'),
  precondition_required: kind(428, 'The call must say which version it changes'),
  rate_limited: kind(429, 'Too many calls', true),
  query_too_costly: kind(422, 'The query asks for too much'),
  deadline_exceeded: kind(503, 'The call took too long', true),
  overloaded: kind(503, 'The server is busy', true),
  unavailable: kind(503, 'The service is not ready', true),
  unserialisable: kind(422, 'A value cannot be kept as JSON'),
  step_failed: kind(409, 'A step of a workflow failed'),
  forgotten: kind(410, 'What was asked for is no longer kept'),
  effect_unknown: kind(409, 'Nobody knows whether an effect outside happened'),
  lease_lost: kind(409, 'The job is no longer held by this worker'),
  internal: kind(500, 'Something went wrong on our side'),
  declaration_invalid: kind(500, 'The declaration has mistakes'),
  configuration_invalid: kind(500, 'The configuration has mistakes'),
  data_directory: kind(500, 'The data directory cannot be used'),
  migration_refused: kind(500, 'The schema cannot follow the declaration'),
  usage: kind(500, 'The command was not understood'),
})

/** The stable code of a failure. */
export type FailureCode = keyof typeof failureKinds

/** The code of a failure that an action of the app declares. */
export type DeclaredCode = string & { readonly [declaredCode]: true }

declare const declaredCode: unique symbol

/** A failure of the app's own: what its table says of it. */
export interface DeclaredKind {
  readonly code: string
  /** 400 to 499. */
  readonly status: number
}

/** One problem inside the input; `pointer` is an RFC 6901 JSON pointer, or a parameter's name. */
export interface Problem {
  readonly pointer: string
  readonly code: string
  readonly detail: string
}

/** What a failure carries beside its code. */
export interface FailureDetails {
  /** One sentence: what is wrong and how to mend it. Shown to the caller. */
  readonly detail?: string
  readonly problems?: readonly Problem[]
  readonly retryAfterSeconds?: number
  /** Extra response headers, such as `Allow`. */
  readonly headers?: Readonly<Record<string, string>>
  /** The error underneath. Logged, never sent. */
  readonly cause?: unknown
  /** What an action has declared: its code and status stand in place of the table's. */
  readonly declared?: DeclaredKind | undefined
}

/**
 * An expected, typed end of a call. Created per call and never shared, so that no caller's details
 * can reach another. `status`, `title` and `retryable` come from the table.
 */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly code: FailureCode | DeclaredCode
  readonly status: number
  readonly title: string
  readonly retryable: boolean
  readonly detail: string
  readonly problems: readonly Problem[]
  readonly retryAfterSeconds: number | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly #kind: FailureCode
  readonly #declared: DeclaredKind | undefined

  constructor(code: FailureCode, details: FailureDetails = {}) {
    const known = failureKinds[code]
    const { declared } = details
    super(details.detail ?? known.title, { cause: details.cause })
    this.#kind = code
    this.#declared = declared
    this.code = declared ? (declared.code as DeclaredCode) : code
    this.status = declared?.status ?? known.status
    this.title = declared ? titleOf(declared.code) : known.title
    this.retryable = known.retryable
    this.detail = details.detail ?? `${known.title}.`
    this.problems = Object.freeze([...(details.problems ?? [])])
    this.retryAfterSeconds = details.retryAfterSeconds
    this.headers = Object.freeze({ ...details.headers })
  }

  /** The same failure with other details; what is not given stays as it is. */
  with(details: Omit<FailureDetails, 'declared'>): Failure {
    const { detail, problems, retryAfterSeconds, headers } = this
    return new Failure(this.#kind, {
      ...{ detail, problems, headers, cause: this.cause, declared: this.#declared },
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      ...details,
    })
  }
}

/** `sold_out` → `Sold out`. */
function titleOf(code: string): string {
  const words = code.replaceAll('_', ' ')
  return words.slice(0, 1).toUpperCase() + words.slice(1)
}

/** Shorthand for the commonest failure: the input has problems, each with its place. */
export function invalidInput(problems: readonly Problem[]): Failure {
  const first = problems[0]
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  const place = first && first.pointer !== '' ? `${first.pointer}: ` : ''
  return new Failure('invalid_input', {
    detail: first ? `${place}${first.detail}${more}` : 'The input has problems.',
    problems,
  })
}
