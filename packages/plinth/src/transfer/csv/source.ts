/** Owns the files that are read: opened as often as needed, read in pieces. */

import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'

/** Bytes that can be read from their start more than once. */
export interface ByteSource {
  /** What people call it: the path as it was given. */
  readonly name: string
  /** Size in bytes when it was found. */
  readonly bytes: number
  /** Reads from the start, at the speed of who takes the pieces. */
  open(): AsyncIterable<Uint8Array>
}

/**
 * A file on disk.
 *
 * @throws Failure `usage` where there is no such file, or it is not a regular one, or it is empty.
 */
export async function fileSource(path: string): Promise<ByteSource> {
  const found = await stat(path).catch((cause: unknown) => {
    const detail = `${path} cannot be read. Check the path and its permissions.`
    throw new Failure('usage', { detail, cause })
  })
  if (!found.isFile()) {
    const detail = `${path} is not a regular file. Save the data in a file first: it is read twice.`
    throw new Failure('usage', { detail })
  }
  if (found.size === 0) throw new Failure('usage', { detail: `${path} is empty.` })
  return Object.freeze({
    name: path,
    bytes: found.size,
    open: () => createReadStream(path, { highWaterMark: limits.csvChunkBytes }),
  })
}

/** Bytes in memory, in pieces of a chosen size: for tests and small texts. */
export function memorySource(name: string, bytes: Uint8Array, pieceBytes = 65_536): ByteSource {
  return Object.freeze({
    name,
    bytes: bytes.length,
    async *open() {
      for (let start = 0; start < bytes.length; start += pieceBytes) {
        yield bytes.subarray(start, start + pieceBytes)
      }
    },
  })
}
