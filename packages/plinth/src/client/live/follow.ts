/** Owns one who follows: coming back with the cursor, and what is known by now. */

import { type AnyFailure, failureIn, ownFailure } from '../call/failure.ts'
import { delayMs, wait } from '../call/wait.ts'
import { applyChanges, type Row, type RowChange } from './apply.ts'
import type { Heard } from './line.ts'
import type { Followable, Listen } from './listen.ts'
import { watchNetwork } from './network.ts'

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
  /** Told, each time it is connected, how to say more; over a socket alone. */
  begun?(say: (message: object) => void): void
}

/** What following stands on. */
export interface FollowParts {
  readonly listen: Listen
  readonly watch: (listener: () => void) => () => void
  /** Shows again who the user is; false: they would not. */
  readonly stepUp: (failure: AnyFailure) => Promise<boolean>
}

/** What is followed, and from where on. */
export interface Wanted extends Followable {
  readonly after?: string | undefined
}

/** Follows something until it is stopped, or ends with a failure. Returns how to stop. */
export function follow(parts: FollowParts, wanted: Wanted, follower: Follower): () => void {
  const stopped = new AbortController()
  void following(parts, { wanted, follower, stopped })
  return () => stopped.abort()
}

interface Following {
  readonly wanted: Wanted
  readonly follower: Follower
  readonly stopped: AbortController
}

async function following(parts: FollowParts, { wanted, follower, stopped }: Following) {
  const state: State = { follower, seen: undefined, cursor: wanted.after, tries: 0, asked: false }
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
    const failure = await parts.listen(wanted, {
      ...{ cursor: state.cursor, signal, hear: (heard) => hear(state, heard) },
      begun: follower.begun?.bind(follower),
    })
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

/** Watches the session and, where there is one, the browser's network. Returns how to stop. */
function watching(parts: FollowParts, moved: () => void, another: () => void): () => void {
  const stops = [parts.watch(another), watchNetwork(moved)]
  return () => {
    for (const stop of stops) stop()
  }
}

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

/** Takes one message. Returns why nothing more comes; undefined where more does. */
function hear(state: State, { name, told, id }: Heard): AnyFailure | undefined {
  const { follower } = state
  if (name === 'end') return failureIn(told) ?? ownFailure('unreadable_answer')
  state.tries = 0
  if (id !== undefined) state.cursor = id
  if (follower.told) {
    follower.told(name, told, id ?? '')
    if (name === 'resumed' || name === 'joined') follower.state?.('open')
    return undefined
  }
  const { rows, changes, ...rest } = told as Told
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
