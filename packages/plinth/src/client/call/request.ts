/** Owns one try of a call: a request, and what its answer says. */

import { type AnyFailure, failureIn, ownFailure } from './failure.ts'

/** How a call may be repeated: it changes nothing, its key makes it happen once, or not at all. */
export type Repeat = 'safe' | 'keyed' | 'never'

/** A call before it is sent. */
export interface Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the client's address: `/api/products`. */
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly repeat: Repeat
  /** True: it shows a secret, so that `invalid_credentials` says nothing of the session. */
  readonly secret?: boolean
  /** True: nobody is asked to step up for it, because it is how one does. */
  readonly plain?: boolean
}

/** What a caller may say of any call. */
export interface CallOptions {
  /** Cancels it: the failure is `cancelled`. */
  readonly signal?: AbortSignal | undefined
  /** Of all tries together. Default 30,000. */
  readonly timeoutMs?: number
}

/** What a caller may say of a call that changes something. */
export interface ChangeOptions extends CallOptions {
  /** To repeat an earlier call whose failure was `inDoubt`. Default: a new one. */
  readonly idempotencyKey?: string
}

/** An answer with a body that was read, or a failure. */
export type Answer =
  | { readonly value: unknown; readonly headers: Headers }
  | { readonly failure: AnyFailure }

/** Fetch as we use it. */
export type Fetch = (url: string, request: RequestInit) => Promise<Response>

/** Sends a request once. What went wrong without an answer is a failure of our own. */
export async function requestOnce(
  fetch: Fetch,
  url: string,
  request: RequestInit,
): Promise<Answer> {
  let response: Response
  let text: string
  try {
    response = await fetch(url, request)
    text = await response.text()
  } catch {
    // Whatever it was, no whole answer came; what a signal means is for the caller to say.
    return { failure: ownFailure('unreachable') }
  }
  const { headers, status, ok } = response
  const value = text === '' ? undefined : parse(text)
  if (ok && value !== unreadable) return { value, headers }
  const failure = failureIn(value, headers.get('retry-after'))
  return { failure: failure ?? ownFailure('unreadable_answer', status) }
}

const unreadable = Symbol()

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A page of a proxy, say: the caller is told that it is no answer of ours.
    return unreadable
  }
}
