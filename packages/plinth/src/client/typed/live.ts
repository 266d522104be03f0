/** Owns the types of what is followed. */

import type { Page } from '../../define/infer.ts'
import type { AnyFailure } from '../call/failure.ts'

/** A followed list, as it is now. */
export interface LiveList<R> {
  readonly data: readonly R[]
  /** True: there are more than its limit. */
  readonly more: boolean
  /** Where the read asked for a count. */
  readonly count?: number
  /** `false`: there are at least so many. */
  readonly countExact?: boolean
}

/** A followed record: one, or none while it does not exist for the caller. */
export interface LiveRecord<R> {
  readonly data: readonly [] | readonly [R]
}

/** Who follows a read. */
export interface LiveFollower<T> {
  /** The whole of it, anew with each change. */
  next(seen: T): void
  /** Nothing more comes: the session has ended, say. */
  failed?(failure: AnyFailure): void
  /** `open`: what is known is up to date; `away`: the connection is lost, and made again. */
  state?(state: 'open' | 'away'): void
}

/** What a component sees of a read that is followed. */
export type LiveValue<T> = T extends Page<infer R> ? LiveList<R> : T
