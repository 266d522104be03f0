/** Owns the folder in which a run of tests keeps what it makes, and the words that tell of it. */

import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where a run keeps temporary things. */
export interface Ground {
  /** What test files find it by: each temporary folder of theirs lies in it. */
  readonly environment: Readonly<Record<string, string>>
  /** Removes it with everything in it. */
  remove(): void
}

const memoryDisk = '/dev/shm'
const gigabyte = 1_024 ** 3
const diskBytesMin = 8 * gigabyte
const memoryBytesMin = 10 * gigabyte

/**
 * Makes the folder on the machine's disk in memory where there is one with much room: hundreds of
 * databases are made and dropped in a run, and on a disk that is most of its time.
 */
export function makeGround(): Ground {
  const folder = mkdtempSync(join(hasRoomInMemory() ? memoryDisk : tmpdir(), 'plinth-'))
  const temporary = join(folder, 't')
  mkdirSync(temporary)
  // As the machine's own: PostgreSQL runs under another account where the tests run under root.
  for (const path of [folder, temporary]) chmodSync(path, 0o1777)
  return {
    environment: {
      TMPDIR: temporary,
      // Nearly all sources are the same in every file: they are read and compiled once.
      NODE_COMPILE_CACHE: join(folder, 'compiled'),
    },
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  }
}

function hasRoomInMemory(): boolean {
  if (process.platform !== 'linux') return false
  try {
    const { bavail, bsize } = statfsSync(memoryDisk)
    return bavail * bsize >= diskBytesMin && process.availableMemory() >= memoryBytesMin
  } catch {
    // There is none.
    return false
  }
}
