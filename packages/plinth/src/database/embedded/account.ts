/** Owns the choice of the operating system account that PostgreSQL runs under. */

import { readFile } from 'node:fs/promises'
import { Failure } from '../../base/failure.ts'

/** An unprivileged account. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** In this order; both exist on nearly every system. */
const candidates = ['postgres', '_postgres', 'nobody']

/**
 * The account to drop to, or undefined where this process is unprivileged already. PostgreSQL
 * refuses to run as root, and initdb needs an account with an entry in `/etc/passwd`.
 */
export async function chooseAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const accounts = parsePasswd(await readFile('/etc/passwd', 'utf8'))
  for (const candidate of candidates) {
    const account = accounts.find((entry) => entry.name === candidate && entry.uid !== 0)
    if (account) return account
  }
  throw new Failure('data_directory', {
    detail:
      'PostgreSQL does not run as root and there is no account to drop to. ' +
      'Create one with `useradd --system postgres`, or start as another user.',
  })
}

/** The accounts of a passwd file. */
export function parsePasswd(text: string): readonly Account[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':')
    if (!name || uid === undefined || gid === undefined) return []
    // Some systems write nobody as -2: the unsigned form is what the kernel takes.
    return [{ name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }]
  })
}
