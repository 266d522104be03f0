/** Owns the hashing of passwords by argon2id, loaded when the first password comes. */

import type { Hasher } from '../../identity/passwords/passwords.ts'

// OWASP's choice for argon2id: 19 MiB, two passes, one lane.
const parameters = Object.freeze({ memoryCost: 19_456, timeCost: 2, parallelism: 1 })

const form = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=\d+\$/

/** The hash function of all apps. */
export const argonHasher: Hasher = Object.freeze({
  async hash(password: string) {
    const argon = await import('@node-rs/argon2')
    return argon.hash(password, parameters)
  },
  async verify(stored: string, password: string) {
    const argon = await import('@node-rs/argon2')
    return argon.verify(stored, password)
  },
  isOld(stored: string) {
    const [, memory, passes] = form.exec(stored) ?? []
    // One that costs more, such as an app has brought along, is not made weaker.
    return !(Number(memory) >= parameters.memoryCost && Number(passes) >= parameters.timeCost)
  },
})
