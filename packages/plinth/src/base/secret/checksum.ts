/** Owns the checksum at the end of a key: what tells a typo, and a scanner, without a look-up. */

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** How many letters a checksum has. */
export const checksumLetters = 6

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

/**
 * The checksum of a text: CRC-32 (as in ZIP and PNG) in six letters of base 62, as GitHub ends its
 * tokens. It guards against mistakes, and proves nothing.
 */
export function checksumOf(text: string): string {
  let value = 0xffffffff
  for (const byte of new TextEncoder().encode(text)) {
    value = (table[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8)
  }
  let rest = (value ^ 0xffffffff) >>> 0
  let written = ''
  for (let at = 0; at < checksumLetters; at++) {
    written = `${letters[rest % 62]}${written}`
    rest = Math.floor(rest / 62)
  }
  return written
}

/** True where a text ends with the checksum of what stands before it. */
export function hasChecksum(text: string): boolean {
  const at = text.length - checksumLetters
  return at > 0 && text.slice(at) === checksumOf(text.slice(0, at))
}
