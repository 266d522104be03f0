/** Owns running a PostgreSQL program to its end under the chosen account. */

import { spawn } from 'node:child_process'
import type { Account } from './account.ts'

/** How a program is run. */
export interface RunOptions {
  readonly account: Account | undefined
  readonly directory: string
  readonly timeoutMs: number
}

/** How it ended, with everything that it printed. */
export interface RunResult {
  readonly code: number | null
  readonly output: string
}

/** Options of `spawn` for an account: none where there is nothing to drop. */
export function identity(account: Account | undefined): { uid?: number; gid?: number } {
  return account ? { uid: account.uid, gid: account.gid } : {}
}

/**
 * The environment of PostgreSQL's programs. A fixed one, so that neither PG* settings nor library
 * paths of the caller change what runs; Windows programs cannot start without the system's own.
 */
export function environment(): { env?: Record<string, string> } {
  if (process.platform === 'win32') return {}
  return { env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin:/usr/sbin:/sbin' } }
}

/** Runs a program. A program that cannot be started ends with code null and the reason. */
export function run(
  program: string,
  parameters: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  return new Promise((resolve) => {
    const child = spawn(program, [...parameters], {
      cwd: options.directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      windowsHide: true,
      ...identity(options.account),
      ...environment(),
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8')
    })
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8')
    })
    child.on('error', (error) => resolve({ code: null, output: error.message }))
    child.on('close', (code) => resolve({ code, output: output.trim() }))
  })
}
