/** Owns failures as a client has them: those of the server by its codes, and its own. */

import type { FailureCode, Problem } from '../../base/failure.ts'

/**
 * Why a call has no answer of the server: it could not be reached (`unreachable`), time ran out
 * (`timed_out`), the caller gave up (`cancelled`), or what answered was no Plinth server
 * (`unreadable_answer`).
 */
export type ClientCode = 'unreachable' | 'timed_out' | 'cancelled' | 'unreadable_answer'

/** A failure as a value. `C` are the codes that an action declares. */
export interface CallFailure<C extends string = never> {
  readonly code: FailureCode | ClientCode | C
  /** The HTTP status; 0 where there was no answer. */
  readonly status: number
  readonly title: string
  /** One sentence: what is wrong and how to mend it. */
  readonly detail: string
  /** True where the same call, repeated unchanged, may succeed. */
  readonly retryable: boolean
  /** What is wrong with the input, each by its place: `/lines/0/quantity`. */
  readonly problems: readonly Problem[]
  /** After so many seconds the call may be repeated; undefined where the server did not say. */
  readonly retryAfterSeconds: number | undefined
  /** Of the server's log; undefined where there was no answer. */
  readonly traceId: string | undefined
  /**
   * True where nobody knows whether it was done: an answer was lost. Repeat the call with
   * `idempotencyKey`, and it happens once.
   */
  readonly inDoubt: boolean
  /** What the call was sent with. */
  readonly idempotencyKey: string | undefined
}

/** A failure of any code. */
export type AnyFailure = CallFailure<string>

/** What `orThrow` throws. */
export class CallError<C extends string = string> extends Error {
  override readonly name = 'CallError'
  readonly failure: CallFailure<C>
  readonly code: CallFailure<C>['code']

  constructor(failure: CallFailure<C>) {
    super(failure.detail)
    this.failure = failure
    this.code = failure.code
  }
}

const own: Readonly<Record<ClientCode, readonly [title: string, detail: string]>> = {
  unreachable: ['The server cannot be reached', 'Look at the connection, then try again.'],
  timed_out: ['The answer took too long', 'Try again, or allow more time by timeoutMs.'],
  cancelled: ['The call was cancelled', 'Its signal was aborted.'],
  unreadable_answer: [
    'The answer cannot be read',
    'What answers at this address is no Plinth app.',
  ],
}

/** A failure that is none of the server's. */
export function ownFailure(code: ClientCode, status = 0): AnyFailure {
  const [title, detail] = own[code]
  return {
    ...{ code, status, title, detail, problems: [] },
    retryable: code === 'unreachable' || code === 'timed_out' || status >= 502,
    ...{ retryAfterSeconds: undefined, traceId: undefined },
    ...{ inDoubt: false, idempotencyKey: undefined },
  }
}

interface ProblemBody {
  readonly code?: unknown
  readonly status?: number
  readonly title?: string
  readonly detail?: string
  readonly retryable?: boolean
  readonly errors?: readonly Problem[]
  readonly traceId?: string
}

/** The failure that a problem document tells of; undefined for anything else. */
export function failureIn(body: unknown, retryAfter?: string | null): AnyFailure | undefined {
  const { code, status = 0, title = '', detail = '', ...rest } = (body ?? {}) as ProblemBody
  if (typeof code !== 'string') return undefined
  const seconds = Number(retryAfter ?? Number.NaN)
  return {
    ...{ code, status, title, detail },
    retryable: rest.retryable === true,
    problems: rest.errors ?? [],
    retryAfterSeconds: Number.isFinite(seconds) ? seconds : undefined,
    traceId: rest.traceId,
    ...{ inDoubt: false, idempotencyKey: undefined },
  }
}
