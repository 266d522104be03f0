/** Owns the list of common passwords: a file of hashes, read where it is asked and kept nowhere. */

import { createHash, hash as hashOnce } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommonPasswords } from '../../identity/passwords/rules.ts'

const file = join(import.meta.dirname, '../../../assets/passwords/common.bin')

/**
 * What is kept of each: the first bits of its hash say where the others stand; beside them stands
 * the power of two of its place in the list.
 */
const shape = Object.freeze({ indexBytes: 2, restBytes: 3, placeBytes: 1, positionBytes: 4 })

const { indexBytes, restBytes, placeBytes, positionBytes } = shape
const entryBytes = restBytes + placeBytes
const indexLength = (2 ** (8 * indexBytes) + 1) * positionBytes

let reading: Promise<Buffer> | undefined
let read: WeakRef<Buffer> | undefined

/**
 * The list as the package brings it, each password as the first 40 bits of its SHA-256. Of others
 * one in two million is taken for one of them. It is read at once, and shared by those who ask at
 * the same time; nothing holds it once they are answered.
 */
export const commonPasswords: CommonPasswords = Object.freeze({
  async open() {
    const list = read?.deref() ?? (await readOnce())
    return (folded: string) => placeIn(list, folded)
  },
})

function readOnce(): Promise<Buffer> {
  reading ??= readFile(file).then(
    (list) => {
      reading = undefined
      read = new WeakRef(list)
      return list
    },
    (error: unknown) => {
      reading = undefined
      throw error
    },
  )
  return reading
}

function placeIn(list: Buffer, folded: string): number | undefined {
  const hash = hashOnce('sha256', folded, 'buffer')
  const at = hash.readUIntBE(0, indexBytes) * positionBytes
  const first = list.readUInt32BE(at)
  const next = list.readUInt32BE(at + positionBytes)
  const sought = hash.readUIntBE(indexBytes, restBytes)
  for (let entry = first; entry < next; entry++) {
    const from = indexLength + entry * entryBytes
    if (list.readUIntBE(from, restBytes) === sought) return list.readUInt8(from + restBytes)
  }
  return undefined
}

/** What the file holds of a list of passwords, each folded, the most frequent one first. */
export function commonPasswordsFile(folded: Iterable<readonly [string, number]>): Buffer {
  const places = new Map<string, number>()
  for (const [password, place] of folded) {
    const whole = createHash('sha256').update(password).digest()
    const key = whole.subarray(0, indexBytes + restBytes).toString('hex')
    if (!places.has(key)) places.set(key, Math.ceil(Math.log2(place + 1)))
  }
  const sorted = [...places].sort(([one], [other]) => (one < other ? -1 : 1))
  const index = Buffer.alloc(indexLength)
  const entries = Buffer.alloc(sorted.length * entryBytes)
  let next = 0
  for (const [position, [text, place]] of sorted.entries()) {
    const hash = Buffer.from(text, 'hex')
    for (const at = hash.readUIntBE(0, indexBytes); next <= at; next++) {
      index.writeUInt32BE(position, next * positionBytes)
    }
    hash.copy(entries, position * entryBytes, indexBytes)
    entries.writeUInt8(place, position * entryBytes + restBytes)
  }
  for (; next * positionBytes < indexLength; next++) {
    index.writeUInt32BE(sorted.length, next * positionBytes)
  }
  return Buffer.concat([index, entries])
}
