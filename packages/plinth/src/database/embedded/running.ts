/** Owns finding a running embedded server: where its owner says it is, for other processes. */

import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hex, randomBytes } from '../../base/ids.ts'
import { sleep } from '../../base/time.ts'
import type { DatabaseAddress } from '../database.ts'
import { startOf } from './processes.ts'
import { majorVersion } from './programs.ts'

interface Announcement {
  readonly pid: number
  readonly start: string
  readonly address: DatabaseAddress
}

/** Tells other processes where the server of this directory is. Returns the undo. */
export async function announceServer(
  directory: string,
  address: DatabaseAddress,
): Promise<() => Promise<void>> {
  const file = fileOf(directory)
  const text = JSON.stringify({ pid: process.pid, start: await startOf(process.pid), address })
  // Renamed into place: a reader sees all of it or nothing. Private, for it may hold a password.
  const draft = `${file}.${hex(randomBytes(6))}`
  await writeFile(draft, text, { mode: 0o600 })
  await rename(draft, file)
  return async () => {
    const current = await readFile(file, 'utf8').catch(() => undefined)
    if (current === text) await rm(file, { force: true })
  }
}

/** Where the server of this directory is, if a live process owns one. */
export async function findServer(directory: string): Promise<DatabaseAddress | undefined> {
  const found = await read(directory)
  return found && (await startOf(found.pid)) === found.start ? found.address : undefined
}

/** Waits for the server that the process with this id starts on the directory. */
export async function awaitServer(directory: string, owner: number): Promise<DatabaseAddress> {
  for (;;) {
    const found = await read(directory)
    // An announcement of an earlier owner names a server that is gone or going.
    if (found?.pid === owner && (await startOf(owner)) === found.start) return found.address
    await sleep(4)
  }
}

function fileOf(directory: string): string {
  return join(directory, `postgres-${majorVersion}`, 'running.json')
}

async function read(directory: string): Promise<Announcement | undefined> {
  const text = await readFile(fileOf(directory), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Announcement
  } catch {
    // Torn by a crash of the machine: nobody runs any more.
    return undefined
  }
}
