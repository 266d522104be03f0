/** Owns the list of common passwords: a file of hashes, read where it is asked and kept nowhere. */

import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommonPasswords } from '../../identity/passwords/rules.ts'

const file = join(import.meta.dirname, '../../../assets/passwords/common.bin')

/** The bits of a hash that are kept: the first ones say where the others stand. */
export const shape = Object.freeze({ indexBytes: 2, restBytes: 3, positionBytes: 4 })

const { indexBytes, restBytes, positionBytes } = shape
const indexLength = (2 ** (8 * indexBytes) + 1) * positionBytes

/**
 * The list as the package brings it: half a million passwords of at least 8 characters, each as the
 * first 40 bits of its SHA-256. Of other passwords one in two million is taken for one of them.
 * Asking reads some thirty bytes of the file, and keeps nothing in memory.
 */
export const commonPasswords: CommonPasswords = Object.freeze({
  async has(folded: string) {
    const hash = hashOf(folded)
    const handle = await open(file, 'r')
    try {
      const at = hash.readUIntBE(0, indexBytes)
      const range = await read(handle, { at: at * positionBytes, length: 2 * positionBytes })
      const first = range.readUInt32BE(0)
      const length = (range.readUInt32BE(positionBytes) - first) * restBytes
      const rests = await read(handle, { at: indexLength + first * restBytes, length })
      const sought = hash.subarray(indexBytes)
      for (let from = 0; from < length; from += restBytes) {
        if (rests.compare(sought, 0, restBytes, from, from + restBytes) === 0) return true
      }
      return false
    } finally {
      await handle.close()
    }
  },
})

/** What the file holds of a list of passwords, each folded. */
export function commonPasswordsFile(folded: Iterable<string>): Buffer {
  const hashes = new Set<string>()
  for (const password of folded) hashes.add(hashOf(password).toString('hex'))
  const sorted = [...hashes].sort()
  const index = Buffer.alloc(indexLength)
  const rests = Buffer.alloc(sorted.length * restBytes)
  let next = 0
  for (const [position, text] of sorted.entries()) {
    const hash = Buffer.from(text, 'hex')
    for (const at = hash.readUIntBE(0, indexBytes); next <= at; next++) {
      index.writeUInt32BE(position, next * positionBytes)
    }
    hash.copy(rests, position * restBytes, indexBytes)
  }
  for (; next * positionBytes < indexLength; next++) {
    index.writeUInt32BE(sorted.length, next * positionBytes)
  }
  return Buffer.concat([index, rests])
}

function hashOf(folded: string): Buffer {
  const whole = createHash('sha256').update(folded).digest()
  return whole.subarray(0, indexBytes + restBytes)
}

interface Piece {
  readonly at: number
  readonly length: number
}

async function read(handle: FileHandle, { at, length }: Piece): Promise<Buffer> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, at)
  if (bytesRead === length) return buffer
  throw new Error(`${file} is cut short: install the package again.`)
}
