/** Owns cursors: a place in a sorted list, sealed so that only the same question can use it. */

import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto'
import { Failure } from '../base/failure.ts'
import { limits } from '../base/limits.ts'

/** The sort values of the row that a page ended at, in PostgreSQL's text form. */
export type CursorCells = readonly (string | null)[]

/** Seals and opens cursors. The binding names everything that a cursor is good for. */
export interface Cursors {
  /** Equal places of equal questions have equal cursors. */
  seal(binding: string, cells: CursorCells): string
  /** Undefined for what was not sealed here, or was sealed for another binding. */
  open(binding: string, cursor: string): CursorCells | undefined
}

const nonceBytes = 12
const tagBytes = 16
const algorithm = 'aes-256-gcm'

/**
 * Cursors under a key derived from the app's secret. They are encrypted, because a sort value
 * may be long or private in a log, and authenticated together with their binding.
 */
export function openCursors(secret: string | Uint8Array): Cursors {
  const derive = (label: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', label, 32))
  const key = derive('cursor')
  const nonceKey = derive('cursor nonce')
  return Object.freeze({
    seal(binding: string, cells: CursorCells) {
      const plain = JSON.stringify(cells)
      // The nonce follows from the content: the same answer is the same to the byte, and two
      // different contents never meet the same nonce.
      const nonce = createHmac('sha256', nonceKey)
        .update(`${binding.length} ${binding}${plain}`)
        .digest()
        .subarray(0, nonceBytes)
      const cipher = createCipheriv(algorithm, key, nonce)
      cipher.setAAD(Buffer.from(binding))
      const sealed = [nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]
      const cursor = Buffer.concat(sealed).toString('base64url')
      if (cursor.length <= limits.cursorBytesMax) return cursor
      throw new Failure('query_too_costly', {
        detail: 'The values sorted by are too long for a cursor: sort by shorter fields.',
      })
    },
    open(binding: string, cursor: string) {
      if (cursor.length > limits.cursorBytesMax || !/^[A-Za-z0-9_-]+$/.test(cursor))
        return undefined
      const bytes = Buffer.from(cursor, 'base64url')
      if (bytes.length <= nonceBytes + tagBytes || bytes.toString('base64url') !== cursor) {
        return undefined
      }
      return unseal({ key, binding, bytes })
    },
  })
}

interface Sealed {
  readonly key: Buffer
  readonly binding: string
  readonly bytes: Buffer
}

function unseal({ key, binding, bytes }: Sealed): CursorCells | undefined {
  const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes))
  decipher.setAAD(Buffer.from(binding))
  decipher.setAuthTag(bytes.subarray(-tagBytes))
  const plain = decipher.update(bytes.subarray(nonceBytes, -tagBytes))
  try {
    return JSON.parse(Buffer.concat([plain, decipher.final()]).toString()) as CursorCells
  } catch {
    // The only error here: the tag does not fit, so the cursor is not one of ours.
    return undefined
  }
}
