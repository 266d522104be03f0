/** Owns the lock of a data directory: one app at a time, recovered at once after a kill. */

import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../base/failure.ts'
import { hex, randomBytes } from '../../base/ids.ts'
import { startOf } from './processes.ts'

/** A held lock. */
export interface Ownership {
  release(): Promise<void>
}

interface Owner {
  readonly pid: number
  readonly start: string
}

const attemptsMax = 20

/**
 * Takes the lock of the folder, or fails with `data_directory` naming the process that holds it.
 * The lock names its owner by number and time of start, so that neither a killed owner nor a
 * reused number keeps it.
 */
export async function takeOwnership(folder: string): Promise<Ownership> {
  const file = join(folder, 'owner.json')
  const start = await startOf(process.pid)
  const text = JSON.stringify({ pid: process.pid, start, id: hex(randomBytes(8)) })
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    if (await create(file, text)) return { release: () => release(file, text) }
    await clearStale(file, folder)
  }
  throw new Failure('data_directory', {
    detail: `The lock ${file} changes hands all the time. Start one app only on this directory.`,
  })
}

/** Links a complete file into place: the lock appears with its content or not at all. */
async function create(file: string, text: string): Promise<boolean> {
  const draft = `${file}.${hex(randomBytes(6))}`
  await writeFile(draft, text, { mode: 0o600, flush: true })
  try {
    await link(draft, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

async function clearStale(file: string, folder: string): Promise<void> {
  const seen = await readFile(file, 'utf8').catch(() => undefined)
  if (seen === undefined) return
  const owner = parseOwner(seen)
  if (owner && (await startOf(owner.pid)) === owner.start) {
    throw new Failure('data_directory', {
      detail:
        `The data directory ${folder} is in use by process ${owner.pid}. ` +
        'Stop that process, or start this app on another directory (PLINTH_DATA).',
    })
  }
  // Moved aside before it is removed: whoever moves it must find what was judged stale, so that
  // two starts that judge at the same time cannot remove each other's fresh lock.
  const aside = `${file}.${hex(randomBytes(6))}`
  try {
    await rename(file, aside)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw error
  }
  if ((await readFile(aside, 'utf8')) !== seen) await link(aside, file)
  await rm(aside, { force: true })
}

function parseOwner(text: string): Owner | undefined {
  try {
    const owner: unknown = JSON.parse(text)
    if (typeof owner !== 'object' || owner === null) return undefined
    if (!('pid' in owner) || typeof owner.pid !== 'number') return undefined
    if (!('start' in owner) || typeof owner.start !== 'string') return undefined
    return { pid: owner.pid, start: owner.start }
  } catch {
    // An unreadable lock was torn by a crash of the machine: nobody holds it.
    return undefined
  }
}

async function release(file: string, text: string): Promise<void> {
  const current = await readFile(file, 'utf8').catch(() => undefined)
  if (current === text) await rm(file, { force: true })
}
