/** Owns the sealing of secrets that have to be read again: AES-256-GCM, bound to a place. */

import { assert } from '../assert.ts'
import { randomBytes } from '../ids.ts'

/** Seals texts, each for one place: what is moved elsewhere cannot be opened. */
export interface Sealer {
  seal(text: string, place: string): Promise<string>
  /** Undefined where it was sealed with another secret, or for another place. */
  open(sealed: string, place: string): Promise<string | undefined>
}

const nonceBytes = 12

/** A sealer under a key of 32 bytes. */
export function sealer(key: Uint8Array): Sealer {
  assert(key.length === 32, 'a key of AES-256')
  const usable = crypto.subtle.importKey('raw', new Uint8Array(key), 'AES-GCM', false, [
    'encrypt',
    'decrypt',
  ])
  const algorithm = (iv: Uint8Array<ArrayBuffer>, place: string) => {
    return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(place) }
  }
  return {
    async seal(text, place) {
      const nonce = new Uint8Array(randomBytes(nonceBytes))
      const bytes = new TextEncoder().encode(text)
      const sealed = await crypto.subtle.encrypt(algorithm(nonce, place), await usable, bytes)
      const all = new Uint8Array([...nonce, ...new Uint8Array(sealed)])
      return all.toBase64({ alphabet: 'base64url', omitPadding: true })
    },
    async open(sealed, place) {
      try {
        const all = Uint8Array.fromBase64(sealed, { alphabet: 'base64url' })
        const nonce = all.slice(0, nonceBytes)
        const rest = all.slice(nonceBytes)
        const bytes = await crypto.subtle.decrypt(algorithm(nonce, place), await usable, rest)
        return new TextDecoder().decode(bytes)
      } catch {
        return undefined
      }
    },
  }
}
