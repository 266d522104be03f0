/** Owns the form in which tokens are kept, and the one way from a token to its caller. */

import { hash } from 'node:crypto'
import type { Caller } from '../../access/caller.ts'
import { Failure } from '../../base/failure.ts'
import { atTurnEnd } from '../../base/loop/turn.ts'
import type { Identify, Recalling } from '../runtime.ts'
import { demandNotHeld } from './held.ts'

/** One sort of token: what it looks like, and who sends it. */
export interface TokenSort {
  /** Of the whole token. No token fits two sorts: each has its own prefix. */
  readonly pattern: RegExp
  /** True: a cookie may hold it. Default false: it comes as a bearer token, or not at all. */
  readonly cookie?: true
  /** The caller, or a Failure `invalid_credentials`. */
  readonly identify: Identify
  /** Who a hashed token stood for last. Default: nothing is remembered. */
  readonly recall?: (hash: string) => Caller | undefined
}

/** How a token is kept: never in the clear. 256 random bits need no slow hash. */
export function tokenHash(token: string): string {
  return hash('sha256', token, 'base64url')
}

/** Makes `recall` of the sorts of tokens that an app takes: nobody, for a token of no sort. */
export function recaller(sorts: readonly TokenSort[]): Recalling {
  return (token, from) => {
    const sort = sorts.find(({ pattern }) => pattern.test(token))
    const fits = sort?.recall !== undefined && (from === 'bearer' || sort.cookie === true)
    if (!fits) return undefined
    const hashed = tokenHash(token)
    const caller = sort.recall?.(hashed)
    return caller && { caller, hash: hashed }
  }
}

/**
 * Makes `identify` of the sorts of tokens that an app takes. A token of no sort is refused, and so
 * is whoever is held until they have a second factor, unless they come for that.
 */
export function identifier(sorts: readonly TokenSort[]): Identify {
  return (token, came) => {
    const sort = sorts.find(({ pattern }) => pattern.test(token))
    const fits = sort !== undefined && (came?.from === 'bearer' || sort.cookie === true)
    if (!fits) return Promise.reject(invalidToken())
    return sort.identify(token, came).then((caller) => demandNotHeld(caller, came))
  }
}

/** Finds what belongs to hashed tokens; a token whose hash is not among the keys is refused. */
export type FindByHash<T> = (hashes: readonly string[]) => Promise<ReadonlyMap<string, T>>

interface Waiting<T> {
  readonly resolve: (found: T) => void
  readonly reject: (error: unknown) => void
}

/** Looks a token up; `hash` is the token's own, where it was reckoned already. */
export type LookUp<T> = (token: string, hash?: string) => Promise<T>

/**
 * Makes a look-up. Calls that arrive in the same turn of the event loop share one statement, so
 * that a look-up costs a round trip but hardly a statement of its own. Nothing is cached: a
 * session that was ended is dead for the next call.
 */
export function inBatches<T = Caller>(find: FindByHash<T>): LookUp<T> {
  let waiting = new Map<string, Waiting<T>[]>()
  return (token, hash = tokenHash(token)) =>
    new Promise((resolve, reject) => {
      if (waiting.size === 0) {
        atTurnEnd(() => {
          const batch = waiting
          waiting = new Map()
          void lookUp(find, batch)
        })
      }
      const others = waiting.get(hash)
      if (others) others.push({ resolve, reject })
      else waiting.set(hash, [{ resolve, reject }])
    })
}

type Batch<T> = ReadonlyMap<string, readonly Waiting<T>[]>

async function lookUp<T>(find: FindByHash<T>, batch: Batch<T>): Promise<void> {
  try {
    const found = await find([...batch.keys()])
    for (const [hash, calls] of batch) {
      const one = found.get(hash)
      for (const { resolve, reject } of calls) {
        if (one !== undefined) resolve(one)
        else reject(invalidToken())
      }
    }
  } catch (error) {
    for (const calls of batch.values()) for (const { reject } of calls) reject(error)
  }
}

/** One answer for every token that is not good. */
export function invalidToken(): Failure {
  return new Failure('invalid_credentials', {
    detail: 'The session, key or token is not valid or has ended: sign in again, or make another.',
  })
}
