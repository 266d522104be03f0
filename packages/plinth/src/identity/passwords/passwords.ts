/** Owns the hashing of passwords, a few at once, and the asking whether a new one is good. */

import { Failure, invalidInput } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { type KnownOf, type PasswordRules, passwordProblem } from './rules.ts'

/** A password hash function, handed in by the composition root. */
export interface Hasher {
  /** A PHC string (argon2id) with its own salt. */
  hash(password: string): Promise<string>
  verify(stored: string, password: string): Promise<boolean>
  /** True for a hash that was made with weaker parameters than new ones are. */
  isOld(stored: string): boolean
}

/** Hashes and checks passwords. */
export interface Passwords {
  hash(password: string): Promise<string>
  /** Without a stored hash it does the same work and says no, so that time tells nothing. */
  verify(stored: string | undefined, password: string): Promise<boolean>
  /** True for a hash that the next sign-in should replace. */
  isOld(stored: string): boolean
  /**
   * Fails with `invalid_input` at a pointer unless a new password is acceptable: `bad_password`
   * (its length), `common_password` or `guessable_password`.
   */
  demand(password: string, pointer: string, known?: KnownOf): Promise<void>
}

/**
 * Bounds a hasher: so many hashes at once, the others wait; a full queue refuses with
 * `overloaded`. Unicode is normalised once (NFC), so that one password typed on two keyboards is
 * one password; nothing is cut off.
 */
export function boundedPasswords(hasher: Hasher, rules: PasswordRules): Passwords {
  const slots = new Slots(limits.passwordHashesAtOnce, limits.passwordHashQueueMax)
  let decoy: string | undefined
  return {
    isOld: (stored) => hasher.isOld(stored),
    async demand(password, pointer, known) {
      const problem = await passwordProblem(rules, password, known)
      if (problem) throw invalidInput([{ pointer, ...problem }])
    },
    hash: (password) => slots.run(() => hasher.hash(password.normalize('NFC'))),
    verify: (stored, password) =>
      slots.run(async () => {
        // Made on the first check of all, known user or not: it costs either the same.
        decoy ??= await hasher.hash('a password that nobody has')
        const fits = await hasher.verify(stored ?? decoy, password.normalize('NFC'))
        return fits && stored !== undefined
      }),
  }
}

class Slots {
  readonly #atOnce: number
  readonly #queueMax: number
  readonly #queue: (() => void)[] = []
  #busy = 0

  constructor(atOnce: number, queueMax: number) {
    this.#atOnce = atOnce
    this.#queueMax = queueMax
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy >= this.#atOnce) await this.#wait()
    else this.#busy += 1
    try {
      return await work()
    } finally {
      const next = this.#queue.shift()
      if (next) next()
      else this.#busy -= 1
    }
  }

  #wait(): Promise<void> {
    if (this.#queue.length >= this.#queueMax) {
      throw new Failure('overloaded', {
        detail: 'Too many sign-ins at once: try again in a moment.',
        retryAfterSeconds: 2,
      })
    }
    return new Promise((resolve) => {
      this.#queue.push(resolve)
    })
  }
}
