/** Owns identifiers and randomness: the only file that draws random numbers. */

import type { Clock } from './time.ts'

/** So many random bytes from the operating system. */
export function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count))
}

/** A number in [0, 1) for jitter; never for secrets. */
export function randomFraction(): number {
  return Math.random()
}

/** Creates version 7 UUIDs (RFC 9562) that ascend within this process even inside a millisecond. */
export function uuidSource(clock: Clock): () => string {
  let lastMs = 0
  let counter = 0
  return () => {
    const now = clock.now()
    if (now > lastMs) {
      lastMs = now
      // Half of the 12 bit counter stays free, so that a burst ascends before it overflows.
      counter = (randomBytes(2)[0] ?? 0) << 3
    } else if (++counter > 0xfff) {
      // The counter is full: borrow a millisecond from the future (RFC 9562, 6.2).
      lastMs += 1
      counter = 0
    }
    return uuidText(lastMs, counter)
  }
}

function uuidText(ms: number, counter: number): string {
  const time = ms.toString(16).padStart(12, '0')
  const random = randomBytes(8)
  random[0] = ((random[0] ?? 0) & 0x3f) | 0x80
  const tail = hex(random)
  const count = counter.toString(16).padStart(3, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${tail.slice(0, 4)}-${tail.slice(4)}`
}

/** Lower-case hexadecimal of some bytes. */
export function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/** Unpadded base64url (RFC 4648, 5) of some bytes. */
export function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: 'base64url', omitPadding: true })
}
