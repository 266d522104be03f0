/** Owns who a token stood for last: a guess to begin a read with, never an answer. */

import type { Caller, Proof, UserCaller } from '../../../access/caller.ts'
import { limits } from '../../../base/limits.ts'
import type { Clock } from '../../../base/time.ts'

interface Seen {
  caller: UserCaller
  atMs: number
  /** True where it was looked up again since it came, or since it was last spared. */
  again: boolean
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

  /** Keeps what a look-up has found; what was unused for long makes room. */
  keep(hash: string, caller: UserCaller): void {
    const atMs = this.#clock.now()
    const seen = this.#seen.get(hash)
    // Changed where it is. Taken out and put in again with each call, it would stand at the end of
    // the line, but the map would make a new table for every few of them, and keep the old ones.
    if (seen) {
      seen.caller = caller
      seen.atMs = atMs
      seen.again = true
      return
    }
    this.#seen.set(hash, { caller, atMs, again: false })
    if (this.#seen.size > limits.recalledSessionsMax) this.#dropOne()
  }

  /** The first in line that was not used since it was there last; the others go to the end. */
  #dropOne(): void {
    for (const [hash, seen] of this.#seen) {
      this.#seen.delete(hash)
      if (!seen.again) return
      seen.again = false
      this.#seen.set(hash, seen)
    }
  }

  /** Forgets a token that stands for nobody any more. */
  forget(hash: string): void {
    this.#seen.delete(hash)
  }

  /** Who it was, with what was proved as long ago as it is by now. */
  find(hash: string): UserCaller | undefined {
    const seen = this.#seen.get(hash)
    if (seen?.caller.proof === undefined) return seen?.caller
    const { assurance, agoMs } = seen.caller.proof
    const sinceMs = Math.max(0, this.#clock.now() - seen.atMs)
    return { ...seen.caller, proof: { assurance, agoMs: agoMs + sinceMs } }
  }
}

type Whole = { readonly [K in keyof Required<UserCaller>]: UserCaller[K] }
type Sameness = { readonly [K in keyof Whole]: (one: Whole[K], other: Whole[K]) => boolean }

const equal = (one: unknown, other: unknown): boolean => one === other

/** How callers are compared: what is added to them has to be added here, or nothing compiles. */
const sameness: Sameness = {
  is: equal,
  id: equal,
  sessionId: equal,
  roles: isSameSet,
  proof: isSameProof,
  guest: equal,
  impersonator: equal,
  organisation: (one, other) => one?.id === other?.id && one?.role === other?.role,
  // Whoever came with one of these has no session, and is never guessed.
  via: equal,
  held: equal,
  // Only what tells nothing else has one, and that is never guessed.
  profile: equal,
}

const compared = Object.entries(sameness) as readonly [
  keyof UserCaller,
  (one: unknown, other: unknown) => boolean,
][]

/** Whether a caller is what was guessed, in everything that there is to know of them. */
export function isAsGuessed(guess: Caller, caller: Caller): boolean {
  if (guess.is !== 'user' || caller.is !== 'user') return false
  for (const [name, isSame] of compared) if (!isSame(guess[name], caller[name])) return false
  return true
}

function isSameSet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one === other || (one.size === other.size && one.isSubsetOf(other))
}

function isSameProof(one: Proof | undefined, other: Proof | undefined): boolean {
  return one?.assurance === other?.assurance && isSameSpan(one?.agoMs, other?.agoMs)
}

function isSameSpan(one = -lookMs, other = -lookMs): boolean {
  return one === other || Math.abs(one - other) < lookMs
}
