/** Owns the two opponents: the store as a user starts it, and the peer on the same database. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseAddress } from '../packages/plinth/src/database/database.ts'
import { findServer } from '../packages/plinth/src/database/embedded/running.ts'
import { type Running, start } from './processes.ts'

/** The root of the repository. */
export const root = join(import.meta.dirname, '..')

/** The store's file. */
export const storeFile = join(root, 'examples', 'store', 'app.ts')

/** A server that answers. */
export interface Opponent {
  /** `http://127.0.0.1:4711`. */
  readonly url: string
  readonly process: Running
}

/** A folder of its own for data; `remove` deletes it. */
export interface Scratch {
  readonly path: string
  remove(): Promise<void>
}

/** Makes a folder for data. */
export async function makeScratch(): Promise<Scratch> {
  const path = await mkdtemp(join(tmpdir(), 'plinth-bench-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** Starts the store by `plinth start`, with data in a folder, and waits until it serves. */
export async function startStore(
  dataDirectory: string,
  { nodeOptions = [] }: { readonly nodeOptions?: readonly string[] } = {},
): Promise<Opponent> {
  const process = spawnStore(dataDirectory, nodeOptions)
  const [, url = ''] = await process.match(/API +(http:\/\/\S+)\/api/)
  return { url, process }
}

function spawnStore(dataDirectory: string, nodeOptions: readonly string[]): Running {
  const command = join(root, 'packages', 'plinth', 'bin', 'plinth.js')
  return start(process.execPath, [...nodeOptions, command, 'start', storeFile], {
    cwd: root,
    // The limit stays in force, it is only out of the load's reach.
    env: { PORT: '0', PLINTH_DATA: dataDirectory, PLINTH_CALLS_PER_MINUTE: '90000000' },
  })
}

/** The database of a running store. */
export async function addressOf(dataDirectory: string): Promise<DatabaseAddress> {
  const address = await findServer(dataDirectory)
  if (address) return address
  throw new Error('The store runs without a database of its own: unset DATABASE_URL.')
}

/** Starts the peer on a database. */
export async function startPeer(address: DatabaseAddress): Promise<Opponent> {
  const { host, port, user, database, password } = address
  const given = { host, port: String(port), user, database, password }
  const parameters = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  )
  const file = join(import.meta.dirname, 'traffic', 'peer.ts')
  const running = start(process.execPath, [file, ...parameters], {
    env: { NODE_ENV: 'production' },
  })
  const [, url = ''] = await running.match(/"address":"([^"]+)"/)
  return { url, process: running }
}
