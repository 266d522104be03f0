/** Owns starting the server so that it can never outlive us: the guardian and its script. */

import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Account } from './account.ts'
import { environment, identity } from './run.ts'

/**
 * A tiny shell waits on a pipe that only we hold open. The kernel closes it when we die, however
 * we die, and the shell then stops the server: fast first, at once after five seconds. Waiting in
 * the shell costs less than 1 MB, where a second Node would cost 40.
 *
 * The shell that Node starts becomes the server itself (`exec`), so that there is no moment in
 * which the server runs unguarded and its end is seen directly. The guardian is forked twice, so
 * that it is no child of the server, which restarts itself when an unknown child dies.
 */
const script = `
exec 3<&0 </dev/null
( (
  trap '' INT TERM HUP
  while read -r word <&3; do [ "$word" = done ] && exit 0; done
  exec 3<&-
  tries=0
  while kill -0 $$ 2>/dev/null && [ $tries -lt 200 ]; do
    owner=
    [ -r postmaster.pid ] && read -r owner <postmaster.pid
    signal=INT
    [ $tries -ge 50 ] && signal=QUIT
    # The file names the server for certain; without it the number may be somebody else's by now.
    [ "$owner" = $$ ] && kill -$signal $$
    tries=$((tries + 1))
    sleep 0.1
  done
) >/dev/null 2>&1 & )
exec 3<&-
exec "$@"
`

/** What is started. */
export interface GuardedOptions {
  readonly program: string
  readonly parameters: readonly string[]
  readonly directory: string
  readonly account: Account | undefined
  /** Called with each line that the server prints. */
  readonly line: (line: string) => void
}

/** A guarded process. */
export interface Guarded {
  readonly child: ChildProcess
  /** Settles with the code or the signal that ended it. */
  readonly ended: Promise<string>
}

/** Starts the server in a session of its own: Ctrl-C in the terminal is ours to handle. */
export function startGuarded(options: GuardedOptions): Guarded {
  const windows = process.platform === 'win32'
  const program = windows ? options.program : '/bin/sh'
  const parameters = windows
    ? [...options.parameters]
    : ['-c', script, 'plinth-postgres', options.program, ...options.parameters]
  const child = spawn(program, parameters, {
    cwd: options.directory,
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: !windows,
    windowsHide: true,
    ...identity(options.account),
    ...environment(),
  })
  // The guardian may be gone before the word arrives.
  child.stdin?.on('error', () => undefined)
  if (child.stderr) createInterface({ input: child.stderr }).on('line', options.line)
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('exit', (code, signal) => {
      child.stdin?.end('done\n')
      resolve(signal ?? `code ${code}`)
    })
  })
  return { child, ended }
}

/** Lets our process end while the server runs: the guardian then stops it. */
export function unrefGuarded({ child }: Guarded): void {
  child.unref()
  for (const pipe of [child.stdin, child.stderr]) {
    if (pipe instanceof Socket) pipe.unref()
  }
}
