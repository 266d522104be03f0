/** Owns one followed read: connecting, coming back with the cursor, and what is known by now. */

import { monotonicMs } from '../../base/time.ts'
import { type AnyFailure, failureIn, ownFailure } from '../call/failure.ts'
import type { Asked } from '../call/request.ts'
import type { Open } from '../call/send.ts'
import { delayMs, wait } from '../call/wait.ts'
import { applyChanges, type Row, type RowChange } from './apply.ts'
import { readEvents, type StreamEvent } from './events.ts'

/** What is known of a followed read. */
export interface Followed {
  readonly data: readonly Row[]
  readonly more: boolean
  readonly count?: number
  readonly countExact?: boolean
}

/** Who follows. */
export interface Follower {
  /** The whole of it, anew with each change. */
  next(seen: Followed): void
  /** Takes each message as it is, in place of what it makes of a read. */
  told?(name: string, message: unknown, cursor: string): void
  /** Nothing more comes. */
  failed?(failure: AnyFailure): void
  /** `open`: what is known is up to date; `away`: the connection is lost, and made again. */
  state?(state: 'open' | 'away'): void
}

/** The server gives a sign of life every 25 seconds: who is silent for longer is gone. */
const silenceMsMax = 60_000

/** What a stream is asked for again with. */
export interface FollowParts {
  readonly open: Open
  readonly watch: (listener: () => void) => () => void
  /** Shows again who the user is; false: they would not. */
  readonly stepUp: (failure: AnyFailure) => Promise<boolean>
}

/** Follows a read until it is stopped, or ends with a failure. Returns how to stop. */
export function follow(
  parts: FollowParts,
  asked: Asked & { readonly after?: string | undefined },
  follower: Follower,
): () => void {
  const stopped = new AbortController()
  void following(parts, { asked, follower, stopped })
  return () => stopped.abort()
}

interface Following {
  readonly asked: Asked & { readonly after?: string | undefined }
  readonly follower: Follower
  readonly stopped: AbortController
}

async function following(parts: FollowParts, { asked, follower, stopped }: Following) {
  const state: State = { follower, seen: undefined, cursor: asked.after, tries: 0, asked: false }
  while (!stopped.signal.aborted) {
    const renewed = new AbortController()
    const renew = () => {
      state.tries = 0
      renewed.abort()
    }
    const forget = watching(parts, renew, () => {
      // Another session, or another token of it: who asks is said anew, and told everything.
      state.cursor = undefined
      renew()
    })
    const signal = AbortSignal.any([stopped.signal, renewed.signal])
    const failure = await connection(parts, { asked, state, signal })
    if (stopped.signal.aborted) return forget()
    if (!renewed.signal.aborted) {
      if (!(await goesOn(parts, state, failure))) {
        forget()
        stopped.abort()
        return follower.failed?.(failure)
      }
      follower.state?.('away')
      await wait(delayMs(state.tries, failure), signal)
    }
    forget()
  }
}

/** What a browser says of its network. */
interface Networked {
  addEventListener?(name: string, listener: () => void): void
  removeEventListener?(name: string, listener: () => void): void
}

/** Watches the session and, where there is one, the browser's network. Returns how to stop. */
function watching(parts: FollowParts, moved: () => void, another: () => void): () => void {
  const page = globalThis as Networked
  const stop = parts.watch(another)
  for (const name of networkEvents) page.addEventListener?.(name, moved)
  return () => {
    stop()
    for (const name of networkEvents) page.removeEventListener?.(name, moved)
  }
}

/** Behind these a connection is broken that seems open, or can be made where it could not. */
const networkEvents = ['online', 'offline']

interface State {
  readonly follower: Follower
  seen: Followed | undefined
  cursor: string | undefined
  /** Since something was heard last. */
  tries: number
  /** True where somebody was asked to show again who they are. */
  asked: boolean
}

/** True where asking again makes sense: the connection was lost, or the server is busy. */
async function goesOn(parts: FollowParts, state: State, failure: AnyFailure): Promise<boolean> {
  state.tries++
  if (failure.code === 'step_up_required' && !state.asked) {
    state.asked = true
    return parts.stepUp(failure)
  }
  return failure.retryable || failure.status === 429 || failure.status >= 500
}

interface Connecting {
  readonly asked: Asked
  readonly state: State
  readonly signal: AbortSignal
}

/** One connection, from its beginning to its end. Resolves with why it ended. */
async function connection(
  { open }: FollowParts,
  { asked, state, signal }: Connecting,
): Promise<AnyFailure> {
  const silent = new AbortController()
  let heardMs = monotonicMs()
  const timer = setInterval(() => {
    if (monotonicMs() - heardMs > silenceMsMax) silent.abort()
  }, silenceMsMax / 4)
  try {
    const cursor = state.cursor === undefined ? {} : { 'last-event-id': state.cursor }
    const headers = { accept: 'text/event-stream', ...cursor }
    const response = await open({ ...asked, headers }, AbortSignal.any([signal, silent.signal]))
    if (!response.ok || !response.body) return await refusal(response)
    for await (const event of readEvents(response.body, () => (heardMs = monotonicMs()))) {
      const failure = hear(state, event)
      if (failure) return failure
    }
  } catch {
    // The connection broke, or was broken here: it is made again, or nobody wants it any more.
  } finally {
    clearInterval(timer)
  }
  return ownFailure('unreachable')
}

async function refusal(response: Response): Promise<AnyFailure> {
  const body = await response.json().catch(() => undefined)
  const failure = failureIn(body, response.headers.get('retry-after'))
  return failure ?? ownFailure('unreadable_answer', response.status)
}

/** Takes one message. Returns why nothing more comes; undefined where more does. */
function hear(state: State, { name, data, id }: StreamEvent): AnyFailure | undefined {
  const told = JSON.parse(data) as Told
  const { follower } = state
  state.tries = 0
  if (name === 'end') return failureIn(told) ?? ownFailure('unreadable_answer')
  if (id !== undefined) state.cursor = id
  if (follower.told) {
    follower.told(name, told, id ?? '')
    if (name === 'resumed') follower.state?.('open')
    return undefined
  }
  const { rows, changes, ...rest } = told
  if (name === 'result' && rows) state.seen = { more: false, ...rest, data: rows }
  else if (name === 'changes' && changes && state.seen) {
    state.seen = { ...state.seen, ...rest, data: applyChanges(state.seen.data, changes) }
  }
  if (name === 'gap') return undefined
  state.asked = false
  follower.state?.('open')
  if (name !== 'resumed' && state.seen) follower.next(state.seen)
  return undefined
}

interface Told extends Omit<Partial<Followed>, 'data'> {
  readonly rows?: readonly Row[]
  readonly changes?: readonly RowChange[]
}
