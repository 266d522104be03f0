/** Owns the hashing of passwords: argon2id off the main thread, a few at once, a bounded queue. */

import { Failure, invalidInput } from '../base/failure.ts'
import { limits } from '../base/limits.ts'

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
}

/** What makes a password acceptable: its length alone (NIST 800-63B-4, no composition rules). */
export function passwordProblem(password: string): string | undefined {
  const length = [...password.normalize('NFC')].length
  if (length < limits.passwordCharactersMin) {
    return `Give at least ${limits.passwordCharactersMin} characters: a few words will do.`
  }
  if (length > limits.passwordCharactersMax) {
    return `Give at most ${limits.passwordCharactersMax} characters.`
  }
  return undefined
}

/** Fails with `invalid_input` at a pointer unless the password is acceptable. */
export function demandPassword(password: string, pointer: string): void {
  const detail = passwordProblem(password)
  if (detail) throw invalidInput([{ pointer, code: 'bad_password', detail }])
}

/**
 * Bounds a hasher: so many hashes at once, the others wait; a full queue refuses with
 * `overloaded`. Unicode is normalised once (NFC), so that one password typed on two keyboards is
 * one password; nothing is cut off.
 */
export function boundedPasswords(hasher: Hasher): Passwords {
  const slots = new Slots(limits.passwordHashesAtOnce, limits.passwordHashQueueMax)
  let decoy: string | undefined
  return {
    isOld: (stored) => hasher.isOld(stored),
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
