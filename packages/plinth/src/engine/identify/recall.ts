/** Owns who a token stood for last: a guess to begin a read with, never an answer. */

import { isDeepStrictEqual } from 'node:util'
import type { Caller } from '../../access/caller.ts'
import { limits } from '../../base/limits.ts'
import type { Clock } from '../../base/time.ts'

interface Seen {
  readonly caller: Caller
  readonly atMs: number
}

// What was proved is told as a span until now: two looks at the same session differ by what lies
// between them. Whoever proves something anew is further away than this, or as good as before.
const lookMs = 1_000

/**
 * The callers of tokens as they were looked up last, by the tokens' hashes. A read may be sent to
 * the database together with the look-up of its caller, as if nothing had changed since. Its answer
 * counts only where the look-up then says the same, so nothing is trusted that is kept here.
 */
export class Recall {
  readonly #clock: Clock
  readonly #seen = new Map<string, Seen>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Keeps what a look-up has found; what was unused for longest makes room. */
  keep(hash: string, caller: Caller): void {
    this.#seen.delete(hash)
    this.#seen.set(hash, { caller, atMs: this.#clock.now() })
    if (this.#seen.size <= limits.recalledSessionsMax) return
    for (const oldest of this.#seen.keys()) {
      this.#seen.delete(oldest)
      return
    }
  }

  /** Forgets a token that stands for nobody any more. */
  forget(hash: string): void {
    this.#seen.delete(hash)
  }

  /** Who it was, with what was proved as long ago as it is by now. */
  find(hash: string): Caller | undefined {
    const seen = this.#seen.get(hash)
    if (seen?.caller.is !== 'user' || seen.caller.proof === undefined) return seen?.caller
    const { proof } = seen.caller
    const agoMs = proof.agoMs + Math.max(0, this.#clock.now() - seen.atMs)
    return { ...seen.caller, proof: { ...proof, agoMs } }
  }
}

/** Whether a caller is what was guessed, in everything that there is to know of them. */
export function isAsGuessed(guess: Caller, caller: Caller): boolean {
  if (guess.is !== 'user' || caller.is !== 'user') return isDeepStrictEqual(guess, caller)
  if (!isSameSpan(guess.proof?.agoMs, caller.proof?.agoMs)) return false
  return isDeepStrictEqual(timeless(guess), timeless(caller))
}

function isSameSpan(one = -lookMs, other = -lookMs): boolean {
  return one === other || Math.abs(one - other) < lookMs
}

function timeless(caller: Caller & { readonly is: 'user' }): object {
  return { ...caller, proof: caller.proof?.assurance }
}
