/** Owns the sending of calls: keys, tries, time, and what is asked of people in between. */

import { randomUuid } from '../../base/ids.ts'
import { monotonicMs } from '../../base/time.ts'
import type { Sessions } from '../auth/sessions.ts'
import { type AnyFailure, ownFailure } from './failure.ts'
import { type Answer, type Asked, type ChangeOptions, type Fetch, requestOnce } from './request.ts'
import { delayMs, wait } from './wait.ts'

/** Opens a stream: one request, whose answer is read as it comes. Throws where it fails. */
export type Open = (asked: Asked, signal: AbortSignal) => Promise<Response>

/** Sends calls. */
export type Send = (asked: Asked, options?: ChangeOptions | undefined) => Promise<Answer>

/** What reading a stream needs beside the address. */
export function opener(sending: Sending): Open {
  return async (asked, signal) => {
    const request = await requestOf(sending, { asked, key: undefined, options: {} }, signal)
    return sending.fetch(sending.url + asked.path, request)
  }
}

/** What sending needs. */
export interface Sending {
  /** Without a slash at its end. */
  readonly url: string
  readonly fetch: Fetch
  readonly headers: Readonly<Record<string, string>>
  readonly sessions: Sessions
  /** Of all tries of a call together. */
  readonly timeoutMs: number
  /** How often a call is sent, at most. */
  readonly triesMax: number
  /** Shows again who the user is; false: they would not. */
  readonly stepUp: (failure: AnyFailure) => Promise<boolean>
}

const tryTimeoutMs = 20_000

/**
 * Makes what sends calls. Whatever it was, it is repeated with the same key, so that it happens
 * once; what has no key is repeated where it changes nothing.
 */
export function sender(sending: Sending): Send {
  return async (asked, options = {}) => {
    const key = asked.repeat === 'keyed' ? (options.idempotencyKey ?? randomUuid()) : undefined
    const told = (answer: Answer) => withKey(answer, key)
    const answer = await sendUntil(sending, { asked, key, options })
    if (!('failure' in answer) || asked.plain) return told(answer)
    if (answer.failure.code !== 'step_up_required') return told(answer)
    if (!(await sending.stepUp(answer.failure))) return told(answer)
    return told(await sendUntil(sending, { asked, key, options }))
  }
}

function withKey(answer: Answer, idempotencyKey: string | undefined): Answer {
  if (!('failure' in answer)) return answer
  return { failure: { ...answer.failure, idempotencyKey } }
}

interface Trying {
  readonly asked: Asked
  readonly key: string | undefined
  readonly options: ChangeOptions
}

async function sendUntil(sending: Sending, trying: Trying): Promise<Answer> {
  const { asked, options } = trying
  const endsMs = monotonicMs() + (options.timeoutMs ?? sending.timeoutMs)
  const given = options.signal ?? new AbortController().signal
  // An answer that was lost may stand for something done, until a later one says otherwise.
  let lost = false
  for (let tries = 1; ; tries++) {
    const leftMs = endsMs - monotonicMs()
    if (given.aborted) return { failure: { ...ownFailure('cancelled'), inDoubt: lost } }
    if (leftMs <= 0) return { failure: { ...ownFailure('timed_out'), inDoubt: lost } }
    const answer = await sendOnce(sending, trying, { signal: given, leftMs })
    if (!('failure' in answer)) return answer
    const { failure } = answer
    lost = asked.repeat !== 'safe' && (isLost(failure) || (lost && !isFinal(failure)))
    const told = { failure: { ...failure, inDoubt: lost } }
    const again = asked.repeat !== 'never' && failure.retryable && tries < sending.triesMax
    const restMs = delayMs(tries, failure)
    if (!again || monotonicMs() + restMs >= endsMs) return told
    await wait(restMs, given)
  }
}

/** True where nobody can know what came of it: no answer of the app, or one that says so. */
function isLost({ status, code }: AnyFailure): boolean {
  return status === 0 || code === 'unreadable_answer' || code === 'unavailable'
}

/** True where the server has looked at the call under its key: nothing of it is stored. */
function isFinal({ retryable, status }: AnyFailure): boolean {
  return !retryable && status !== 401
}

interface Patience {
  readonly signal: AbortSignal
  readonly leftMs: number
}

async function sendOnce(
  sending: Sending,
  trying: Trying,
  { signal: given, leftMs }: Patience,
): Promise<Answer> {
  const slow = AbortSignal.timeout(Math.ceil(Math.min(leftMs, tryTimeoutMs)))
  const request = await requestOf(sending, trying, AbortSignal.any([given, slow]))
  const answer = await requestOnce(sending.fetch, sending.url + trying.asked.path, request)
  if (!('failure' in answer)) return answer
  if (answer.failure.code === 'invalid_credentials' && !trying.asked.secret) {
    await sending.sessions.forget(tokenIn(request))
  }
  if (answer.failure.status !== 0) return answer
  if (given.aborted) return { failure: ownFailure('cancelled') }
  return slow.aborted ? { failure: ownFailure('timed_out') } : answer
}

function tokenIn({ headers }: RequestInit): string | undefined {
  return new Headers(headers).get('authorization')?.replace('Bearer ', '')
}

async function requestOf(
  { headers, sessions }: Sending,
  { asked, key }: Trying,
  signal: AbortSignal,
): Promise<RequestInit> {
  const { method, body } = asked
  const token = await sessions.token()
  return {
    ...{ method, signal, credentials: sessions.mode === 'cookie' ? 'same-origin' : 'omit' },
    headers: {
      accept: 'application/json',
      ...headers,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': `"${key}"` }),
      // With a cookie this tells the server that no form of another site has sent it.
      ...(sessions.mode === 'cookie' && method !== 'GET' ? { 'x-plinth-request': '1' } : {}),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...asked.headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }
}
