/** Owns the lock of a data directory: one app at a time, recovered at once after a kill. */

import { link, readFile, readlink, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Failure } from '../../base/failure.ts'
import { hex, randomBytes } from '../../base/ids.ts'
import { monotonicMs, sleep, systemClock } from '../../base/time.ts'
import { startOf } from './processes.ts'

/** A held lock. */
export interface Ownership {
  release(): Promise<void>
}

interface Owner {
  readonly pid: number
  readonly start: string
  /** The machine or container whose process numbers these are. */
  readonly place: string
}

const attemptsMax = 20
const heartbeatMs = 1_000
const heartbeatPatienceMs = 5_000

/**
 * Takes the lock of the folder, or fails with `data_directory` naming the process that holds it.
 * The lock names its owner by number and time of start, so that neither a killed owner nor a
 * reused number keeps it.
 */
export async function takeOwnership(folder: string): Promise<Ownership> {
  const file = join(folder, 'owner.json')
  const start = await startOf(process.pid)
  const place = await placeOf()
  const text = JSON.stringify({ pid: process.pid, start, place, id: hex(randomBytes(8)) })
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    if (await create(file, text)) return hold(file, text)
    await clearStale(file, folder)
  }
  throw new Failure('data_directory', {
    detail: `The lock ${file} changes hands all the time. Start one app only on this directory.`,
  })
}

/** Shows other machines and containers, which cannot see our process, that the lock is held. */
function hold(file: string, text: string): Ownership {
  const heartbeat = setInterval(() => {
    const now = systemClock.now() / 1_000
    // A lock that is gone is reported by whoever took it, not by its heart.
    utimes(file, now, now).catch(() => undefined)
  }, heartbeatMs)
  heartbeat.unref()
  return {
    async release() {
      clearInterval(heartbeat)
      const current = await readFile(file, 'utf8').catch(() => undefined)
      if (current === text) await rm(file, { force: true })
    },
  }
}

/** The machine or container that this process runs in. */
async function placeOf(): Promise<string> {
  const space = await readlink('/proc/self/ns/pid').catch(() => '')
  return `${hostname()} ${space}`.trim()
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
  if (owner && (await isHeld(owner, file))) {
    const elsewhere = owner.place === (await placeOf()) ? '' : ` on ${owner.place.split(' ')[0]}`
    throw new Failure('data_directory', {
      detail:
        `The data directory ${folder} is in use by process ${owner.pid}${elsewhere}. ` +
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

async function isHeld(owner: Owner, file: string): Promise<boolean> {
  if (owner.place === (await placeOf())) return (await startOf(owner.pid)) === owner.start
  // Its processes cannot be seen from here: a beating heart is the only sign of life.
  const first = await modifiedMs(file)
  const startMs = monotonicMs()
  while (monotonicMs() - startMs < heartbeatPatienceMs) {
    await sleep(100)
    const now = await modifiedMs(file)
    if (now !== first) return now !== undefined
  }
  return false
}

async function modifiedMs(file: string): Promise<number | undefined> {
  const found = await stat(file).catch(() => undefined)
  return found?.mtimeMs
}

function parseOwner(text: string): Owner | undefined {
  try {
    const owner: unknown = JSON.parse(text)
    if (typeof owner !== 'object' || owner === null) return undefined
    if (!('pid' in owner) || typeof owner.pid !== 'number') return undefined
    if (!('start' in owner) || typeof owner.start !== 'string') return undefined
    if (!('place' in owner) || typeof owner.place !== 'string') return undefined
    return { pid: owner.pid, start: owner.start, place: owner.place }
  } catch {
    // An unreadable lock was torn by a crash of the machine: nobody holds it.
    return undefined
  }
}
