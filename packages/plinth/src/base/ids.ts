/** Owns identifiers and randomness: the only file that draws random numbers. */

import type { Clock } from './time.ts'

// One word with the operating system costs more than everything else that makes an id.
const drawBytes = 4_096
const smallBytes = 16
let drawn: Uint8Array<ArrayBuffer> = new Uint8Array(0)
let place = 0

/**
 * So many random bytes from the operating system. Small amounts, such as those of ids, are cut
 * from a larger draw; no byte is given out twice. Secrets are larger and drawn by themselves.
 */
export function randomBytes(count: number): Uint8Array {
  if (count > smallBytes) return crypto.getRandomValues(new Uint8Array(count))
  if (place + count > drawn.length) {
    drawn = crypto.getRandomValues(new Uint8Array(drawBytes))
    place = 0
  }
  const bytes = drawn.slice(place, place + count)
  // What was given out is nowhere to be found again.
  drawn.fill(0, place, place + count)
  place += count
  return bytes
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
  return bytes.toHex()
}

/** Unpadded base64url (RFC 4648, 5) of some bytes. */
export function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: 'base64url', omitPadding: true })
}

/** A random UUID (version 4), also where a browser keeps `randomUUID` for secure pages. */
export function randomUuid(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
