/** Owns where the server's socket stands: a private directory whose path is short enough. */

import { createHash } from 'node:crypto'
import { chown, lstat, mkdir, mkdtemp } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Account } from './account.ts'
import type { Listening } from './settings.ts'

/** The port only names the socket's file. */
export const socketPort = 5432

/** `sun_path` holds 108 bytes on Linux and 104 elsewhere, with the NUL at the end. */
const pathBytesMax = 103

/** Where the server listens and how it is reached. */
export interface Door {
  readonly listening: Listening
  readonly host: string
  readonly port: number
  /** A directory outside of the data, to be removed at the end. */
  readonly outside?: string
}

/** Chooses where the server of this data directory listens. */
export async function openDoor(data: string, account: Account | undefined): Promise<Door> {
  if (process.platform === 'win32') {
    const port = await freePort()
    return { listening: { loopbackPort: port }, host: '127.0.0.1', port }
  }
  const inside = join(data, `.s.PGSQL.${socketPort}`)
  if (Buffer.byteLength(inside) <= pathBytesMax) {
    // The server stands in its data directory, which nobody else may enter.
    const listening = { socketDirectory: '.', port: socketPort }
    return { listening, host: data, port: socketPort }
  }
  const outside = await privateDirectory(data, account)
  const listening = { socketDirectory: outside, port: socketPort }
  return { listening, host: outside, port: socketPort, outside }
}

async function privateDirectory(data: string, account: Account | undefined): Promise<string> {
  const parent = Buffer.byteLength(tmpdir()) > 60 ? '/tmp' : tmpdir()
  const mark = createHash('sha256').update(data).digest('hex').slice(0, 16)
  // The same name at every start, so that a kill leaves one directory and not one per start.
  const wanted = join(parent, `plinth-${mark}`)
  const owner = account ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  try {
    await mkdir(wanted, { mode: 0o700 })
  } catch {
    const found = await lstat(wanted)
    if (found.isDirectory() && found.uid === owner.uid && (found.mode & 0o777) === 0o700) {
      return wanted
    }
    // Somebody else sits on the name: take one that nobody can foresee.
    const other = await mkdtemp(join(parent, 'plinth-'))
    await chown(other, owner.uid, owner.gid)
    return other
  }
  await chown(wanted, owner.uid, owner.gid)
  return wanted
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
